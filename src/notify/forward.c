/* The threads that take what is due to go on, and write down how it went. */
#include "notify/forward.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cond.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "http/http.h"
#include "notify/forward_inside.h"

enum {
    LOOK_MS = 1000, /* between two looks at an empty queue */
    STORE_PAUSE_MS = 3 * 1000,
    DOCUMENT_MAX = 1024 * 1024 * 1024,
    FOLDER_DEPTH = 9,
};

struct worker {
    struct fw_forwarder *forwarder;
    pthread_t            thread;
    char                 busy[FW_UUID_SIZE + 16]; /* "<fax> <kind>"; empty: none */
    char                 target[FW_URL_MAX + 1];
};

struct fw_forwarder {
    struct fw_forwarder_config config;
    pthread_mutex_t lock; /* of what the workers have, and of waiting */
    pthread_cond_t  stopping;
    atomic_bool     stop;
    struct worker   workers[FW_FORWARD_WORKERS_MAX];
    int             count; /* that run */
};

/* False: it is to stop. */
static bool pause_for(struct fw_forwarder *f, int ms)
{
    pthread_mutex_lock(&f->lock);
    if (!atomic_load(&f->stop))
        fw_cond_wait_ms(&f->stopping, &f->lock, ms);
    pthread_mutex_unlock(&f->lock);
    return !atomic_load(&f->stop);
}

static void shown(const struct fw_forward *w, char ret[FW_URL_SHOWN_SIZE])
{
    if (w->kind == FW_FORWARD_URL)
        fw_http_url_shown(w->target, ret);
    else
        fw_text_clip(ret, FW_URL_SHOWN_SIZE, w->target);
}

/* It must not be lost by a store that cannot write for a moment: then it would be done again and again.
 * FW_NOT_FOUND: the fax was deleted meanwhile. */
static enum fw_err write_down(struct fw_forwarder *f, const struct fw_forward_try *t, struct fw_wall at, bool done)
{
    char target[FW_URL_SHOWN_SIZE];
    struct fw_event event = { 0 };
    shown(t->forward, target);
    json_t *details = json_pack("{ss ss si}", "forward", fw_forward_kind_text(t->forward->kind), "target", target,
                                "attempt", t->forward->attempt);
    if (details && !done)
        (void)json_object_set_new(details, "detail", json_string(t->why));
    const enum fw_event_kind kind = done    ? FW_EVENT_FORWARDED
                                    : at.us ? FW_EVENT_FORWARD_FAILED
                                            : FW_EVENT_FORWARD_GIVEN_UP;
    enum fw_err err = fw_event_make(t->fax, kind, fw_wall_now(), details, &event);
    if (err)
        return err;
    fw_log(done || at.us ? FW_LOG_INFO : FW_LOG_WARN, fw_event_text(kind), "fax=%s to=%s attempt=%d cause=%s",
           t->fax->id, FW_LOG_TEXT(target), t->forward->attempt, done ? "none" : FW_LOG_TEXT(t->why));
    while ((err = fw_store_forward_tried(f->config.store, t->forward, at, done, done ? "" : t->why, &event)) &&
           err != FW_NOT_FOUND) {
        fw_log(FW_LOG_ERROR, "forward.store_failed", "fax=%s cause=%s", t->fax->id, fw_err_text(err));
        if (!pause_for(f, STORE_PAUSE_MS))
            break;
    }
    fw_event_done(&event);
    return err;
}

static enum fw_err again(struct fw_forwarder *f, const struct fw_forward_try *t)
{
    const struct fw_notify_step step = fw_notify_step(&f->config.schedule, t->forward->attempt, false, fw_random_u64());
    const struct fw_wall at = { fw_wall_now().us + step.delay_ms * 1000 };
    const bool over = at.us - t->forward->created_at.us > f->config.give_up_s * 1000000;
    return write_down(f, t, over ? (struct fw_wall){ 0 } : at, false);
}

static const struct fw_forward_command *find(const struct fw_forwarder *f, const char *name)
{
    for (int i = 0; i < f->config.command_count; i++) {
        if (strcmp(f->config.commands[i].name, name) == 0)
            return &f->config.commands[i];
    }
    return NULL;
}

/* What is known of the fax and its document, as JSON text; NULL: it cannot be made. The caller's. */
static char *describe(const struct fw_forward_try *t)
{
    struct fw_buf bytes CLEANUP(fw_buf_done) = { 0 };
    char hash[FW_SHA256_HEX_SIZE];
    if (fw_file_read(t->document, DOCUMENT_MAX, &bytes))
        return NULL;
    fw_sha256_hex(fw_buf_span(&bytes), hash);
    json_t *json CLEANUP(fw_json_free) = fw_fax_json(t->fax);
    json_t *document = json_pack("{ss ss sI}", "content_type",
                                 t->fax->media_format == FW_FORMAT_PDF ? "application/pdf" : "image/tiff", "sha256",
                                 hash, "size", (json_int_t)bytes.size);
    if (!json || !document || json_object_set_new(json, "document", document) < 0)
        return NULL;
    return json_dumps(json, JSON_COMPACT);
}

