/* Outcome tables: which API reason a SIP status, a Q.850 cause or a T.30 code becomes. */
#include "fax/outcome.h"

#include <stdio.h>

#include "fax/call.h"

enum { T30_NO_MEMORY = 47 }; /* T30_ERR_NOMEM: of ours, the far end has no say in it */

/* Indexed by the T.30 engine's completion code, seen from the side that sends. */
static const struct {
    const char *reason;
    const char *text;
} t30[] = {
    [0] = { NULL, "ok" },
    [1] = { "fax_signaling_error", "the answer tone lasted over 5 s" },
    [2] = { "fax_initial_communication_timeout", "no fax tones: a voice or a mailbox may have answered" },
    [3] = { "fax_initial_communication_timeout", "fax tones but no DIS" },
    [4] = { "receiver_no_response", "procedural interrupt timed out" },
    [5] = { "receiver_communication_error", "the HDLC carrier did not stop" },
    [6] = { "fax_signaling_error", "training failed with every common modem" },
    [7] = { "receiver_decline", "operator intervention failed" },
    [8] = { "receiver_incompatible_destination", "no common capabilities" },
    [9] = { "receiver_incompatible_destination", "the far end cannot receive now" },
    [10] = { "receiver_incompatible_destination", "the far end cannot send" },
    [11] = { "receiver_incompatible_destination", "the far end cannot take this resolution" },
    [12] = { "receiver_incompatible_destination", "the far end cannot take this page size" },
    [13] = { "receiver_communication_error", "unexpected message" },
    [14] = { "fax_signaling_error", "bad answer to DCS or training" },
    [15] = { "receiver_communication_error", "the far end disconnected after a page" },
    [16] = { "invalid_ecm_response_from_receiver", "invalid ECM answer from the receiver" },
    [17] = { "receiver_decline", "the far end disconnected before the fax began" },
    [18] = { "receiver_communication_error", "invalid answer after a page" },
    [19] = { "receiver_communication_error", "something other than DIS was received" },
    [20] = { "fax_signaling_error", "no answer to DCS or training" },
    [21] = { "receiver_no_response", "no answer after a page" },
    [22] = { "receiver_recovery_on_timer_expire", "the far end stayed not-ready too long" },
    [23] = { "receiver_communication_error", "invalid ECM answer from the transmitter" },
    [24] = { "fax_signaling_error", "DCS instead of DTC" },
    [25] = { "receiver_communication_error", "unexpected command after a page" },
    [26] = { "carrier_lost", "carrier lost" },
    [27] = { "receiver_communication_error", "no end of line" },
    [28] = { "receiver_communication_error", "no first line" },
    [29] = { "receiver_communication_error", "no DCN" },
    [30] = { "receiver_communication_error", "no phase D" },
    [31] = { "receiver_communication_error", "no page" },
    [32] = { "receiver_communication_error", "no next page" },
    [33] = { "receiver_communication_error", "no RR" },
    [34] = { "fax_initial_communication_timeout", "no command" },
    [35] = { "receiver_communication_error", "DCN instead of DCS or DIS" },
    [36] = { "receiver_communication_error", "DCN instead of image data" },
    [37] = { "receiver_communication_error", "DCN instead of EOM, EOP or MPS" },
    [38] = { "receiver_call_dropped", "DCN after EOM or MPS" },
    [39] = { "receiver_call_dropped", "DCN after RR or RNR" },
    [40] = { "receiver_communication_error", "DCN after a retransmission was asked for" },
    [41] = { "media_processing_exception", "the page file cannot be opened" },
    [42] = { "media_processing_exception", "page not found in the page file" },
    [43] = { "media_processing_exception", "page file not usable" },
    [44] = { "media_processing_exception", "page number missing in the page file" },
    [45] = { "media_processing_exception", "wrong tags in the page file" },
    [46] = { "media_processing_exception", "wrong header in the page file" },
    [47] = { "service_unavailable", "out of memory for pages" },
    [48] = { "receiver_no_response", "disconnected after the permitted retries" },
    [49] = { "receiver_call_dropped", "the call dropped" },
};

