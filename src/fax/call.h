/* call.h - how a call ended and what carried it: the words that line, queue and API share. */
#ifndef FW_FAX_CALL_H
#define FW_FAX_CALL_H

/* X(name, text). */
#define FW_CALL_CAUSES(X)                                                                          \
    X(DONE, "done")                 /* phase E reached; we hung up, or the far end after it */     \
    X(REJECTED, "rejected")         /* a final SIP answer other than 2xx: sip_status, q850 */      \
    X(REMOTE_HANGUP, "remote_hangup") /* BYE from the far end before the fax was over */           \
    X(DIALOG_LOST, "dialog_lost")   /* 408 or 481 in the call: the far end knows of none */        \
    X(RING_TIMEOUT, "ring_timeout") /* alerting, never answered; we cancelled */                   \
    X(NO_RESPONSE, "no_response")   /* no SIP answer at all */                                     \
    X(CANCELED, "canceled")         /* CALL_CANCEL */                                              \
    X(MODEM_LOST, "modem_lost")     /* our own modem process died */                               \
    X(MEDIA_REFUSED, "media_refused") /* the answer has no media that we can use */                \
    X(T38_SILENT, "t38_silent")     /* T.38 agreed, nothing came, and no way back to G.711 */      \
    X(SESSION_EXPIRED, "session_expired") /* its timer ran out: nobody refreshed it */             \
    X(LIMIT, "limit")               /* the whole-call limit */                                     \
    X(INTERNAL, "internal")         /* a failure of ours; `text` says which */
enum fw_call_cause {
#define X(name, text) FW_CAUSE_##name,
    FW_CALL_CAUSES(X)
#undef X
        FW_CAUSE_COUNT
};
const char *fw_call_cause_text(unsigned cause);

enum fw_call_transport { FW_TRANSPORT_AUDIO, FW_TRANSPORT_T38, FW_TRANSPORT_T38_UNPACED };
const char *fw_call_transport_text(unsigned transport);
#endif
