/* upload.h - documents as they arrive: on disk at once, named once complete, gone unless taken over.
 */
#ifndef FW_API_UPLOAD_H
#define FW_API_UPLOAD_H
#include "base/bounds.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/id.h"

struct fw_uploads {
    const char *dir; /* of the API's own, same file system as the faxes' folders */
    int         count;
    struct { char name[FW_UUID_SIZE]; uint64_t size; } items[FW_MEDIA_URLS_MAX];
    int         fd; /* of the last one while it is being written, else -1 */
};

void fw_uploads_init(struct fw_uploads *u, const char *dir);
void fw_uploads_done(struct fw_uploads *u); /* removes every file that was not moved */

/* FW_LIMIT: more documents than a fax may have. FW_IO. */
MUST_USE enum fw_err fw_uploads_begin(struct fw_uploads *u);
MUST_USE enum fw_err fw_uploads_data(struct fw_uploads *u, struct fw_span data);
/* Closes it; with `keep` false (nothing came) the file is forgotten. Synced otherwise. */
MUST_USE enum fw_err fw_uploads_end(struct fw_uploads *u, bool keep);
/* Puts the size and the bytes of each into `hash`. */
MUST_USE enum fw_err fw_uploads_hash(const struct fw_uploads *u, struct fw_hash *hash);
/* Renames them to document-1 … document-n in `folder` and syncs it. */
MUST_USE enum fw_err fw_uploads_move(struct fw_uploads *u, const char *folder);
/* Renames the only one to its own name in `folder`, copies that name, and syncs `folder`. */
MUST_USE enum fw_err fw_uploads_move_one(struct fw_uploads *u, const char *folder,
                                         char ret_name[FW_UUID_SIZE]);
/* The first bytes of the first one, at most `size`: how many. */
size_t fw_uploads_head(const struct fw_uploads *u, uint8_t *dst, size_t size);
#endif
