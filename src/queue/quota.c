/* What an account may send in a day and at the same time: against toll fraud, and against mistakes.
 *
 * A fax that would go beyond a day's limit fails, for nobody knows whether it is wanted tomorrow. One that goes
 * beyond it only if the calls in progress confirm all of their pages waits for them.
 */
#include <stdio.h>

#include "base/log.h"
#include "queue/live.h"
#include "store/accounts.h"

enum { STORE_RETRY_MS = 500 };

static const char reason[] = "outbound_profile_daily_spend_limit_exceeded";

static int64_t limit_of(const struct fw_queue *q, const struct fw_account_day *day, enum fw_quota quota)
{
    return day->limits[quota] >= 0 ? day->limits[quota] : q->quotas[quota];
}

int64_t fw_quota_calls_max(struct fw_queue *q, int64_t account)
{
    struct fw_account_day day;
    if (fw_store_account_day(q->config.store, account, q->wall, &day))
        return q->quotas[FW_QUOTA_CALLS_MAX];
    return limit_of(q, &day, FW_QUOTA_CALLS_MAX);
}

/* That calls of the account may still confirm. */
static int64_t pages_in_calls(const struct fw_queue *q, int64_t account)
{
    int64_t pages = 0;
    for (int i = 0; i < q->live_count; i++) {
        const struct fw_live *l = q->live[i];
        if (l->phase == FW_PHASE_CALLING && l->fax.account == account)
            pages += l->fax.page_count - l->fax.pages_confirmed;
    }
    return pages;
}

static void refuse(struct fw_queue *q, struct fw_live *l, const char *what, int64_t sent, int64_t limit)
{
    char detail[FW_TEXT_SIZE];
    snprintf(detail, sizeof detail, "the account has %s %lld today (UTC), and its limit is %lld", what, (long long)sent,
             (long long)limit);
    fw_log(FW_LOG_WARN, "fax.limit", "fax=%s account=%lld text=%s", l->fax.id, (long long)l->fax.account,
           FW_LOG_TEXT(detail));
    fw_live_fail(q, l, reason, detail);
}

bool fw_quota_pass(struct fw_queue *q, struct fw_live *l)
{
    struct fw_account_day day;
    const enum fw_err err = fw_store_account_day(q->config.store, l->fax.account, q->wall, &day);
    if (err) { /* not without knowing */
        fw_log(FW_LOG_ERROR, "account.unread", "fax=%s error=%s", l->fax.id, FW_LOG_TEXT(fw_err_text(err)));
        fw_live_remove(q, l);
        q->look = false;
        q->look_at = fw_mono_after(q->now, STORE_RETRY_MS);
        return false;
    }
    const int64_t calls = limit_of(q, &day, FW_QUOTA_CALLS), pages = limit_of(q, &day, FW_QUOTA_PAGES);
    const int64_t would = day.pages + l->fax.page_count - l->fax.first_page;
    if (calls > 0 && day.calls >= calls) {
        refuse(q, l, "placed calls:", day.calls, calls);
        return false;
    }
    if (pages > 0 && would > pages) {
        refuse(q, l, "sent pages, with those of this fax:", would, pages);
        return false;
    }
    if (pages > 0 && would + pages_in_calls(q, l->fax.account) > pages) {
        fw_lanes_wait(q, l->fax.account);
        fw_live_remove(q, l); /* it waits on, as the store has it */
        return false;
    }
    return true;
}