static const struct {
    int         code;
    const char *reason;
} sip[] = {
    { 400, "destination_invalid" },
    { 401, "service_unavailable" },
    { 402, "receiver_decline" },
    { 403, "receiver_decline" },
    { 404, "receiver_unallocated_number" },
    { 405, "service_unavailable" },
    { 406, "receiver_incompatible_destination" },
    { 407, "service_unavailable" },
    { 408, "receiver_recovery_on_timer_expire" },
    { 410, "receiver_unallocated_number" },
    { 413, "fax_signaling_error" },
    { 414, "fax_signaling_error" },
    { 415, "receiver_incompatible_destination" },
    { 416, "fax_signaling_error" },
    { 420, "fax_signaling_error" },
    { 421, "fax_signaling_error" },
    { 423, "fax_signaling_error" },
    { 428, "receiver_decline" },
    { 429, "receiver_decline" },
    { 437, "receiver_decline" },
    { 438, "receiver_decline" },
    { 480, "receiver_no_answer" },
    { 481, "receiver_call_dropped" },
    { 482, "destination_unreachable" },
    { 483, "destination_unreachable" },
    { 484, "receiver_invalid_number_format" },
    { 485, "destination_unreachable" },
    { 486, "user_busy" },
    { 487, "receiver_no_answer" },
    { 488, "receiver_incompatible_destination" },
    { 500, "service_unavailable" },
    { 501, "service_unavailable" },
    { 502, "service_unavailable" },
    { 503, "service_unavailable" },
    { 504, "receiver_recovery_on_timer_expire" },
    { 505, "service_unavailable" },
    { 600, "user_busy" },
    { 603, "receiver_decline" },
    { 604, "receiver_unallocated_number" },
    { 606, "receiver_incompatible_destination" },
    { 607, "receiver_decline" },
    { 608, "receiver_decline" },
}, q850[] = {
    { 1, "receiver_unallocated_number" },
    { 2, "destination_unreachable" },
    { 3, "destination_unreachable" },
    { 17, "user_busy" },
    { 18, "receiver_no_response" },
    { 19, "receiver_no_answer" },
    { 21, "receiver_decline" },
    { 22, "receiver_unallocated_number" },
    { 27, "destination_unreachable" },
    { 28, "receiver_invalid_number_format" },
    { 34, "service_unavailable" },
    { 38, "service_unavailable" },
    { 41, "service_unavailable" },
    { 42, "service_unavailable" },
    { 44, "service_unavailable" },
    { 58, "receiver_incompatible_destination" },
    { 65, "receiver_incompatible_destination" },
    { 88, "receiver_incompatible_destination" },
    { 102, "receiver_recovery_on_timer_expire" },
};

const char *fw_reason_of_sip(int sip_status)
{
    for (size_t i = 0; i < ARRAY_LEN(sip); i++) {
        if (sip[i].code == sip_status)
            return sip[i].reason;
    }
    if (sip_status >= 500 && sip_status < 600)
        return "service_unavailable";
    return sip_status >= 600 ? "receiver_decline" : "receiver_communication_error";
}

const char *fw_reason_of_q850(int cause)
{
    for (size_t i = 0; i < ARRAY_LEN(q850); i++) {
        if (q850[i].code == cause)
            return q850[i].reason;
    }
    return NULL;
}

const char *fw_t30_text(int t30_code)
{
    return t30_code >= 0 && (size_t)t30_code < ARRAY_LEN(t30) ? t30[t30_code].text
                                                             : "negotiation refused";
}

const char *fw_reason_of_t30(int t30_code, int pages_confirmed)
{
    if (t30_code == 15 && pages_confirmed == 0)
        return "receiver_call_dropped";
    if (t30_code < 0 || (size_t)t30_code >= ARRAY_LEN(t30))
        return "receiver_decline";
    /* 0 with pages missing: the far end said goodbye too early. */
    return t30[t30_code].reason ? t30[t30_code].reason : "receiver_call_dropped";
}

