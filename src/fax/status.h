/* status.h - the states of a fax, sent or received, and the events that tell of their changes.
 *
 * Pure. One table: who has a fax in that state, how long at the most, what may follow, and what happens when
 * the time is over. A change that is not in it is refused by the store, in every build, so that a late or
 * doubled message can never move a fax backwards or end it twice. The diagram in ARCHITECTURE.md and the
 * texts in doc/api.yaml are printed from it (test/tools/states.c).
 *
 * The names are those of the API. The way back from a call to media.processed is a call that failed and is
 * made again: by the policy of the fax (doc/decisions/0017), or because our own crash cut it off (0003).
 */
#ifndef FW_STATUS_H
#define FW_STATUS_H
#include "base/buf.h"

/* What says how long a fax may take. X(name, option of the configuration). */
#define FW_LIMITS(X)                                                                               \
    X(WAIT, "wait_limit_secs")                                                                     \
    X(DOCUMENTS, "document_limit_secs")                                                            \
    X(RING, "ring_timeout_secs")                                                                   \
    X(CALL, "call_limit_secs")                                                                     \
    X(ANSWER, "answer_delay_ms")
enum fw_time_limit {
#define X(name, option) FW_LIMIT_##name,
    FW_LIMITS(X)
#undef X
        FW_LIMIT_COUNT
};
struct fw_limits {
    int64_t ms[FW_LIMIT_COUNT];
};

/* X(name, text, faxes, owner, limits, grace in seconds, since, next, at the deadline). The limits, whose sum
 * counts, and the grace are those of one stay, from `since` on; owners are rooms of src/. */
#define FW_STATUSES(X)                                                                             \
    X(QUEUED, "queued", SENT, "queue", ON(WAIT) | ON(DOCUMENTS), 630, "it was accepted",           \
      TO(MEDIA_PROCESSED) | TO(FAILED), "it fails with service_unavailable")                       \
    X(MEDIA_PROCESSED, "media.processed", SENT, "queue", ON(WAIT), 600, "it fell due",             \
      TO(ORIGINATED) | TO(FAILED), "it fails with service_unavailable")                            \
    X(ORIGINATED, "originated", SENT, "queue", ON(RING) | ON(CALL), 20, "it was dialled",          \
      TO(SENDING) | TO(MEDIA_PROCESSED) | TO(FAILED), "the call is given up, as a failure of ours") \
    X(SENDING, "sending", SENT, "queue", ON(RING) | ON(CALL), 20, "it was dialled",                \
      TO(DELIVERED) | TO(MEDIA_PROCESSED) | TO(FAILED),                                            \
      "the call is given up; what its journal has confirmed counts")                               \
    X(DELIVERED, "delivered", SENT, "", 0, 0, "", 0, "")                                           \
    X(FAILED, "failed", SENT | TAKEN, "", 0, 0, "", 0, "")                                         \
    X(INITIATED, "initiated", TAKEN, "receive", ON(ANSWER), 65, "it came in",                      \
      TO(RECEIVING) | TO(FAILED), "the call is given up, and it fails")                            \
    X(RECEIVING, "receiving", TAKEN, "receive", ON(CALL), 20, "it was answered",                   \
      TO(MEDIA_PROCESSING) | TO(FAILED),                                                           \
      "the call is given up; the pages that its journal has are received, without any it fails")   \
    X(MEDIA_PROCESSING, "media.processing", TAKEN, "receive", ON(WAIT), 5, "the call was over",    \
      TO(RECEIVED) | TO(FAILED),                                                                   \
      "it fails with media_processing_exception; its pages stay in the data folder")               \
    X(RECEIVED, "received", TAKEN, "", 0, 0, "", 0, "")
enum fw_status {
#define X(name, ...) FW_STATUS_##name,
    FW_STATUSES(X)
#undef X
        FW_STATUS_COUNT
};
struct fw_state {
    const char *text;
    bool        sent, taken;  /* whose state it is: of faxes that we send, of faxes that we receive */
    const char *owner;        /* empty: final */
    uint32_t    limits;       /* bits 1 << enum fw_time_limit */
    int         grace_secs;
    const char *since;
    uint32_t    next;         /* bits 1 << enum fw_status */
    const char *at_deadline;
};
const struct fw_state *fw_state_of(enum fw_status s);
const char *fw_limit_option(enum fw_time_limit l);
/* The longest that a fax may stay in `s`, which is not final: milliseconds. */
int64_t fw_status_limit_ms(enum fw_status s, const struct fw_limits *l);
const char *fw_status_text(enum fw_status s);
MUST_USE bool fw_status_parse(const char *text, enum fw_status *ret);
bool          fw_status_final(enum fw_status s);
bool          fw_status_may_become(enum fw_status from, enum fw_status to);

/* X(name, type in the API, told by webhook). The rest is for GET /v2/faxes/{id}/events. */
#define FW_EVENTS(X)                                                                               \
    X(QUEUED, "fax.queued", true)                                                                  \
    X(MEDIA_PROCESSED, "fax.media.processed", true)                                                \
    X(SENDING_STARTED, "fax.sending.started", true)                                                \
    X(DELIVERED, "fax.delivered", true)                                                            \
    X(FAILED, "fax.failed", true)                                                                  \
    X(DIALLING, "call.dialling", false)                                                            \
    X(RINGING, "call.ringing", false)                                                              \
    X(ANSWERED, "call.answered", false)                                                            \
    X(TRANSPORT, "call.transport", false)                                                          \
    X(NEGOTIATED, "call.negotiated", false)                                                        \
    X(PAGE_CONFIRMED, "page.confirmed", false)                                                     \
    X(INTERRUPTED, "attempt.interrupted", false)                                                   \
    X(ATTEMPT_FAILED, "attempt.failed", false)                                                   \
    X(CANCEL_ASKED, "cancel.asked", false)                                                         \
    X(RECEIVING_STARTED, "fax.receiving.started", true)                                            \
    X(MEDIA_PROCESSING_STARTED, "fax.media.processing.started", true)                              \
    X(RECEIVED, "fax.received", true)                                                              \
    X(INCOMING, "call.incoming", false)                                                            \
    X(PAGE_RECEIVED, "page.received", false)                                                       \
    X(TRUNK_LEFT, "call.trunk_left", false)                                                        \
    X(EMAIL_DELIVERED, "fax.email.delivered", true)                                                \
    X(EMAIL_GIVEN_UP, "email.given_up", false)                                                     \
    X(BATCH_COMPLETED, "fax.batch.completed", true)                                                     \
    X(RESULT_MAILED, "email.result_sent", false)                                                   \
    X(FORWARDED, "forward.done", false)                                                            \
    X(FORWARD_FAILED, "forward.failed", false)                                                     \
    X(FORWARD_GIVEN_UP, "forward.given_up", false)                                                 \
    X(PAGE_KEPT, "fax.page.received", true)
enum fw_event_kind {
#define X(name, text, webhook) FW_EVENT_##name,
    FW_EVENTS(X)
#undef X
        FW_EVENT_COUNT
};
const char *fw_event_text(enum fw_event_kind k);
bool        fw_event_is_webhook(enum fw_event_kind k);
MUST_USE bool fw_event_parse(const char *text, enum fw_event_kind *ret);
#endif