static bool do_it(struct fw_forwarder *f, struct fw_forward_try *t)
{
    if (t->forward->kind == FW_FORWARD_URL)
        return fw_forward_post(t);
    const struct fw_forward_command *command = find(f, t->forward->target);
    if (command)
        return fw_forward_run(t, command);
    fw_text_clip(t->why, sizeof t->why, "the configuration has no command of this name");
    return false;
}

static enum fw_err try_once(struct fw_forwarder *f, const struct fw_forward *w, const struct fw_fax *fax)
{
    char folder[FW_FORWARD_PATH_SIZE - 32];
    struct fw_forward_try t = { .config = &f->config, .forward = w, .fax = fax, .stop = &f->stop };
    fw_store_fax_dir(f->config.store, fax->id, folder, sizeof folder);
    snprintf(t.document, sizeof t.document, "%s/%s", folder, fw_fax_received_file(fax));
    char *json = describe(&t);
    t.json = json;
    bool done = false;
    if (json)
        done = do_it(f, &t);
    else
        fw_text_clip(t.why, sizeof t.why, "the document cannot be read");
    free(json);
    if (done)
        return write_down(f, &t, (struct fw_wall){ 0 }, true);
    return atomic_load(&f->stop) ? FW_OK : again(f, &t); /* broken off by us: that was no try */
}

/* Takes the next for `w`: looked up and marked in one, so that nobody else takes it too. */
static enum fw_err next(struct worker *w, struct fw_forward *ret)
{
    struct fw_forwarder *f = w->forwarder;
    struct fw_forward_skip skip = { 0 };
    const int share = f->config.workers > 1 ? f->config.workers / 2 : 1;
    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < f->count; i++) {
        const struct worker *other = &f->workers[i];
        int same = 0;
        for (int k = 0; k < f->count; k++)
            same += f->workers[k].busy[0] && strcmp(f->workers[k].target, other->target) == 0;
        if (other->busy[0])
            skip.busy[skip.busy_count++] = other->busy;
        if (other->busy[0] && same >= share)
            skip.targets[skip.target_count++] = other->target;
    }
    const enum fw_err err = fw_store_forward_due(f->config.store, fw_wall_now(), &skip, ret);
    if (!err) {
        snprintf(w->busy, sizeof w->busy, "%s %s", ret->fax, fw_forward_kind_text(ret->kind));
        fw_text_clip(w->target, sizeof w->target, ret->target);
    }
    pthread_mutex_unlock(&f->lock);
    return err;
}

static enum fw_err turn(struct worker *w)
{
    struct fw_forwarder *f = w->forwarder;
    struct fw_forward what;
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    enum fw_err err = next(w, &what);
    if (err)
        return err;
    err = fw_store_fax_get(f->config.store, 0, what.fax, &fax);
    if (!err)
        err = try_once(f, &what, &fax);
    pthread_mutex_lock(&f->lock);
    w->busy[0] = '\0';
    pthread_mutex_unlock(&f->lock);
    return err == FW_NOT_FOUND ? FW_OK : err; /* deleted: its row is gone with it */
}

static void *run(void *arg)
{
    struct worker *w = arg;
    struct fw_forwarder *f = w->forwarder;
    int ms = 0;
    while (ms == 0 ? !atomic_load(&f->stop) : pause_for(f, ms)) {
        const enum fw_err err = turn(w);
        ms = !err ? 0 : err == FW_NOT_FOUND ? LOOK_MS : STORE_PAUSE_MS;
        if (err && err != FW_NOT_FOUND)
            fw_log(FW_LOG_ERROR, "forward.store_failed", "cause=%s", fw_err_text(err));
    }
    return NULL;
}

void fw_forwarder_stop(struct fw_forwarder *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    atomic_store(&f->stop, true);
    pthread_cond_broadcast(&f->stopping);
    const int count = f->count;
    pthread_mutex_unlock(&f->lock);
    for (int i = 0; i < count; i++)
        pthread_join(f->workers[i].thread, NULL);
    pthread_cond_destroy(&f->stopping);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

static bool start_worker(struct fw_forwarder *f)
{
    struct worker *w = &f->workers[f->count];
    w->forwarder = f;
    pthread_mutex_lock(&f->lock); /* it is among the count before it looks */
    const bool started = pthread_create(&w->thread, NULL, run, w) == 0;
    f->count += started;
    pthread_mutex_unlock(&f->lock);
    return started;
}

enum fw_err fw_forwarder_start(const struct fw_forwarder_config *config, struct fw_forwarder **ret)
{
    char left[FW_FORWARD_PATH_SIZE];
    fw_assert(config->store && config->workers > 0 && config->workers <= FW_FORWARD_WORKERS_MAX);
    if (fw_http_init())
        return FW_NO_MEMORY;
    struct fw_forwarder *f = calloc(1, sizeof *f);
    if (!f)
        return FW_NO_MEMORY;
    snprintf(left, sizeof left, "%s/forward", fw_store_documents_dir(config->store));
    fw_dir_remove(left, FOLDER_DEPTH); /* copies of a run that was killed */
    f->config = *config;
    pthread_mutex_init(&f->lock, NULL);
    fw_cond_init(&f->stopping);
    bool started = true;
    for (int i = 0; i < config->workers && started; i++)
        started = start_worker(f);
    if (!started) {
        fw_forwarder_stop(f);
        return FW_NO_MEMORY;
    }
    *ret = f;
    return FW_OK;
}
