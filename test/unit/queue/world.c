/* What the queue's tests share: a real store, and messages as the line and the modem send them. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "t30/journal.h"

static void prepare(void *arg, const struct fw_fax *fax, const char *dir, const atomic_bool *stop,
                    struct fw_prepared *ret)
{
    struct world *w = arg;
    char path[512];
    (void)fax;
    pthread_mutex_lock(&w->lock);
    w->preparing++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    while (atomic_load(&w->hold) && !atomic_load(stop))
        usleep(1000);
    if (atomic_load(&w->hold)) {
        *ret = (struct fw_prepared){ .result = FW_PREPARED_INTERRUPTED };
        return;
    }
    snprintf(path, sizeof path, "%s/pages.tif", dir);
    CHECK_INT(fw_file_write(path, fw_span_of("pages"), 0600), FW_OK);
    *ret = w->prepared;
}

static enum fw_err put_pages(const char *dir, const char *to, int skip, const struct fw_header_text *header)
{
    char from[4400];
    (void)header;
    snprintf(from, sizeof from, "%s/pages.tif", dir);
    if (skip == 0)
        return link(from, to) < 0 ? FW_IO : FW_OK;
    char text[32];
    CHECK_INT(access(from, R_OK), 0);
    snprintf(text, sizeof text, "without %d", skip);
    return fw_file_write(to, fw_span_of(text), 0600);
}

static void take_message(void *arg, const struct fw_msg *msg)
{
    struct world *w = arg;
    pthread_mutex_lock(&w->lock);
    if (msg->kind == FW_MSG_KIND_CALL_PLACE) {
        CHECK(w->placed_count < (int)ARRAY_LEN(w->placed));
        w->placed[w->placed_count++] = *msg;
    } else if (msg->kind == FW_MSG_KIND_CALL_CANCEL) {
        w->cancels++;
        fw_text_clip(w->canceled, sizeof w->canceled, msg->call_cancel.call);
    } else if (msg->kind == FW_MSG_KIND_MEDIA_CLOSE) {
        w->closes++;
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void open_world(struct world *w)
{
    struct fw_fault fault = { 0 };
    const struct fw_queue_port port = { .prepare = prepare, .send = take_message, .put_pages = put_pages, .arg = w };
    CHECK_INT(fw_store_open(w->dir, &fault, &w->store), FW_OK);
    CHECK_INT(fw_store_account_ensure(w->store, "a", &w->account), FW_OK);
    const struct fw_queue_config config = { .store = w->store, .trunk = "t", .ident = "", .modem_count = 2,
        .media_workers = 1, .calls_max = 4,
        .calls_per_number = w->calls_per_number, .number_gap_ms = w->gap_ms, .limits = { { [FW_LIMIT_RING] = 60000, [FW_LIMIT_CALL] = 60000 } } };
    CHECK_INT(fw_queue_new(&config, &port, &w->queue), FW_OK);
    char spool[256];
    for (int m = 0; m < 2; m++)
        CHECK_INT(fw_queue_spool_dir(w->dir, m, spool, sizeof spool), FW_OK);
    CHECK_INT(fw_queue_start(w->queue), FW_OK);
    fw_queue_line(w->queue, true);
    fw_queue_modem(w->queue, 1, true);
}

void close_world(struct world *w)
{
    fw_queue_stop(w->queue);
    fw_queue_free(w->queue);
    fw_store_close(w->store);
}

void add_application(struct world *w, int64_t account, const char *id, const char *settings)
{
    struct fw_application a = { .account = account, .webhook_timeout_secs = -1, .active = true };
    fw_text_clip(a.id, sizeof a.id, id);
    a.settings = settings ? strdup(settings) : NULL;
    a.created_at = a.updated_at = fw_wall_now();
    CHECK_INT(fw_store_application_create(w->store, &a), FW_OK);
    fw_application_done(&a);
}

int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    strcpy(w->dir, "/tmp/faxwire-queue-XXXXXX");
    CHECK(mkdtemp(w->dir) != NULL);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->prepared = (struct fw_prepared){ .result = FW_PREPARED_OK, .page_count = PAGES };
    open_world(w);
    add_application(w, w->account, "123", NULL);
    *state = w;
    return 0;
}

int teardown(void **state)
{
    struct world *w = *state;
    close_world(w);
    fw_dir_remove(w->dir, 4);
    free(w);
    return 0;
}

void accept_as(struct world *w, struct fw_fax f, char id[FW_UUID_SIZE])
{
    struct fw_event e = { 0 };
    char dir[512];
    if (!f.account)
        f.account = w->account;
    if (!f.application[0])
        fw_text_clip(f.application, sizeof f.application, "123");
    fw_text_clip(f.from, sizeof f.from, "+12025550123");
    f.black_threshold = 95;
    f.modem = f.transport = -1;
    f.t38_enabled = true;
    f.created_at = f.updated_at = fw_wall_now();
    fw_uuid_new(f.created_at, f.id);
    CHECK_INT(fw_event_make(&f, FW_EVENT_QUEUED, f.created_at, NULL, &e), FW_OK);
    CHECK_INT(fw_store_fax_dir_make(w->store, f.id, dir, sizeof dir), FW_OK);
    CHECK_INT(fw_store_fax_accept(w->store, &f, &e), FW_OK);
    fw_event_done(&e);
    memcpy(id, f.id, FW_UUID_SIZE);
    fw_queue_accepted(w->queue, id);
}

void accept_fax(struct world *w, char id[FW_UUID_SIZE])
{
    accept_as(w, (struct fw_fax){ .to = "+12005550100", .priority = FW_PRIORITY_NORMAL }, id);
}

void has_status(struct world *w, const char *id, enum fw_status status)
{
    for (bool has = false; !has; usleep(1000)) {
        struct fw_fax f = { 0 };
        CHECK_INT(fw_store_fax_get(w->store, 0, id, &f), FW_OK);
        has = f.status == status;
        fw_fax_done(&f);
    }
}

/* The n-th CALL_PLACE, counted from 1. */
struct fw_msg_call_place placed(struct world *w, int n)
{
    pthread_mutex_lock(&w->lock);
    while (w->placed_count < n)
        pthread_cond_wait(&w->changed, &w->lock);
    const struct fw_msg_call_place p = w->placed[n - 1].call_place;
    pthread_mutex_unlock(&w->lock);
    return p;
}

