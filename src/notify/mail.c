/* The thread that takes due mail from the store and sends it, one after the other: there is one server. */
#include "notify/mail.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cond.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "http/http.h"
#include "notify/mail_send.h"

enum {
    LOOK_MS = 1000, /* between two looks at an empty queue */
    STORE_PAUSE_MS = 3 * 1000,
    PATH_SIZE = 4300,
};

struct fw_mailer {
    struct fw_mailer_config config;
    pthread_mutex_t lock;
    pthread_cond_t  stopping;
    atomic_bool     stop;
    pthread_t       thread;
};

/* False: it is to stop. */
static bool pause_for(struct fw_mailer *m, int ms)
{
    pthread_mutex_lock(&m->lock);
    if (!atomic_load(&m->stop))
        fw_cond_wait_ms(&m->stopping, &m->lock, ms);
    pthread_mutex_unlock(&m->lock);
    return !atomic_load(&m->stop);
}

/* Sent or not, it must not be lost by a store that cannot write for a moment: then a message would go
 * out again and again. FW_NOT_FOUND: the fax was deleted meanwhile. */
static enum fw_err write_end(struct fw_mailer *m, const struct fw_mail *mail, const struct fw_fax *fax,
                             bool delivered, const char *why)
{
    struct fw_event event = { 0 };
    enum fw_err err = fw_event_make(fax, delivered ? FW_EVENT_EMAIL_DELIVERED : FW_EVENT_EMAIL_GIVEN_UP,
                                    fw_wall_now(), delivered ? NULL : json_pack("{ss}", "detail", why), &event);
    if (err)
        return err;
    while ((err = fw_store_mail_end(m->config.store, mail, delivered, why, &event)) && err != FW_NOT_FOUND) {
        fw_log(FW_LOG_ERROR, "mail.store_failed", "fax=%s cause=%s", mail->fax, fw_err_text(err));
        if (!pause_for(m, STORE_PAUSE_MS))
            break;
    }
    fw_event_done(&event);
    return err;
}

static enum fw_err give_up(struct fw_mailer *m, const struct fw_mail *mail, const struct fw_fax *fax, const char *why)
{
    fw_log(FW_LOG_WARN, "mail.given_up", "fax=%s attempt=%d cause=%s", mail->fax, mail->attempt, FW_LOG_TEXT(why));
    return write_end(m, mail, fax, false, why);
}

static enum fw_err retry(struct fw_mailer *m, const struct fw_mail *mail, const struct fw_fax *fax, const char *why)
{
    const struct fw_notify_step step = fw_notify_step(&m->config.schedule, mail->attempt, false, fw_random_u64());
    const struct fw_wall at = { fw_wall_now().us + step.delay_ms * 1000 };
    if (at.us - mail->created_at.us > m->config.give_up_s * 1000000)
        return give_up(m, mail, fax, why);
    fw_log(FW_LOG_INFO, "mail.retry", "fax=%s attempt=%d delay_ms=%lld cause=%s", mail->fax, mail->attempt,
           (long long)step.delay_ms, FW_LOG_TEXT(why));
    return fw_store_mail_retry(m->config.store, mail, at, why);
}

static enum fw_err try_once(struct fw_mailer *m, const struct fw_mail *mail, const struct fw_fax *fax)
{
    char folder[PATH_SIZE - 32], document[PATH_SIZE], why[FW_TEXT_SIZE] = "";
    if (!m->config.server.url[0])
        return give_up(m, mail, fax, "no SMTP server is configured (smtp_url)");
    fw_store_fax_dir(m->config.store, fax->id, folder, sizeof folder);
    snprintf(document, sizeof document, "%s/%s", folder, fw_fax_received_file(fax));
    switch (fw_mail_send(&m->config.server, mail, fax, document, &m->stop, why)) {
    case FW_MAIL_TAKEN:
        fw_log(FW_LOG_INFO, "mail.delivered", "fax=%s attempt=%d", mail->fax, mail->attempt);
        return write_end(m, mail, fax, true, "");
    case FW_MAIL_REFUSED: return give_up(m, mail, fax, why);
    case FW_MAIL_AGAIN: break;
    }
    if (atomic_load(&m->stop)) /* broken off by us: that was no try */
        return FW_OK;
    return retry(m, mail, fax, why);
}

static enum fw_err turn(struct fw_mailer *m)
{
    struct fw_mail mail;
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    enum fw_err err = fw_store_mail_due(m->config.store, fw_wall_now(), &mail);
    if (err)
        return err;
    err = fw_store_fax_get(m->config.store, 0, mail.fax, &fax);
    if (!err)
        err = try_once(m, &mail, &fax);
    return err == FW_NOT_FOUND ? FW_OK : err; /* deleted: its row is gone with it */
}

static void *run(void *arg)
{
    struct fw_mailer *m = arg;
    int ms = 0;
    while (ms == 0 ? !atomic_load(&m->stop) : pause_for(m, ms)) {
        const enum fw_err err = turn(m);
        ms = !err ? 0 : err == FW_NOT_FOUND ? LOOK_MS : STORE_PAUSE_MS;
        if (err && err != FW_NOT_FOUND)
            fw_log(FW_LOG_ERROR, "mail.store_failed", "cause=%s", fw_err_text(err));
    }
    return NULL;
}

static void mailer_free(struct fw_mailer *m)
{
    pthread_cond_destroy(&m->stopping);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

enum fw_err fw_mailer_start(const struct fw_mailer_config *config, struct fw_mailer **ret)
{
    fw_assert(config->store);
    if (fw_http_init())
        return FW_NO_MEMORY;
    struct fw_mailer *m = calloc(1, sizeof *m);
    if (!m)
        return FW_NO_MEMORY;
    m->config = *config;
    pthread_mutex_init(&m->lock, NULL);
    fw_cond_init(&m->stopping);
    if (pthread_create(&m->thread, NULL, run, m) != 0) {
        mailer_free(m);
        return FW_NO_MEMORY;
    }
    *ret = m;
    return FW_OK;
}

void fw_mailer_stop(struct fw_mailer *m)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    atomic_store(&m->stop, true);
    pthread_cond_signal(&m->stopping);
    pthread_mutex_unlock(&m->lock);
    pthread_join(m->thread, NULL);
    mailer_free(m);
}
