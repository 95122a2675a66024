/* The log of webhooks against what their receivers saw: each try with its answer, and how it ended. */
#include <stdio.h>
#include <string.h>

#include "store/webhooks.h"
#include "world.h"

enum { AT_ONCE = 250 };

static int fax_of(const struct world *w, const char *id)
{
    for (int i = 0; i < w->fax_count; i++) {
        if (strcmp(w->faxes[i].id, id) == 0)
            return i;
    }
    return -1;
}

static const struct sim_try *seen(const struct world *w, int fax, int64_t seq, const struct fw_attempt *a)
{
    for (int n = w->faxes[fax].told.last; n > 0; n = w->tries[n - 1].before) {
        const struct sim_try *t = &w->tries[n - 1];
        if (t->seq == seq && t->started_at.us == a->started_at.us && t->attempt == a->number)
            return t;
    }
    return NULL;
}

static void check_try(struct world *w, const struct fw_webhook *hook, const struct fw_attempt *a,
                      const struct sim_try *t)
{
    char url[64];
    snprintf(url, sizeof url, "http://receiver-%d.example/", t->receiver);
    if (a->http_status != t->status || (a->error[0] == '\0') != t->taken)
        world_fault(w, "webhook %s: try %d is logged with %d (%s), and the receiver said %d", hook->id, a->number,
                    a->http_status, a->error, t->status);
    if (strcmp(a->url, url) != 0)
        world_fault(w, "webhook %s: try %d is logged to %s, and went to %s", hook->id, a->number, a->url, url);
}

/* Taken is what its receiver took, given up what none did in all tries; nothing waits when all is over. */
static void check_hook(struct world *w, const struct fw_webhook *hook)
{
    const int fax = fax_of(w, hook->event.fax);
    if (fax < 0 || hook->attempt_count == 0) {
        world_fault(w, "webhook %s has %d tries in the log, of fax %s", hook->id, hook->attempt_count, hook->event.fax);
        return;
    }
    const bool all_there = hook->tries <= FW_WEBHOOK_LIST_ATTEMPTS;
    if (all_there && hook->attempt_count != hook->tries)
        world_fault(w, "webhook %s was tried %d times, and %d are logged", hook->id, hook->tries, hook->attempt_count);
    for (int i = 0; i < hook->attempt_count; i++) {
        const struct fw_attempt *a = &hook->attempts[i];
        const struct sim_try *t = seen(w, fax, hook->event.seq, a);
        if (!t) {
            world_fault(w, "webhook %s: try %d is logged, and no receiver saw it", hook->id, a->number);
            return;
        }
        check_try(w, hook, a, t);
        if (t->taken != (i == 0 && hook->state == FW_WEBHOOK_DELIVERED))
            world_fault(w, "webhook %s is logged as %d after try %d of %d, which was taken (%d)", hook->id,
                        (int)hook->state, a->number, hook->tries, t->taken);
    }
    if (hook->state == FW_WEBHOOK_PENDING)
        world_fault(w, "webhook %s waits after %d tries", hook->id, hook->tries);
    if (hook->state == FW_WEBHOOK_GIVEN_UP && hook->tries != told_tries_max(w, &w->faxes[fax]))
        world_fault(w, "webhook %s was given up after %d tries", hook->id, hook->tries);
}

static int64_t check_account(struct world *w, int64_t account)
{
    const struct fw_webhook_filter all = { 0 };
    struct fw_webhook_page page = { 0 };
    int64_t tries = 0;
    for (int number = 1; number == 1 || page.count == AT_ONCE; number++) {
        fw_webhook_page_done(&page);
        if (fw_store_webhook_list(w->store, account, &all, number, AT_ONCE, &page)) {
            world_fault(w, "the log of webhooks cannot be read");
            return 0;
        }
        for (int i = 0; i < page.count; i++) {
            check_hook(w, &page.items[i]);
            tries += page.items[i].tries;
        }
    }
    fw_webhook_page_done(&page);
    return tries;
}

void check_log(struct world *w)
{
    int64_t ended = 0, broken = 0;
    for (int i = 0; i < w->try_count; i++) {
        ended += !w->tries[i].broken;
        broken += w->tries[i].broken;
    }
    const int64_t logged = check_account(w, w->accounts[0]) + check_account(w, w->accounts[1]);
    if (logged > ended || (logged < ended && !env_disk_failures()))
        world_fault(w, "%lld tries of webhooks ended (%lld were broken off), and %lld are logged", (long long)ended,
                    (long long)broken, (long long)logged);
}