struct fw_fax ended(struct world *w, const char *id)
{
    for (;;) {
        struct fw_fax f = { 0 };
        CHECK_INT(fw_store_fax_get(w->store, w->account, id, &f), FW_OK);
        if (fw_status_final(f.status))
            return f;
        fw_fax_done(&f);
        usleep(1000);
    }
}

void negotiated(struct world *w, const char *call)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_NEGOTIATED };
    m.fax_negotiated.modem = 1;
    m.fax_negotiated.bit_rate = 14400;
    fw_text_clip(m.fax_negotiated.call, sizeof m.fax_negotiated.call, call);
    fw_queue_message(w->queue, &m);
}

void result(struct world *w, const char *call, uint8_t modem, int code, uint32_t pages)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_RESULT };
    m.fax_result.modem = modem;
    m.fax_result.t30_code = code;
    m.fax_result.page_count = pages;
    fw_text_clip(m.fax_result.call, sizeof m.fax_result.call, call);
    fw_queue_message(w->queue, &m);
}

void call_ended(struct world *w, const char *call, uint8_t cause, uint16_t sip)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_ENDED };
    m.call_ended.cause = cause;
    m.call_ended.sip_status = sip;
    fw_text_clip(m.call_ended.call, sizeof m.call_ended.call, call);
    fw_queue_message(w->queue, &m);
}

void check_events(struct world *w, const char *id, const char *expected)
{
    struct fw_event_page page = { 0 };
    char all[512] = "";
    CHECK_INT(fw_store_event_list(w->store, id, 0, 100, &page), FW_OK);
    for (int i = 0; i < page.count; i++) {
        strncat(all, i ? " " : "", sizeof all - strlen(all) - 1);
        strncat(all, fw_event_text(page.items[i].kind), sizeof all - strlen(all) - 1);
    }
    fw_event_page_done(&page);
    CHECK_TEXT(all, expected);
}

void leave_journal(struct world *w, const char *call, uint32_t pages, int code)
{
    char path[256];
    struct fw_journal *j;
    snprintf(path, sizeof path, "%s/spool/modem-1/%s.journal", w->dir, call);
    CHECK_INT(fw_journal_new(path, &j), FW_OK);
    for (uint32_t page = 1; page <= pages; page++)
        CHECK_INT(fw_journal_page(j, page), FW_OK);
    if (code >= 0)
        CHECK_INT(fw_journal_end(j, code, pages), FW_OK);
    fw_journal_free(j);
}

/* What the journal of a killed modem says decides, not what was told before. */
void restart(struct world *w, const char *call, uint32_t pages, bool finished)
{
    close_world(w);
    leave_journal(w, call, pages, finished ? 0 : -1);
    open_world(w);
}

void wait_for(struct world *w, const int *count, int n)
{
    pthread_mutex_lock(&w->lock);
    while (*count < n)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}
