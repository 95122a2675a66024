/* The tables behind outcome.c: a T.30 code, a SIP status, a Q.850 cause or an end of a call; what
 * it means, which reason of the API it is, whether to dial again, and what to tell people. */
#include "fax/call.h"
#include "fax/outcome.h"

enum { OTHER = FW_CHANGE_TRANSPORT, SLOWER = FW_CHANGE_SLOWER, NO_ECM = FW_CHANGE_NO_ECM };

static const char decline[] = "receiver_decline";
static const char signaling[] = "fax_signaling_error";
static const char silent[] = "fax_initial_communication_timeout";
static const char far_error[] = "receiver_communication_error";
static const char near_error[] = "sender_communication_error";
static const char incompatible[] = "receiver_incompatible_destination";
static const char dropped[] = "receiver_call_dropped";
static const char sender_dropped[] = "sender_call_dropped";
static const char no_response[] = "receiver_no_response";
static const char media[] = "media_processing_exception";
static const char unavailable[] = "service_unavailable";
static const char unallocated[] = "receiver_unallocated_number";
static const char unreachable[] = "destination_unreachable";
static const char carrier[] = "carrier_lost";
static const char timer[] = "receiver_recovery_on_timer_expire";

static const char ask_sender[] = "Ask the sender to send the fax again.";
static const char report_file[] =
    "The prepared pages are damaged: send the document again, and report this if it stays so.";
static const char quality[] =
    "The line is poor: it is tried again in another way; use a trunk with T.38 if this is common.";
static const char rules[] =
    "The far machine refuses this caller by its own rules: ask its owner to let you in.";

