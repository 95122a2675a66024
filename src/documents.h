/* documents.h - fetching and rendering as the queue and the API ask for it: the rooms wired together. */
#ifndef FW_DOCUMENTS_H
#define FW_DOCUMENTS_H
#include "queue/queue.h"

struct fw_documents {
    const char *render, *office; /* paths of the programs */
    const char *covers_dir; /* see fw_media_config */
    bool        allow_private; /* URLs may point to private and loopback addresses */
};

/* For the queue's port; blocking. */
void fw_documents_prepare(const struct fw_documents *d, const struct fw_fax *fax, const char *dir,
                          const atomic_bool *stop, struct fw_prepared *ret);
/* For fw_api_config.fetch. */
MUST_USE enum fw_err fw_documents_fetch(const struct fw_documents *d, const char *url, int fd, uint64_t size_max,
                                        const atomic_bool *stop, struct fw_fault *fault);
#endif
