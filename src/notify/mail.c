/* The threads that take due mail from the store and send it. */
#include "notify/mail.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cond.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/advice.h"
#include "fax/fax_json.h"
#include "http/http.h"
#include "notify/mail_send.h"
#include "store/attempts.h"

enum {
    LOOK_MS = 1000, /* between two looks at an empty queue */
    STORE_PAUSE_MS = 3 * 1000,
    PATH_SIZE = 4300,
};

/* One that sends, and what. */
struct sender {
    struct fw_mailer *mailer;
    pthread_t         thread;
    char              fax[FW_UUID_SIZE]; /* empty: none */
    char              domain[FW_EMAIL_SIZE];
};

struct fw_mailer {
    struct fw_mailer_config config;
    pthread_mutex_t lock; /* of what the senders have, and of waiting */
    pthread_cond_t  stopping;
    atomic_bool     stop;
    struct sender   senders[FW_MAIL_CONNECTIONS_MAX];
    int             count; /* that run */
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
    const enum fw_event_kind sent = fax->direction == FW_INBOUND ? FW_EVENT_EMAIL_DELIVERED : FW_EVENT_RESULT_MAILED;
    enum fw_err err = fw_event_make(fax, delivered ? sent : FW_EVENT_EMAIL_GIVEN_UP, fw_wall_now(),
                                    delivered ? NULL : json_pack("{ss}", "detail", why), &event);
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

/* What the last call advised, if it is why the fax failed. */
static void advise(struct fw_mailer *m, const struct fw_fax *fax, char ret[FW_TEXT_SIZE])
{
    struct fw_fax_attempt last = { 0 };
    const char *text = fw_reason_advice(fax->failure_reason);
    if (fax->attempts > 0 && fw_store_attempt_get(m->config.store, fax->id, fax->attempts, &last) == FW_OK &&
        last.advice[0] && strcmp(last.reason, fax->failure_reason) == 0)
        text = last.advice;
    fw_text_clip(ret, FW_TEXT_SIZE, text);
    fw_fax_attempt_done(&last);
}

static enum fw_err try_once(struct fw_mailer *m, const struct fw_mail *mail, const struct fw_fax *fax)
{
    char folder[PATH_SIZE - 32], document[PATH_SIZE] = "", advice[FW_TEXT_SIZE] = "", why[FW_TEXT_SIZE] = "";
    if (!m->config.server.url[0])
        return give_up(m, mail, fax, "no SMTP server is configured (smtp_url)");
    if (fax->direction == FW_INBOUND) {
        fw_store_fax_dir(m->config.store, fax->id, folder, sizeof folder);
        snprintf(document, sizeof document, "%s/%s", folder, fw_fax_received_file(fax));
    } else if (fax->status == FW_STATUS_FAILED)
        advise(m, fax, advice);
    const struct fw_letter letter = { mail, fax, document, advice };
    switch (fw_mail_send(&m->config.server, &letter, &m->stop, why)) {
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

/* Those that send to `domain` now; the lock is held. */
static int senders_to(const struct fw_mailer *m, const char *domain)
{
    int count = 0;
    for (int i = 0; i < m->count; i++)
        count += m->senders[i].fax[0] && strcmp(m->senders[i].domain, domain) == 0;
    return count;
}

static void take(struct sender *s, const struct fw_mail *mail)
{
    const char *at = strrchr(mail->recipient, '@');
    fw_text_clip(s->fax, sizeof s->fax, mail->fax);
    fw_text_clip(s->domain, sizeof s->domain, at ? at + 1 : "");
    for (char *c = s->domain; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

/* Takes the next for `s`: looked up and marked in one, so that nobody else takes it too. */
static enum fw_err next(struct sender *s, struct fw_mail *ret)
{
    struct fw_mailer *m = s->mailer;
    struct fw_mail_skip skip = { 0 };
    const int share = m->config.connections > 1 ? m->config.connections / 2 : 1;
    pthread_mutex_lock(&m->lock);
    for (int i = 0; i < m->count; i++) {
        const struct sender *other = &m->senders[i];
        if (!other->fax[0])
            continue;
        skip.faxes[skip.fax_count++] = other->fax;
        if (senders_to(m, other->domain) >= share)
            skip.domains[skip.domain_count++] = other->domain;
    }
    const enum fw_err err = fw_store_mail_due(m->config.store, fw_wall_now(), &skip, ret);
    if (!err)
        take(s, ret);
    pthread_mutex_unlock(&m->lock);
    return err;
}

static enum fw_err turn(struct sender *s)
{
    struct fw_mailer *m = s->mailer;
    struct fw_mail mail;
    struct fw_fax fax CLEANUP(fw_fax_done) = { 0 };
    enum fw_err err = next(s, &mail);
    if (err)
        return err;
    err = fw_store_fax_get(m->config.store, 0, mail.fax, &fax);
    if (!err)
        err = try_once(m, &mail, &fax);
    pthread_mutex_lock(&m->lock);
    s->fax[0] = '\0';
    pthread_mutex_unlock(&m->lock);
    return err == FW_NOT_FOUND ? FW_OK : err; /* deleted: its row is gone with it */
}

static void *run(void *arg)
{
    struct sender *s = arg;
    struct fw_mailer *m = s->mailer;
    int ms = 0;
    while (ms == 0 ? !atomic_load(&m->stop) : pause_for(m, ms)) {
        const enum fw_err err = turn(s);
        ms = !err ? 0 : err == FW_NOT_FOUND ? LOOK_MS : STORE_PAUSE_MS;
        if (err && err != FW_NOT_FOUND)
            fw_log(FW_LOG_ERROR, "mail.store_failed", "cause=%s", fw_err_text(err));
    }
    return NULL;
}

/* Ends what was started and frees. */
static void mailer_free(struct fw_mailer *m)
{
    pthread_mutex_lock(&m->lock);
    atomic_store(&m->stop, true);
    pthread_cond_broadcast(&m->stopping);
    const int count = m->count;
    pthread_mutex_unlock(&m->lock);
    for (int i = 0; i < count; i++)
        pthread_join(m->senders[i].thread, NULL);
    pthread_cond_destroy(&m->stopping);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static bool start_sender(struct fw_mailer *m)
{
    struct sender *s = &m->senders[m->count];
    s->mailer = m;
    pthread_mutex_lock(&m->lock); /* it is among the count before it looks */
    const bool started = pthread_create(&s->thread, NULL, run, s) == 0;
    m->count += started;
    pthread_mutex_unlock(&m->lock);
    return started;
}

enum fw_err fw_mailer_start(const struct fw_mailer_config *config, struct fw_mailer **ret)
{
    fw_assert(config->store && config->connections > 0 && config->connections <= FW_MAIL_CONNECTIONS_MAX);
    if (fw_http_init())
        return FW_NO_MEMORY;
    struct fw_mailer *m = calloc(1, sizeof *m);
    if (!m)
        return FW_NO_MEMORY;
    m->config = *config;
    pthread_mutex_init(&m->lock, NULL);
    fw_cond_init(&m->stopping);
    bool started = true;
    for (int i = 0; i < config->connections && started; i++)
        started = start_sender(m);
    if (!started) {
        mailer_free(m);
        return FW_NO_MEMORY;
    }
    *ret = m;
    return FW_OK;
}

void fw_mailer_stop(struct fw_mailer *m)
{
    if (m)
        mailer_free(m);
}
