/* store_kit.h - what the store's tests share: a folder that goes away, an account, faxes to write.
 */
#ifndef FW_STORE_KIT_H
#define FW_STORE_KIT_H
#include "test.h"

#include "store/store_internal.h"

struct kit {
    char dir[64];           /* made by kit_setup, removed by kit_teardown */
    struct fw_store *store; /* owned; open */
    int64_t account;
    struct fw_application application;
};

int kit_setup(void **state); /* for cmocka: *state is a struct kit */
int kit_teardown(void **state);
void kit_reopen(struct kit *k);

struct fw_application kit_application(int64_t account, const char *webhook_url);
/* A fax with the least that is valid, and the event that tells of it. The caller frees both. */
struct fw_fax kit_fax(const struct kit *k, int64_t created_us);
struct fw_event kit_event(const struct fw_fax *f, enum fw_event_kind kind, int64_t at_us);
void kit_accept(struct kit *k, const struct fw_fax *f); /* with fax.queued; must work */
/* Saves with one event; must work. */
void kit_save(struct kit *k, struct fw_fax *f, enum fw_status status, enum fw_event_kind kind,
              int64_t at_us);
#endif
