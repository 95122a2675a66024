/* mail.h - received faxes that go on by e-mail, and word of how sent ones ended, as the store keeps them.
 *
 * The row is written in the transaction that makes the fax received, when its application has a
 * recipient then; or in the one that ends it, when it came with a result_email. So there is one a fax.
 * It stays, with how it ended, as long as the fax does.
 */
#ifndef FW_STORE_MAIL_H
#define FW_STORE_MAIL_H
#include "store/store.h"

enum { FW_EMAIL_SIZE = 255 * 4 + 1 }; /* 255 characters */

struct fw_mail {
    char fax[FW_UUID_SIZE];
    char recipient[FW_EMAIL_SIZE];
    int  attempt; /* the coming one, counts from 1 */
    struct fw_wall created_at;
};

/* What is passed over: faxes whose mail is being sent, and domains (lower case) that enough is sent to now. */
enum { FW_MAIL_SKIP_MAX = 16 };
struct fw_mail_skip {
    const char *faxes[FW_MAIL_SKIP_MAX], *domains[FW_MAIL_SKIP_MAX];
    int         fax_count, domain_count;
};
/* The one that is due longest at `now`. FW_NOT_FOUND: none is. */
MUST_USE enum fw_err fw_store_mail_due(struct fw_store *s, struct fw_wall now, const struct fw_mail_skip *skip,
                                       struct fw_mail *ret);

/* How a try ended. FW_NOT_FOUND: the fax was deleted meanwhile, or it has ended already. */
MUST_USE enum fw_err fw_store_mail_retry(struct fw_store *s, const struct fw_mail *m,
                                         struct fw_wall at, const char *note);
/* For good, with the event that tells of it, in one transaction. */
MUST_USE enum fw_err fw_store_mail_end(struct fw_store *s, const struct fw_mail *m, bool delivered,
                                       const char *note, struct fw_event *event);
#endif
