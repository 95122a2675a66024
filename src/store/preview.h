/* preview.h - previews: documents rendered to be looked at, never to be sent.
 *
 * A preview is a folder, `<data>/previews/<id>`, with its documents, its pages, and `preview`, a file of
 * JSON that says whose it is and how far it has come. It is in no database: what is lost with it is
 * made again by asking again. It is gone once it has expired, and one that was being made when the
 * service stopped has failed. Any thread.
 */
#ifndef FW_STORE_PREVIEW_H
#define FW_STORE_PREVIEW_H
#include "store/store.h"

enum {
    FW_PREVIEW_TTL_S = 3600,
    FW_PREVIEWS_MAX = 50,      /* of one account at a time */
    FW_PREVIEWS_ALL_MAX = 500, /* of all */
};

#define FW_PREVIEW_STATES(X) X(PROCESSING, "processing") X(READY, "ready") X(FAILED, "failed")
enum fw_preview_state {
#define X(name, text) FW_PREVIEW_##name,
    FW_PREVIEW_STATES(X)
#undef X
        FW_PREVIEW_STATE_COUNT
};
const char *fw_preview_state_text(enum fw_preview_state s);

struct fw_preview {
    char    id[FW_UUID_SIZE];
    int64_t account;
    enum fw_preview_state state;
    enum fw_quality quality;
    char    failure_reason[FW_REASON_SIZE], failure_detail[FW_TEXT_SIZE]; /* as of a fax */
    struct fw_wall created_at, expires_at;
};

void fw_store_preview_dir(const struct fw_store *s, const char *id, char *dst, size_t dst_size);
/* Makes the folder. FW_LIMIT: this account, or all of them, have as many as there may be. */
MUST_USE enum fw_err fw_store_preview_begin(struct fw_store *s, int64_t account, const char *id, struct fw_wall now,
                                            char *dst, size_t dst_size);
/* Whole or not at all. FW_IO also when the preview was taken away. */
MUST_USE enum fw_err fw_store_preview_put(const struct fw_store *s, const struct fw_preview *p);
/* `account` 0: of any. FW_NOT_FOUND: none of this account, or expired at `now`. */
MUST_USE enum fw_err fw_store_preview_get(const struct fw_store *s, int64_t account, const char *id,
                                          struct fw_wall now, struct fw_preview *ret);
void fw_store_preview_delete(const struct fw_store *s, const char *id);
/* Removes those that have expired, and what is left of broken ones. `starting`: those that are being made
 * are not, any more. */
void fw_store_preview_sweep(struct fw_store *s, struct fw_wall now, bool starting);
#endif