static void fail(struct fw_outcome *o, const char *reason, const char *what,
                 const struct fw_attempt_facts *f)
{
    o->ending = FW_ENDING_FAILED;
    o->reason = reason;
    int used = snprintf(o->detail, sizeof o->detail, "%s", what);
    const size_t at = used < 0 ? 0 : (size_t)used < sizeof o->detail ? (size_t)used
                                                                     : sizeof o->detail - 1;
    snprintf(o->detail + at, sizeof o->detail - at, "; pages confirmed %d of %d%s%s%s",
             f->pages_confirmed, f->page_count, f->text && f->text[0] ? " (" : "",
             f->text ? f->text : "", f->text && f->text[0] ? ")" : "");
}

static void of_t30(const struct fw_attempt_facts *f, struct fw_outcome *ret)
{
    char what[128];
    snprintf(what, sizeof what, "T.30 code %d: %s", f->t30_code, fw_t30_text(f->t30_code));
    fail(ret, fw_reason_of_t30(f->t30_code, f->pages_confirmed), what, f);
}

/* Our own failure: nothing confirmed means that nobody got a page, so we may dial again. */
static void of_own_failure(const char *what, const struct fw_attempt_facts *f,
                           struct fw_outcome *ret)
{
    if (f->pages_confirmed > 0)
        fail(ret, "service_unavailable", what, f);
    else {
        ret->ending = FW_ENDING_INTERRUPTED;
        snprintf(ret->detail, sizeof ret->detail, "%s", what);
    }
}

static void of_rejection(const struct fw_attempt_facts *f, struct fw_outcome *ret)
{
    char what[96];
    const char *by_cause = fw_reason_of_q850(f->q850);
    snprintf(what, sizeof what, "SIP %d, Q.850 cause %d", f->sip_status, f->q850);
    fail(ret, by_cause ? by_cause : fw_reason_of_sip(f->sip_status), what, f);
}

void fw_outcome_of(const struct fw_attempt_facts *f, struct fw_outcome *ret)
{
    *ret = (struct fw_outcome){ .ending = FW_ENDING_FAILED };
    if (f->has_result && f->t30_code == 0 && f->page_count > 0 &&
        f->pages_confirmed == f->page_count) {
        ret->ending = FW_ENDING_DELIVERED;
        return;
    }
    switch (f->cause) {
    case FW_CAUSE_REJECTED: of_rejection(f, ret); return;
    case FW_CAUSE_RING_TIMEOUT: fail(ret, "receiver_no_answer", "rang, no answer", f); return;
    case FW_CAUSE_NO_RESPONSE:
        fail(ret, "destination_unreachable", "the trunk did not answer the INVITE", f);
        return;
    case FW_CAUSE_CANCELED: fail(ret, "sender_canceled", "canceled", f); return;
    case FW_CAUSE_MEDIA_REFUSED:
        fail(ret, "receiver_incompatible_destination", "no common media in the answer", f);
        return;
    case FW_CAUSE_LIMIT: fail(ret, "service_unavailable", "call limit reached", f); return;
    case FW_CAUSE_MODEM_LOST: of_own_failure("a modem process ended", f, ret); return;
    case FW_CAUSE_INTERNAL: of_own_failure("internal", f, ret); return;
    case FW_CAUSE_REMOTE_HANGUP:
        /* The hang-up is what happened, whatever the modem was waiting for when it came. */
        fail(ret, "receiver_call_dropped", "the far end hung up", f);
        return;
    default: break;
    }
    if (f->has_result && f->t30_code == T30_NO_MEMORY)
        of_own_failure("the modem had no room for the call", f, ret);
    else if (f->has_result)
        of_t30(f, ret);
    else
        of_own_failure("the call ended without an account of it", f, ret);
}