/* Indexed by the T.30 engine's completion code: outbound and inbound reason. */
static const struct fw_verdict t30[] = {
    [0] = { NULL, sender_dropped, FW_RETRY_DROPPED, 0, "ok",
            "The far machine said goodbye before it had confirmed every page: send the rest." },
    [1] = { signaling, NULL, FW_RETRY_PROTOCOL, OTHER, "the answer tone lasted over 5 s",
            "The far end only sent a tone: check that a fax machine is connected there." },
    [2] = { silent, NULL, FW_RETRY_NO_FAX, 0,
            "no fax tones: a voice or a mailbox may have answered",
            "A person, a mailbox or nothing answered instead of a fax machine: check the number." },
    [3] = { silent, NULL, FW_RETRY_PROTOCOL, OTHER, "fax tones but no DIS",
            "A fax machine is there but could not be understood: it is tried in another way." },
    [4] = { no_response, near_error, FW_RETRY_NONE, 0, "procedural interrupt timed out",
            "The far machine asked for a person at the telephone: call there and ask." },
    [5] = { far_error, near_error, FW_RETRY_PROTOCOL, OTHER, "the HDLC carrier did not stop",
            quality },
    [6] = { signaling, NULL, FW_RETRY_PROTOCOL, SLOWER | OTHER,
            "training failed with every common modem", quality },
    [7] = { decline, near_error, FW_RETRY_NONE, 0, "operator intervention failed",
            "The far machine asked for a person at the telephone: call there and ask." },
    [8] = { incompatible, NULL, FW_RETRY_PROTOCOL, OTHER, "no common capabilities",
            "The far end is no fax machine that can receive from this service: check the number." },
    [9] = { incompatible, NULL, FW_RETRY_NOT_READY, 0, "the far end cannot receive now",
            "The far machine may have no paper or no memory: ask its owner to look." },
    [10] = { incompatible, NULL, FW_RETRY_NONE, 0, "the far end cannot send",
             "The far machine has nothing to be fetched: polling is not what it offers." },
    [11] = { incompatible, NULL, FW_RETRY_NONE, 0, "the far end cannot take this resolution",
             "Send the document with quality normal." },
    [12] = { incompatible, NULL, FW_RETRY_NONE, 0, "the far end cannot take this page size",
             "Send the document in A4 or Letter size." },
    [13] = { far_error, near_error, FW_RETRY_PROTOCOL, OTHER, "unexpected message", quality },
    [14] = { signaling, NULL, FW_RETRY_PROTOCOL, SLOWER | OTHER, "bad answer to DCS or training",
             quality },
    [15] = { far_error, near_error, FW_RETRY_DROPPED, SLOWER,
             "the far end disconnected after a page",
             "The far machine hung up after a page: the rest is sent again." },
    [16] = { "invalid_ecm_response_from_receiver", near_error, FW_RETRY_PROTOCOL, NO_ECM,
             "invalid ECM answer from the receiver",
             "The far machine's error correction does not work: it is tried without." },
    [17] = { decline, NULL, FW_RETRY_PROTOCOL, 0,
             "the far end disconnected before the fax began",
             "The far machine hung up before the fax began: it may take only known callers." },
    [18] = { far_error, near_error, FW_RETRY_PROTOCOL, NO_ECM, "invalid answer after a page",
             quality },
    [19] = { far_error, near_error, FW_RETRY_PROTOCOL, OTHER,
             "something other than DIS was received", quality },
    [20] = { signaling, NULL, FW_RETRY_PROTOCOL, SLOWER | OTHER, "no answer to DCS or training",
             quality },
    [21] = { no_response, near_error, FW_RETRY_DROPPED, SLOWER, "no answer after a page",
             "The far machine fell silent after a page: the rest is sent again." },
    [22] = { timer, near_error, FW_RETRY_NOT_READY, 0,
             "the far end stayed not-ready too long",
             "The far machine was too slow to print or had no paper: ask its owner to look." },
    [23] = { far_error, near_error, FW_RETRY_PROTOCOL, NO_ECM,
             "invalid ECM answer from the transmitter", ask_sender },
    [24] = { signaling, NULL, FW_RETRY_PROTOCOL, 0, "DCS instead of DTC", ask_sender },
    [25] = { far_error, near_error, FW_RETRY_PROTOCOL, 0, "unexpected command after a page",
             ask_sender },
    [26] = { carrier, NULL, FW_RETRY_PROTOCOL, SLOWER, "carrier lost", ask_sender },
    [27] = { far_error, carrier, FW_RETRY_PROTOCOL, SLOWER, "no end of line", ask_sender },
    [28] = { far_error, carrier, FW_RETRY_PROTOCOL, SLOWER, "no first line", ask_sender },
    [29] = { far_error, near_error, FW_RETRY_PROTOCOL, 0, "no DCN", ask_sender },
    [30] = { far_error, near_error, FW_RETRY_PROTOCOL, 0, "no phase D", ask_sender },
    [31] = { far_error, near_error, FW_RETRY_PROTOCOL, 0, "no page", ask_sender },
    [32] = { far_error, near_error, FW_RETRY_PROTOCOL, 0, "no next page", ask_sender },
    [33] = { far_error, near_error, FW_RETRY_PROTOCOL, 0, "no RR", ask_sender },
    [34] = { silent, NULL, FW_RETRY_PROTOCOL, OTHER, "no command", ask_sender },
    [35] = { far_error, "sender_canceled", FW_RETRY_PROTOCOL, 0, "DCN instead of DCS or DIS",
             "The other side gave up before the first page." },
    [36] = { far_error, sender_dropped, FW_RETRY_DROPPED, 0, "DCN instead of image data",
             ask_sender },
    [37] = { far_error, sender_dropped, FW_RETRY_DROPPED, 0, "DCN instead of EOM, EOP or MPS",
             ask_sender },
    [38] = { dropped, sender_dropped, FW_RETRY_DROPPED, 0, "DCN after EOM or MPS",
             "The far machine hung up between two pages: the rest is sent again." },
    [39] = { dropped, sender_dropped, FW_RETRY_DROPPED, 0, "DCN after RR or RNR",
             "The far machine hung up while it was busy printing: the rest is sent again." },
    [40] = { far_error, sender_dropped, FW_RETRY_DROPPED, SLOWER,
             "DCN after a retransmission was asked for", quality },
    [41] = { media, NULL, FW_RETRY_NONE, 0, "the page file cannot be opened or written",
             report_file },
    [42] = { media, NULL, FW_RETRY_NONE, 0, "page not found in the page file", report_file },
    [43] = { media, NULL, FW_RETRY_NONE, 0, "page file not usable", report_file },
    [44] = { media, NULL, FW_RETRY_NONE, 0, "page number missing in the page file", report_file },
    [45] = { media, NULL, FW_RETRY_NONE, 0, "wrong tags in the page file", report_file },
    [46] = { media, NULL, FW_RETRY_NONE, 0, "wrong header in the page file", report_file },
    [47] = { unavailable, NULL, FW_RETRY_INTERNAL, 0, "out of memory for pages",
             "The service carries as much as it can: add modems, or send later." },
    [48] = { no_response, near_error, FW_RETRY_PROTOCOL, SLOWER | OTHER,
             "disconnected after the permitted retries", quality },
    [49] = { dropped, sender_dropped, FW_RETRY_DROPPED, OTHER, "the call dropped",
             "The call was cut off: the rest is sent again." },
    [50] = { decline, "destination_invalid", FW_RETRY_NONE, 0, "polling was refused", rules },
    [51] = { decline, "destination_invalid", FW_RETRY_NONE, 0, "the ident was refused", rules },
    [52] = { decline, "destination_invalid", FW_RETRY_NONE, 0, "the sub-address was refused",
             rules },
    [53] = { decline, "destination_invalid", FW_RETRY_NONE, 0,
             "the selective polling address was refused", rules },
    [54] = { decline, "destination_invalid", FW_RETRY_NONE, 0,
             "the polled sub-address was refused", rules },
    [55] = { decline, "destination_invalid", FW_RETRY_NONE, 0,
             "the sender identification was refused", rules },
    [56] = { decline, "destination_invalid", FW_RETRY_NONE, 0, "the password was refused", rules },
    [57] = { decline, "destination_invalid", FW_RETRY_NONE, 0,
             "the transmitting subscriber's internet address was refused", rules },
    [58] = { decline, "destination_invalid", FW_RETRY_NONE, 0,
             "the internet routing address was refused", rules },
    [59] = { decline, "destination_invalid", FW_RETRY_NONE, 0,
             "the calling subscriber's internet address was refused", rules },
    [60] = { decline, "destination_invalid", FW_RETRY_NONE, 0,
             "the internet selective polling address was refused", rules },
    [61] = { decline, "destination_invalid", FW_RETRY_NONE, 0,
             "the called subscriber's internet address was refused", rules },
};
static const struct fw_verdict t30_unknown = { decline, NULL, FW_RETRY_NONE, 0,
                                               "negotiation refused", rules };

