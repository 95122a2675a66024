/* destinations.h - what each account has learned about the numbers that it calls. */
#ifndef FW_STORE_DESTINATIONS_H
#define FW_STORE_DESTINATIONS_H
#include "fax/destination.h"
#include "store/store.h"

/* FW_NOT_FOUND: nothing is known. */
MUST_USE enum fw_err fw_store_destination_get(struct fw_store *s, int64_t account, const char *number,
                                              struct fw_destination *ret);
/* Makes or changes it. */
MUST_USE enum fw_err fw_store_destination_save(struct fw_store *s, const struct fw_destination *d);
/* FW_NOT_FOUND. */
MUST_USE enum fw_err fw_store_destination_delete(struct fw_store *s, int64_t account, const char *number);

struct fw_destination_page {
    struct fw_destination *items;
    int count;
    int64_t total;
};
void fw_destination_page_done(struct fw_destination_page *p);
/* By number. */
MUST_USE enum fw_err fw_store_destination_list(struct fw_store *s, int64_t account, int page_number,
                                               int page_size, struct fw_destination_page *ret);
#endif
