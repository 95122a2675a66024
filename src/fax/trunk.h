/* trunk.h - the words of a trunk: what config, messages, line and API call its options and states.
 *
 * A trunk is a SIP peer that takes our calls. Each list is X(name, text); the first is the default.
 */
#ifndef FW_FAX_TRUNK_H
#define FW_FAX_TRUNK_H

#define FW_TRUNK_TRANSPORTS(X) X(UDP, "udp") X(TCP, "tcp") X(TLS, "tls")
/* G.711 in our offers, in this order. */
#define FW_TRUNK_CODECS(X)                                                                         \
    X(PCMU_PCMA, "pcmu,pcma") X(PCMA_PCMU, "pcma,pcmu") X(PCMU, "pcmu") X(PCMA, "pcma")
#define FW_TRUNK_T38S(X)                                                                           \
    X(AUTO, "auto")           /* G.711 first, T.38 by re-INVITE when a fax answers */              \
    X(FIRST, "always-first")  /* audio and image in the first offer */                             \
    X(NEVER, "never")
/* Our offer of T.38 in a re-INVITE. */
#define FW_TRUNK_SHAPES(X)                                                                         \
    X(REPLACE, "replace")     /* m=image alone, in the place of m=audio */                         \
    X(RFC3264, "rfc3264")     /* m=audio 0 first: the lines of a session never change */
/* The '+' of a number. */
#define FW_TRUNK_PLUSES(X) X(KEEP, "keep") X(ADD, "add") X(DROP, "drop")
/* Where a call that comes in says which number was called. */
#define FW_TRUNK_CALLEDS(X)                                                                        \
    X(REQUEST_URI, "request-uri") X(TO, "to") X(PARTY, "p-called-party-id")                        \
    X(DIVERSION, "diversion")                                                                      \
    X(HISTORY, "history-info") /* who was called before the diversion to us */
#define FW_TRUNK_HEALTHS(X)                                                                        \
    X(UNKNOWN, "unknown") /* nothing was heard from it yet, or it is not asked */                  \
    X(UP, "up")                                                                                    \
    X(DOWN, "down")       /* used only when no other is up */
#define FW_TRUNK_REGISTRATIONS(X)                                                                  \
    X(OFF, "off")         /* not wanted */                                                         \
    X(TRYING, "trying")                                                                            \
    X(REGISTERED, "registered")                                                                    \
    X(FAILED, "failed")   /* tried again later */

#define FW_TRUNK_LISTS(L)                                                                          \
    L(TRANSPORT, transport, FW_TRUNK_TRANSPORTS) L(CODECS, codecs, FW_TRUNK_CODECS)                \
    L(T38, t38, FW_TRUNK_T38S) L(SHAPE, shape, FW_TRUNK_SHAPES) L(PLUS, plus, FW_TRUNK_PLUSES)     \
    L(CALLED, called, FW_TRUNK_CALLEDS)                                                            \
    L(HEALTH, health, FW_TRUNK_HEALTHS) L(REGISTRATION, registration, FW_TRUNK_REGISTRATIONS)

#define X(name, text) FW_TRUNK_TRANSPORT_##name,
enum fw_trunk_transport { FW_TRUNK_TRANSPORTS(X) FW_TRUNK_TRANSPORT_COUNT };
#undef X
#define X(name, text) FW_TRUNK_CODECS_##name,
enum fw_trunk_codecs { FW_TRUNK_CODECS(X) FW_TRUNK_CODECS_COUNT };
#undef X
#define X(name, text) FW_TRUNK_T38_##name,
enum fw_trunk_t38 { FW_TRUNK_T38S(X) FW_TRUNK_T38_COUNT };
#undef X
#define X(name, text) FW_TRUNK_SHAPE_##name,
enum fw_trunk_shape { FW_TRUNK_SHAPES(X) FW_TRUNK_SHAPE_COUNT };
#undef X
#define X(name, text) FW_TRUNK_PLUS_##name,
enum fw_trunk_plus { FW_TRUNK_PLUSES(X) FW_TRUNK_PLUS_COUNT };
#undef X
#define X(name, text) FW_TRUNK_CALLED_##name,
enum fw_trunk_called { FW_TRUNK_CALLEDS(X) FW_TRUNK_CALLED_COUNT };
#undef X
#define X(name, text) FW_TRUNK_HEALTH_##name,
enum fw_trunk_health { FW_TRUNK_HEALTHS(X) FW_TRUNK_HEALTH_COUNT };
#undef X
#define X(name, text) FW_TRUNK_REGISTRATION_##name,
enum fw_trunk_registration { FW_TRUNK_REGISTRATIONS(X) FW_TRUNK_REGISTRATION_COUNT };
#undef X

/* fw_trunk_transport_text and so on; "unknown" outside of the list. */
#define L(NAME, name, list) const char *fw_trunk_##name##_text(unsigned value);
FW_TRUNK_LISTS(L)
#undef L
#endif
