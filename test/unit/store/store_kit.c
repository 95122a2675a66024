/* What the store's tests share. */
#include "store_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

struct fw_application kit_application(int64_t account, const char *webhook_url)
{
    struct fw_application a = { .account = account, .active = true, .webhook_timeout_secs = -1 };
    fw_numeric_id_new(a.id);
    snprintf(a.name, sizeof a.name, "app");
    snprintf(a.webhook_url, sizeof a.webhook_url, "%s", webhook_url);
    a.created_at = a.updated_at = fw_wall_now();
    return a;
}

int kit_setup(void **state)
{
    struct kit *k = calloc(1, sizeof *k);
    struct fw_fault fault = { 0 };
    if (!k)
        return -1;
    snprintf(k->dir, sizeof k->dir, "/tmp/fw_store_XXXXXX");
    if (!mkdtemp(k->dir) || fw_store_open(k->dir, &fault, &k->store) != FW_OK)
        return -1;
    if (fw_store_account_ensure(k->store, "main", &k->account) != FW_OK)
        return -1;
    k->application = kit_application(k->account, "http://app.example/hook");
    if (fw_store_application_create(k->store, &k->application) != FW_OK)
        return -1;
    *state = k;
    return 0;
}

int kit_teardown(void **state)
{
    struct kit *k = *state;
    fw_store_close(k->store);
    fw_dir_remove(k->dir, 5);
    free(k);
    return 0;
}

void kit_reopen(struct kit *k)
{
    struct fw_fault fault = { 0 };
    fw_store_close(k->store);
    k->store = NULL;
    CHECK_INT(fw_store_open(k->dir, &fault, &k->store), FW_OK);
}

struct fw_fax kit_fax(const struct kit *k, int64_t created_us)
{
    struct fw_fax f = {
        .account = k->account, .black_threshold = 95, .modem = -1, .transport = -1
    };
    fw_uuid_new(fw_wall_now(), f.id);
    snprintf(f.application, sizeof f.application, "%s", k->application.id);
    snprintf(f.from, sizeof f.from, "+15550001");
    snprintf(f.to, sizeof f.to, "+15550002");
    f.created_at.us = f.updated_at.us = created_us;
    return f;
}

struct fw_event kit_event(const struct fw_fax *f, enum fw_event_kind kind, int64_t at_us)
{
    struct fw_event e = { .kind = kind, .at = { at_us }, .payload = strdup("{\"a\":1}") };
    fw_assert(e.payload);
    fw_uuid_new(fw_wall_now(), e.id);
    snprintf(e.fax, sizeof e.fax, "%s", f->id);
    return e;
}

void kit_accept(struct kit *k, const struct fw_fax *f)
{
    struct fw_event e = kit_event(f, FW_EVENT_QUEUED, f->created_at.us);
    CHECK_INT(fw_store_fax_accept(k->store, f, &e), FW_OK);
    CHECK(e.seq > 0);
    fw_event_done(&e);
}

void kit_save(struct kit *k, struct fw_fax *f, enum fw_status status, enum fw_event_kind kind,
              int64_t at_us)
{
    const enum fw_status was = f->status;
    struct fw_event e = kit_event(f, kind, at_us);
    f->status = status;
    CHECK_INT(fw_store_fax_save(k->store, f, was, &e, 1), FW_OK);
    fw_event_done(&e);
}