static const char check_number[] = "The number does not exist or is not in use: check it.";
static const char number_form[] =
    "The network does not understand the number: write it with plus and country code.";
static const char check_trunk[] =
    "The trunk refuses our calls: check its user name, password, address and account.";
static const char trunk_sip[] = "The trunk does not accept the form of our calls: report this.";
static const char try_later[] = "The network has no way there at the moment: send it later.";
static const char no_media[] =
    "The far end takes neither fax nor fax-quality sound: check that it is a fax number.";
static const char refused[] = "The far end does not want this call: ask its owner.";
static const char nobody[] = "Nobody took the call: check that the machine is switched on.";
static const char busy[] = "The number is busy: it is dialled again.";
static const char not_routed[] = "The trunk knows no way to this number: check number and trunk.";
static const char timed_out[] = "The network was too slow to set the call up: send it later.";
static const char moved[] = "The number is elsewhere now, and calls do not follow: ask its owner for the new one.";
static const char anonymous[] = "The far end takes no calls without a number: let the trunk show one.";
static const char garbled[] = "Two networks on the way did not understand each other: send it later.";

struct row {
    int code;
    struct fw_verdict verdict;
};

static const struct row sip[] = {
    { 300, { unreachable, NULL, FW_RETRY_NONE, 0, "multiple choices", moved } },
    { 301, { unreachable, NULL, FW_RETRY_NONE, 0, "moved permanently", moved } },
    { 302, { unreachable, NULL, FW_RETRY_NONE, 0, "moved temporarily", moved } },
    { 305, { unreachable, NULL, FW_RETRY_NONE, 0, "use proxy", not_routed } },
    { 380, { unreachable, NULL, FW_RETRY_NONE, 0, "alternative service", moved } },
    { 400, { "destination_invalid", NULL, FW_RETRY_NONE, 0, "bad request", number_form } },
    { 401, { unavailable, NULL, FW_RETRY_TRUNK, 0, "unauthorized", check_trunk } },
    { 402, { decline, NULL, FW_RETRY_NONE, 0, "payment required", check_trunk } },
    { 403, { decline, NULL, FW_RETRY_NONE, 0, "forbidden", refused } },
    { 404, { unallocated, NULL, FW_RETRY_NONE, 0, "not found", check_number } },
    { 405, { unavailable, NULL, FW_RETRY_NONE, 0, "method not allowed", trunk_sip } },
    { 406, { incompatible, NULL, FW_RETRY_PROTOCOL, OTHER, "not acceptable", no_media } },
    { 407, { unavailable, NULL, FW_RETRY_TRUNK, 0, "proxy authentication", check_trunk } },
    { 408, { timer, NULL, FW_RETRY_CONGESTION, 0, "request timeout", timed_out } },
    { 410, { unallocated, NULL, FW_RETRY_NONE, 0, "gone", check_number } },
    { 412, { signaling, NULL, FW_RETRY_NONE, 0, "condition not met", trunk_sip } },
    { 413, { signaling, NULL, FW_RETRY_NONE, 0, "request too large", trunk_sip } },
    { 414, { signaling, NULL, FW_RETRY_NONE, 0, "address too long", trunk_sip } },
    { 415, { incompatible, NULL, FW_RETRY_PROTOCOL, OTHER, "media type", no_media } },
    { 416, { signaling, NULL, FW_RETRY_NONE, 0, "address scheme", trunk_sip } },
    { 417, { signaling, NULL, FW_RETRY_NONE, 0, "resource priority", trunk_sip } },
    { 420, { signaling, NULL, FW_RETRY_NONE, 0, "bad extension", trunk_sip } },
    { 421, { signaling, NULL, FW_RETRY_NONE, 0, "extension required", trunk_sip } },
    { 422, { signaling, NULL, FW_RETRY_NONE, 0, "session interval", trunk_sip } },
    { 423, { signaling, NULL, FW_RETRY_NONE, 0, "interval too brief", trunk_sip } },
    { 424, { signaling, NULL, FW_RETRY_NONE, 0, "location", trunk_sip } },
    { 425, { signaling, NULL, FW_RETRY_NONE, 0, "alert message", trunk_sip } },
    { 428, { decline, NULL, FW_RETRY_NONE, 0, "identity required", refused } },
    { 429, { decline, NULL, FW_RETRY_NONE, 0, "referrer identity", refused } },
    { 430, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "flow failed", try_later } },
    { 433, { decline, NULL, FW_RETRY_NONE, 0, "anonymity disallowed", anonymous } },
    { 436, { decline, NULL, FW_RETRY_NONE, 0, "identity info", refused } },
    { 437, { decline, NULL, FW_RETRY_NONE, 0, "certificate", refused } },
    { 438, { decline, NULL, FW_RETRY_NONE, 0, "identity invalid", refused } },
    { 439, { unavailable, NULL, FW_RETRY_TRUNK, 0, "first hop lacks outbound", check_trunk } },
    { 440, { unreachable, NULL, FW_RETRY_NONE, 0, "max-breadth exceeded", not_routed } },
    { 469, { signaling, NULL, FW_RETRY_NONE, 0, "info package", trunk_sip } },
    { 470, { decline, NULL, FW_RETRY_NONE, 0, "consent needed", refused } },
    { 480, { "receiver_no_answer", NULL, FW_RETRY_NO_ANSWER, 0, "unavailable", nobody } },
    { 481, { dropped, NULL, FW_RETRY_DROPPED, 0, "no such call",
             "The network lost the call: it is dialled again." } },
    { 482, { unreachable, NULL, FW_RETRY_NONE, 0, "loop", not_routed } },
    { 483, { unreachable, NULL, FW_RETRY_NONE, 0, "too many hops", not_routed } },
    { 484, { "receiver_invalid_number_format", NULL, FW_RETRY_NONE, 0, "incomplete",
             number_form } },
    { 485, { unreachable, NULL, FW_RETRY_NONE, 0, "ambiguous", not_routed } },
    { 486, { "user_busy", NULL, FW_RETRY_BUSY, 0, "busy", busy } },
    { 487, { "receiver_no_answer", NULL, FW_RETRY_NO_ANSWER, 0, "terminated", nobody } },
    { 488, { incompatible, NULL, FW_RETRY_PROTOCOL, OTHER, "not acceptable here", no_media } },
    { 489, { signaling, NULL, FW_RETRY_NONE, 0, "bad event", trunk_sip } },
    { 491, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "request pending", try_later } },
    { 493, { signaling, NULL, FW_RETRY_NONE, 0, "undecipherable", trunk_sip } },
    { 494, { unavailable, NULL, FW_RETRY_TRUNK, 0, "security agreement required", check_trunk } },
    { 500, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "server error", try_later } },
    { 501, { unavailable, NULL, FW_RETRY_NONE, 0, "not implemented", trunk_sip } },
    { 502, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "bad gateway", try_later } },
    { 503, { unavailable, NULL, FW_RETRY_TRUNK, 0, "service unavailable", try_later } },
    { 504, { timer, NULL, FW_RETRY_CONGESTION, 0, "server timeout", timed_out } },
    { 505, { unavailable, NULL, FW_RETRY_NONE, 0, "version", trunk_sip } },
    { 513, { signaling, NULL, FW_RETRY_NONE, 0, "message too large", trunk_sip } },
    { 555, { unreachable, NULL, FW_RETRY_NONE, 0, "push notification", not_routed } },
    { 580, { incompatible, NULL, FW_RETRY_PROTOCOL, OTHER, "precondition", no_media } },
    { 600, { "user_busy", NULL, FW_RETRY_BUSY, 0, "busy everywhere", busy } },
    { 603, { decline, NULL, FW_RETRY_NONE, 0, "decline", refused } },
    { 604, { unallocated, NULL, FW_RETRY_NONE, 0, "exists nowhere", check_number } },
    { 606, { incompatible, NULL, FW_RETRY_PROTOCOL, OTHER, "not acceptable", no_media } },
    { 607, { decline, NULL, FW_RETRY_NONE, 0, "unwanted", refused } },
    { 608, { decline, NULL, FW_RETRY_NONE, 0, "rejected", refused } },
};
static const struct fw_verdict sip_3xx_4xx = { far_error, NULL, FW_RETRY_NONE, 0, "refused",
                                               not_routed };
