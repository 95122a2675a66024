/* status.h - the states of a fax, sent or received, the changes between them, the events that tell.
 *
 * Pure. The names are those of the API. A change that is not in the table is refused, so that
 * a late or doubled message can never move a fax backwards or end it twice.
 *
 *   queued -> media.processed -> originated -> sending -> delivered
 *      |            | ^              | |         | |
 *      |            | '--------------'-|---------' |
 *      '------------'------------------'-----------'--> failed
 *
 *   initiated -> receiving -> media.processing -> received
 *       |            |               |
 *       '------------'---------------'--> failed
 *
 * The way back to media.processed is a call that our own crash cut off before any page was
 * confirmed: it is dialled again (doc/decisions/0003).
 */
#ifndef FW_STATUS_H
#define FW_STATUS_H
#include "base/buf.h"

#define FW_STATUSES(X)                                                                             \
    X(QUEUED, "queued")                                                                            \
    X(MEDIA_PROCESSED, "media.processed")                                                          \
    X(ORIGINATED, "originated")                                                                    \
    X(SENDING, "sending")                                                                          \
    X(DELIVERED, "delivered")                                                                      \
    X(FAILED, "failed")                                                                            \
    X(INITIATED, "initiated")                                                                      \
    X(RECEIVING, "receiving")                                                                      \
    X(MEDIA_PROCESSING, "media.processing")                                                        \
    X(RECEIVED, "received")
enum fw_status {
#define X(name, text) FW_STATUS_##name,
    FW_STATUSES(X)
#undef X
        FW_STATUS_COUNT
};
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
    X(RESULT_MAILED, "email.result_sent", false)
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
