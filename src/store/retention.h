/* retention.h - how long documents and records are kept, and the proof that they went.
 *
 * Days count from the end of the fax. What is still to be told of it (webhooks, mail, forwarding) and links that
 * are still good hold it up: so 0 days means as soon as nobody needs it any more.
 */
#ifndef FW_STORE_RETENTION_H
#define FW_STORE_RETENTION_H
#include "store/store.h"

struct fw_retention_rule { /* what an application does not say */
    int     days[FW_DIRECTION_COUNT]; /* -1: for ever */
    bool    deletes_records;          /* the fax too, not its documents only */
    int64_t link_ttl_s;
};
enum { FW_RETENTION_BATCH = 64 };
/* Takes documents (and records) whose time is over at `now` out of use, at most a batch: nobody is shown them from
 * now on. Their files go with fw_store_fax_sweep. `*ret_count`: how many. */
MUST_USE enum fw_err fw_store_retention_expire(struct fw_store *s, const struct fw_retention_rule *rule,
                                               struct fw_wall now, int *ret_count);
/* Leaves nothing in the database's files of rows that were deleted: they were overwritten there, and what of them
 * is in its log is cut off. FW_BUSY: others read just now; again later. */
MUST_USE enum fw_err fw_store_scrub(struct fw_store *s);

/* Written with the removal's end, after the files are gone from the disk. */
struct fw_audit {
    int64_t seq;
    char    fax[FW_UUID_SIZE];
    char    why[24]; /* deleted, documents_expired, record_expired, documents_lost */
    int64_t files, bytes;
    struct fw_wall at;
};
struct fw_audit_page {
    struct fw_audit *items;
    int count;
    int64_t total;
};
void fw_audit_page_done(struct fw_audit_page *p);
/* Newest first; `fax` empty: of all. */
MUST_USE enum fw_err fw_store_audit_list(struct fw_store *s, int64_t account, const char *fax, int page_number,
                                         int page_size, struct fw_audit_page *ret);
/* Of the newest of all accounts; 0: there is none. */
MUST_USE enum fw_err fw_store_audit_last(struct fw_store *s, int64_t *ret);
#endif
