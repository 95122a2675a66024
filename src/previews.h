/* previews.h - previews made by the queue's threads: what the API asks for and the renderer does, wired. */
#ifndef FW_PREVIEWS_H
#define FW_PREVIEWS_H
#include "documents.h"
#include "store/preview.h"

/* For fw_api_config.preview: the pages of `f` into the folder of `p`. Returns at once; the state of the
 * preview tells how it ended. */
MUST_USE enum fw_err fw_previews_make(struct fw_queue *q, const struct fw_documents *d, struct fw_store *s,
                                      const struct fw_fax *f, const struct fw_preview *p);
#endif