static const struct fw_verdict sip_5xx = { unavailable, NULL, FW_RETRY_CONGESTION, 0,
                                           "server failure", try_later };
static const struct fw_verdict sip_6xx = { decline, NULL, FW_RETRY_NONE, 0, "global failure",
                                           refused };

static const struct row q850[] = {
    { 1, { unallocated, NULL, FW_RETRY_NONE, 0, "unallocated number", check_number } },
    { 2, { unreachable, NULL, FW_RETRY_NONE, 0, "no route to network", not_routed } },
    { 3, { unreachable, NULL, FW_RETRY_NONE, 0, "no route to destination", not_routed } },
    { 4, { unreachable, NULL, FW_RETRY_NONE, 0, "special information tone", check_number } },
    { 5, { "receiver_invalid_number_format", NULL, FW_RETRY_NONE, 0, "misdialled prefix", number_form } },
    { 6, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "channel unacceptable", try_later } },
    { 8, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "preemption", try_later } },
    { 9, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "preemption, circuit reserved", try_later } },
    { 14, { unreachable, NULL, FW_RETRY_NONE, 0, "ported number", not_routed } },
    { 17, { "user_busy", NULL, FW_RETRY_BUSY, 0, "user busy", busy } },
    { 18, { no_response, NULL, FW_RETRY_NO_ANSWER, 0, "no user responding", nobody } },
    { 19, { "receiver_no_answer", NULL, FW_RETRY_NO_ANSWER, 0, "no answer", nobody } },
    { 20, { "receiver_no_answer", NULL, FW_RETRY_NO_ANSWER, 0, "subscriber absent", nobody } },
    { 21, { decline, NULL, FW_RETRY_NONE, 0, "call rejected", refused } },
    { 22, { unallocated, NULL, FW_RETRY_NONE, 0, "number changed",
            "The number has changed: ask its owner for the new one." } },
    { 23, { unreachable, NULL, FW_RETRY_NONE, 0, "redirection to a new destination", moved } },
    { 24, { decline, NULL, FW_RETRY_NONE, 0, "rejected by a feature", refused } },
    { 25, { unreachable, NULL, FW_RETRY_CONGESTION, 0, "exchange routing error", not_routed } },
    { 27, { unreachable, NULL, FW_RETRY_CONGESTION, 0, "destination out of order", nobody } },
    { 28, { "receiver_invalid_number_format", NULL, FW_RETRY_NONE, 0, "invalid number format",
            number_form } },
    { 29, { decline, NULL, FW_RETRY_NONE, 0, "facility rejected", refused } },
    { 34, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "no circuit available", try_later } },
    { 38, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "network out of order", try_later } },
    { 39, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "connection out of service", try_later } },
    { 41, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "temporary failure", try_later } },
    { 42, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "equipment congestion", try_later } },
    { 44, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "circuit not available", try_later } },
    { 46, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "precedence call blocked", try_later } },
    { 47, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "resource unavailable", try_later } },
    { 49, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "quality of service", try_later } },
    { 50, { unavailable, NULL, FW_RETRY_TRUNK, 0, "facility not subscribed", check_trunk } },
    { 53, { unavailable, NULL, FW_RETRY_TRUNK, 0, "outgoing calls barred", check_trunk } },
    { 55, { decline, NULL, FW_RETRY_NONE, 0, "incoming calls barred", refused } },
    { 57, { unavailable, NULL, FW_RETRY_TRUNK, 0, "bearer not authorized", check_trunk } },
    { 58, { incompatible, NULL, FW_RETRY_PROTOCOL, OTHER, "bearer not available", no_media } },
    { 62, { far_error, NULL, FW_RETRY_NONE, 0, "inconsistent subscriber class", not_routed } },
    { 63, { unavailable, NULL, FW_RETRY_CONGESTION, 0, "service unavailable", try_later } },
    { 65, { incompatible, NULL, FW_RETRY_PROTOCOL, OTHER, "bearer not implemented", no_media } },
    { 66, { unavailable, NULL, FW_RETRY_NONE, 0, "channel type not implemented", not_routed } },
    { 69, { unavailable, NULL, FW_RETRY_NONE, 0, "facility not implemented", not_routed } },
    { 70, { incompatible, NULL, FW_RETRY_PROTOCOL, OTHER, "restricted digital only", no_media } },
    { 79, { unavailable, NULL, FW_RETRY_NONE, 0, "service not implemented", not_routed } },
    { 81, { far_error, NULL, FW_RETRY_CONGESTION, 0, "invalid call reference", garbled } },
    { 82, { far_error, NULL, FW_RETRY_CONGESTION, 0, "channel does not exist", garbled } },
    { 83, { far_error, NULL, FW_RETRY_CONGESTION, 0, "call identity does not exist", garbled } },
    { 84, { far_error, NULL, FW_RETRY_CONGESTION, 0, "call identity in use", garbled } },
    { 85, { far_error, NULL, FW_RETRY_CONGESTION, 0, "no call suspended", garbled } },
    { 86, { far_error, NULL, FW_RETRY_CONGESTION, 0, "call identity cleared", garbled } },
    { 87, { decline, NULL, FW_RETRY_NONE, 0, "not of the closed user group", refused } },
    { 88, { incompatible, NULL, FW_RETRY_NONE, 0, "incompatible destination", no_media } },
    { 90, { decline, NULL, FW_RETRY_NONE, 0, "no such closed user group", refused } },
    { 91, { unreachable, NULL, FW_RETRY_NONE, 0, "invalid transit network", not_routed } },
    { 95, { far_error, NULL, FW_RETRY_CONGESTION, 0, "invalid message", garbled } },
    { 96, { far_error, NULL, FW_RETRY_CONGESTION, 0, "information missing", garbled } },
    { 97, { far_error, NULL, FW_RETRY_CONGESTION, 0, "message type unknown", garbled } },
    { 98, { far_error, NULL, FW_RETRY_CONGESTION, 0, "message not of this state", garbled } },
    { 99, { far_error, NULL, FW_RETRY_CONGESTION, 0, "information unknown", garbled } },
    { 100, { far_error, NULL, FW_RETRY_CONGESTION, 0, "invalid contents", garbled } },
    { 101, { far_error, NULL, FW_RETRY_CONGESTION, 0, "message not of this call state", garbled } },
    { 102, { timer, NULL, FW_RETRY_CONGESTION, 0, "recovery on timer expiry", timed_out } },
    { 103, { far_error, NULL, FW_RETRY_CONGESTION, 0, "parameter passed on", garbled } },
    { 110, { far_error, NULL, FW_RETRY_CONGESTION, 0, "message discarded", garbled } },
    { 111, { far_error, NULL, FW_RETRY_CONGESTION, 0, "protocol error", garbled } },
};

