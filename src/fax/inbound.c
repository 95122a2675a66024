/* Reasons of received faxes, as tables. */
#include "fax/inbound.h"

#include <stdio.h>

#include "fax/call.h"

/* By the T.30 engine's completion code, seen from the side that receives. */
static const char *const by_code[] = {
    [1] = "fax_signaling_error",
    [2] = "fax_initial_communication_timeout",
    [3] = "fax_initial_communication_timeout",
    [4] = "sender_communication_error",
    [5] = "sender_communication_error",
    [6] = "fax_signaling_error",
    [7] = "sender_communication_error",
    [8] = "receiver_incompatible_destination",
    [9] = "receiver_incompatible_destination",
    [10] = "receiver_incompatible_destination",
    [11] = "receiver_incompatible_destination",
    [12] = "receiver_incompatible_destination",
    [24] = "fax_signaling_error",
    [26] = "carrier_lost",
    [27] = "carrier_lost",
    [28] = "carrier_lost",
    [34] = "fax_initial_communication_timeout",
    [35] = "sender_canceled",
    [36] = "sender_call_dropped",
    [37] = "sender_call_dropped",
    [38] = "sender_call_dropped",
    [39] = "sender_call_dropped",
    [40] = "sender_call_dropped",
    [41] = "service_unavailable", /* the page could not be kept: our disk */
    [47] = "service_unavailable",
    [49] = "sender_call_dropped",
    [52] = "destination_invalid",
};

static const char *of_code(int code)
{
    const bool known = code >= 0 && (size_t)code < ARRAY_LEN(by_code) && by_code[code];
    return known ? by_code[code] : "sender_communication_error";
}

/* What is certain without asking the modem. */
static const char *of_cause(const struct fw_inbound_facts *f)
{
    switch (f->cause) {
    case FW_CAUSE_REMOTE_HANGUP: return f->answered ? NULL : "sender_canceled";
    case FW_CAUSE_DIALOG_LOST:
    case FW_CAUSE_SESSION_EXPIRED:
    case FW_CAUSE_NO_RESPONSE: return "sender_call_dropped";
    case FW_CAUSE_CANCELED: return "receiver_decline";
    case FW_CAUSE_MEDIA_REFUSED: return "receiver_incompatible_destination";
    case FW_CAUSE_T38_SILENT: return "fax_initial_communication_timeout";
    case FW_CAUSE_MODEM_LOST:
    case FW_CAUSE_INTERNAL:
    case FW_CAUSE_LIMIT: return "service_unavailable";
    default: return NULL;
    }
}

const char *fw_inbound_reason(const struct fw_inbound_facts *f, char detail[FW_TEXT_SIZE])
{
    const char *certain = of_cause(f);
    const char *open = f->text && f->text[0] ? " (" : "", *text = f->text ? f->text : "";
    const char *close = open[0] ? ")" : "";
    if (f->has_result && (!certain || f->cause == FW_CAUSE_INTERNAL)) {
        snprintf(detail, FW_TEXT_SIZE, "no page was received: T.30 code %d%s%.160s%s", f->t30_code, open,
                 text, close);
        return f->cause == FW_CAUSE_REMOTE_HANGUP ? "sender_call_dropped" : of_code(f->t30_code);
    }
    snprintf(detail, FW_TEXT_SIZE, "no page was received: %s%s%.160s%s",
             f->answered ? "the call broke" : "the call was never answered", open, text, close);
    return certain ? certain : "sender_call_dropped";
}
