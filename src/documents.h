/* documents.h - fetching and rendering as the queue and the API ask for it: the rooms wired together. */
#ifndef FW_DOCUMENTS_H
#define FW_DOCUMENTS_H
#include "config.h"
#include "queue/queue.h"

struct fw_documents {
    const char *render, *office; /* paths of the programs */
    const char *covers_dir; /* see fw_media_config */
    bool        allow_private; /* URLs may point to private and loopback addresses */
};

/* The folder that the configuration has for them. FW_INVALID: it is to be in memory and is not; as
 * fw_store_keep_documents. */
MUST_USE enum fw_err fw_documents_settle(struct fw_store *s, const struct fw_config *config, struct fw_fault *fault);
/* For the queue's port; blocking. */
void fw_documents_prepare(const struct fw_documents *d, const struct fw_fax *fax, const char *dir,
                          const atomic_bool *stop, struct fw_prepared *ret);
/* For fw_api_config.fetch. */
MUST_USE enum fw_err fw_documents_fetch(const struct fw_documents *d, const char *url, int fd, uint64_t size_max,
                                        const atomic_bool *stop, struct fw_fault *fault);
#endif
