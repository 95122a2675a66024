/* forward.h - received faxes that go on to a command or a URL, as the store keeps them.
 *
 * The rows are written in the transaction that makes the fax received, as its application says then, and
 * stay, with how they ended, as long as the fax does.
 */
#ifndef FW_STORE_FORWARD_H
#define FW_STORE_FORWARD_H
#include "store/store.h"

#define FW_FORWARD_KINDS(X) X(COMMAND, "command") X(URL, "url")
enum fw_forward_kind {
#define X(name, text) FW_FORWARD_##name,
    FW_FORWARD_KINDS(X)
#undef X
        FW_FORWARD_KIND_COUNT
};
const char *fw_forward_kind_text(enum fw_forward_kind k);

struct fw_forward {
    char fax[FW_UUID_SIZE];
    enum fw_forward_kind kind;
    char target[FW_URL_MAX + 1]; /* the name of a command, or the URL */
    int  attempt;                /* the coming one, counts from 1 */
    struct fw_wall created_at;
};

/* What is passed over: those that are worked on ("<fax> <kind>"), and targets that are busy enough. */
enum { FW_FORWARD_SKIP_MAX = 16 };
struct fw_forward_skip {
    const char *busy[FW_FORWARD_SKIP_MAX], *targets[FW_FORWARD_SKIP_MAX];
    int         busy_count, target_count;
};
/* The one that is due longest at `now`. FW_NOT_FOUND: none is. */
MUST_USE enum fw_err fw_store_forward_due(struct fw_store *s, struct fw_wall now, const struct fw_forward_skip *skip,
                                          struct fw_forward *ret);
/* How a try ended, with the event that tells of it, in one transaction: again at `at`, or ({0}) for good, then
 * `done` or not. FW_NOT_FOUND: the fax was deleted meanwhile, or it has ended already. */
MUST_USE enum fw_err fw_store_forward_tried(struct fw_store *s, const struct fw_forward *f, struct fw_wall at,
                                            bool done, const char *note, struct fw_event *event);
#endif