static const struct fw_verdict causes[FW_CAUSE_COUNT] = {
    [FW_CAUSE_REMOTE_HANGUP] = { dropped, sender_dropped, FW_RETRY_DROPPED, 0,
                                 "the far end hung up",
                                 "The far end hung up in the middle: the rest is sent again." },
    [FW_CAUSE_DIALOG_LOST] = { dropped, sender_dropped, FW_RETRY_DROPPED, 0, "the far end knew of the call no more",
                               "The far end or the network lost the call: look at the trunk if this is common." },
    [FW_CAUSE_RING_TIMEOUT] = { "receiver_no_answer", NULL, FW_RETRY_NO_ANSWER, 0,
                                "rang, no answer", nobody },
    [FW_CAUSE_NO_RESPONSE] = { unreachable, NULL, FW_RETRY_TRUNK, 0,
                               "the trunk did not answer the INVITE",
                               "The trunk does not answer: check its address and the network." },
    [FW_CAUSE_CANCELED] = { "sender_canceled", NULL, FW_RETRY_NONE, 0, "canceled",
                            "The fax was canceled on request." },
    [FW_CAUSE_MODEM_LOST] = { unavailable, NULL, FW_RETRY_INTERNAL, 0, "a modem process ended",
                              "A program of this service failed: the rest is sent again." },
    [FW_CAUSE_MEDIA_REFUSED] = { incompatible, NULL, FW_RETRY_PROTOCOL, OTHER,
                                 "no common media in the answer", no_media },
    [FW_CAUSE_T38_SILENT] = { silent, NULL, FW_RETRY_PROTOCOL, OTHER, "T.38 was agreed and stayed silent",
                              "The far end agrees to T.38 and then says nothing: it is tried with G.711." },
    [FW_CAUSE_SESSION_EXPIRED] = { dropped, sender_dropped, FW_RETRY_DROPPED, 0, "the session timer ran out",
                                   "The far end was not heard of in SIP any more: look at the trunk and the network." },
    [FW_CAUSE_LIMIT] = { unavailable, NULL, FW_RETRY_DROPPED, 0, "call limit reached",
                         "The call took longer than one may: send fewer pages at a time." },
    [FW_CAUSE_INTERNAL] = { unavailable, NULL, FW_RETRY_INTERNAL, 0, "internal",
                            "This service failed: look into its log." },
};

static const struct fw_verdict *row_of(const struct row *rows, size_t count, int code)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].code == code)
            return &rows[i].verdict;
    }
    return NULL;
}

const struct fw_verdict *fw_verdict_of_sip(int sip_status)
{
    const struct fw_verdict *v = row_of(sip, ARRAY_LEN(sip), sip_status);
    if (v)
        return v;
    if (sip_status < 500)
        return &sip_3xx_4xx;
    return sip_status < 600 ? &sip_5xx : &sip_6xx;
}

const struct fw_verdict *fw_verdict_of_q850(int cause)
{
    return row_of(q850, ARRAY_LEN(q850), cause);
}

const struct fw_verdict *fw_verdict_of_t30(int t30_code)
{
    return t30_code >= 0 && (size_t)t30_code < ARRAY_LEN(t30) ? &t30[t30_code] : &t30_unknown;
}

const struct fw_verdict *fw_verdict_of_cause(unsigned cause)
{
    return cause < FW_CAUSE_COUNT && causes[cause].text ? &causes[cause] : NULL;
}
