/* How an attempt ended, from what its modem and the line know of it. Tables: outcome_tables.c. */
#include "fax/outcome.h"

#include <stdio.h>

#include "fax/call.h"

enum { T30_BAD_PAGE = 15, T30_NO_MEMORY = 47 }; /* T30_ERR_TX_BADPG, T30_ERR_NOMEM */

const char *fw_retry_text(unsigned retry)
{
    static const char *const texts[] = {
#define X(name, text) text,
        FW_RETRIES(X)
#undef X
    };
    return retry < ARRAY_LEN(texts) ? texts[retry] : "unknown";
}

static const char *reason_of(const struct fw_verdict *v, const struct fw_attempt_facts *f)
{
    if (f->inbound && v->inbound)
        return v->inbound;
    /* Code 0 with pages missing: the far end said goodbye too early. */
    return v->reason ? v->reason : "receiver_call_dropped";
}

static void fail(struct fw_outcome *o, const struct fw_verdict *v, const char *what,
                 const struct fw_attempt_facts *f)
{
    o->ending = FW_ENDING_FAILED;
    o->reason = reason_of(v, f);
    /* Who called decides whether to call again. */
    o->retry = f->inbound ? FW_RETRY_NONE : v->retry;
    o->change = o->retry == FW_RETRY_NONE ? 0 : v->change;
    o->advice = v->advice;
    char pages[48];
    if (f->inbound)
        snprintf(pages, sizeof pages, "pages received %d", f->pages_confirmed);
    else
        snprintf(pages, sizeof pages, "pages confirmed %d of %d", f->pages_confirmed,
                 f->page_count);
    const bool has_text = f->text && f->text[0];
    snprintf(o->detail, sizeof o->detail, "%s; %s%s%s%s", what, pages, has_text ? " (" : "",
             has_text ? f->text : "", has_text ? ")" : "");
}

static void of_t30(const struct fw_attempt_facts *f, struct fw_outcome *ret)
{
    char what[128];
    const struct fw_verdict *v = fw_verdict_of_t30(f->t30_code);
    snprintf(what, sizeof what, "T.30 code %d: %s", f->t30_code, v->text);
    fail(ret, v, what, f);
    if (f->t30_code == T30_BAD_PAGE && f->pages_confirmed == 0 && !f->inbound)
        ret->reason = "receiver_call_dropped";
}

/* Our own failure: nothing confirmed in this call means that nobody got a page by it, so we may dial again. */
static void of_own_failure(const struct fw_verdict *v, const char *what,
                           const struct fw_attempt_facts *f, struct fw_outcome *ret)
{
    fail(ret, v, what, f);
    if (f->pages_confirmed > f->pages_before || f->inbound)
        return;
    ret->ending = FW_ENDING_INTERRUPTED;
    ret->reason = NULL;
    snprintf(ret->detail, sizeof ret->detail, "%s", what);
}

static void of_rejection(const struct fw_attempt_facts *f, struct fw_outcome *ret)
{
    char what[96];
    const struct fw_verdict *by_cause = fw_verdict_of_q850(f->q850);
    snprintf(what, sizeof what, "SIP %d, Q.850 cause %d", f->sip_status, f->q850);
    fail(ret, by_cause ? by_cause : fw_verdict_of_sip(f->sip_status), what, f);
}

static bool of_cause(const struct fw_attempt_facts *f, struct fw_outcome *ret)
{
    const struct fw_verdict *v = fw_verdict_of_cause(f->cause);
    if (f->cause == FW_CAUSE_REJECTED)
        of_rejection(f, ret);
    else if (f->cause == FW_CAUSE_MODEM_LOST || f->cause == FW_CAUSE_INTERNAL)
        of_own_failure(v, v->text, f, ret);
    else if (v) /* a hang-up is what happened, whatever the modem was waiting for when it came */
        fail(ret, v, v->text, f);
    else
        return false;
    return true;
}

static bool delivered(const struct fw_attempt_facts *f)
{
    if (!f->has_result || f->t30_code != 0)
        return false;
    if (f->inbound) /* the modem says 0 only when every page up to EOP is on disk */
        return f->pages_confirmed > 0;
    return f->page_count > 0 && f->pages_confirmed == f->page_count;
}

void fw_outcome_of(const struct fw_attempt_facts *f, struct fw_outcome *ret)
{
    *ret = (struct fw_outcome){ .ending = FW_ENDING_FAILED };
    if (delivered(f)) {
        ret->ending = FW_ENDING_DELIVERED;
        return;
    }
    if (of_cause(f, ret))
        return;
    if (f->has_result && f->t30_code == T30_NO_MEMORY)
        of_own_failure(fw_verdict_of_t30(f->t30_code), "the modem had no room for the call", f,
                       ret);
    else if (f->has_result)
        of_t30(f, ret);
    else
        of_own_failure(fw_verdict_of_cause(FW_CAUSE_INTERNAL),
                       "the call ended without an account of it", f, ret);
}
