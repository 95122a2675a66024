/* The call table: rows are where a call is, cells what happens to it there. */
#include "line/call.h"

/* `cause` is stored one up, so that a cell that names none has 0. */
struct cell {
    bool legal;
    uint8_t next, cause_plus;
    uint16_t actions;
};

/* clang-format off */
#define DO(name)              FW_LINE_DO_##name
#define GO(state, todo)       { true, FW_LINE_##state, 0, (todo) }
#define BY(state, todo, why)  { true, FW_LINE_##state, FW_CAUSE_##why + 1, (todo) }
#define ON(event)             [FW_LINE_EV_##event]

#define WAITING_FOR_ANSWER                                                                         \
    ON(PROGRESS) = GO(RINGING, 0), ON(ANSWERED) = GO(AUDIO, DO(OPEN)),                             \
    ON(ANSWERED_T38) = GO(T38, DO(OPEN) | DO(SWITCH)), ON(NEXT) = GO(INVITING, DO(INVITE)),        \
    ON(BROKEN) = BY(ENDED, DO(REPORT), INTERNAL),                                                  \
    ON(UNUSABLE) = BY(LEAVING, DO(BYE) | DO(REPORT), MEDIA_REFUSED),                               \
    ON(REJECTED) = BY(ENDED, DO(REPORT), REJECTED),                                                \
    ON(UNREACHABLE) = BY(ENDED, DO(REPORT), NO_RESPONSE),                                          \
    ON(CANCEL) = BY(LEAVING, DO(CANCEL) | DO(REPORT), CANCELED),                                   \
    ON(MODEM_LOST) = BY(LEAVING, DO(CANCEL) | DO(REPORT), MODEM_LOST)

#define NOT_TAKEN                                                                                  \
    ON(GIVEN_UP) = BY(ENDED, DO(REPORT), REMOTE_HANGUP),                                           \
    ON(CANCEL) = BY(ENDED, DO(REFUSE) | DO(REPORT), CANCELED),                                     \
    ON(MODEM_LOST) = BY(ENDED, DO(REFUSE) | DO(REPORT), MODEM_LOST)

#define TALKING                                                                                    \
    ON(FAX_DONE) = BY(FINISHING, 0, DONE), ON(REMOTE_BYE) = BY(CLOSING, DO(CLOSE), REMOTE_HANGUP), \
    ON(DIALOG_LOST) = BY(CLOSING, DO(CLOSE), DIALOG_LOST),                                         \
    ON(CANCEL) = BY(CLOSING, DO(BYE) | DO(CLOSE), CANCELED),                                       \
    ON(LIMIT) = BY(CLOSING, DO(BYE) | DO(CLOSE), LIMIT),                                           \
    ON(EXPIRED) = BY(CLOSING, DO(BYE) | DO(CLOSE), SESSION_EXPIRED),                               \
    ON(MODEM_LOST) = BY(LEAVING, DO(BYE) | DO(REPORT), MODEM_LOST)

static const struct cell table[FW_LINE_STATE_COUNT][FW_LINE_EVENT_COUNT] = {
    [FW_LINE_NEW] = {
        ON(PLACE) = GO(INVITING, DO(INVITE)),
        ON(WAIT) = GO(WAITING, 0),
        ON(BROKEN) = BY(ENDED, DO(REPORT), INTERNAL),
        ON(INCOMING) = GO(ASKING, DO(ASK)),
    },
    [FW_LINE_ASKING] = {
        ON(ACCEPTED) = GO(ALERTING, DO(RING)),
        ON(REFUSED) = GO(ENDED, DO(REFUSE)),
        NOT_TAKEN,
        ON(BROKEN) = BY(ENDED, DO(REFUSE) | DO(REPORT), INTERNAL),
        ON(TIMEOUT) = BY(ENDED, DO(REFUSE) | DO(REPORT), INTERNAL),
    },
    [FW_LINE_ALERTING] = {
        NOT_TAKEN,
        ON(TIMEOUT) = GO(ANSWERING, DO(ANSWER)),
    },
    [FW_LINE_ANSWERING] = {
        ON(CONFIRMED) = GO(AUDIO, DO(OPEN)),
        ON(CONFIRMED_T38) = GO(T38, DO(OPEN) | DO(SWITCH)),
        ON(UNUSABLE) = BY(LEAVING, DO(BYE) | DO(REPORT), MEDIA_REFUSED),
        ON(REMOTE_BYE) = BY(LEAVING, DO(REPORT), REMOTE_HANGUP),
        ON(DIALOG_LOST) = BY(LEAVING, DO(REPORT), NO_RESPONSE),
        ON(TIMEOUT) = BY(LEAVING, DO(BYE) | DO(REPORT), NO_RESPONSE),
        ON(CANCEL) = BY(LEAVING, DO(BYE) | DO(REPORT), CANCELED),
        ON(MODEM_LOST) = BY(LEAVING, DO(BYE) | DO(REPORT), MODEM_LOST),
    },
    [FW_LINE_WAITING] = {
        ON(PLACE) = GO(INVITING, DO(INVITE)),
        ON(BROKEN) = BY(ENDED, DO(REPORT), INTERNAL),
        ON(CANCEL) = BY(ENDED, DO(REPORT), CANCELED),
        ON(MODEM_LOST) = BY(ENDED, DO(REPORT), MODEM_LOST),
        ON(TIMEOUT) = BY(ENDED, DO(REPORT), INTERNAL),
    },
    [FW_LINE_INVITING] = {
        WAITING_FOR_ANSWER,
        ON(TIMEOUT) = BY(LEAVING, DO(CANCEL) | DO(REPORT), NO_RESPONSE),
    },
    [FW_LINE_RINGING] = {
        WAITING_FOR_ANSWER,
        ON(TIMEOUT) = BY(LEAVING, DO(CANCEL) | DO(REPORT), RING_TIMEOUT),
    },
    [FW_LINE_AUDIO] = {
        TALKING,
        ON(TIMEOUT) = GO(OFFERING, DO(OFFER)),
        ON(REMOTE_T38) = GO(T38, DO(SWITCH)),
        ON(UNDERWAY) = GO(AUDIO, 0),
    },
    [FW_LINE_OFFERING] = {
        TALKING,
        ON(T38_ACCEPTED) = GO(T38, DO(SWITCH)),
        ON(T38_REFUSED) = GO(AUDIO, 0),
        ON(T38_LATER) = GO(BACKOFF, 0),
        ON(UNDERWAY) = GO(OFFERING, 0),
        /* The stack ends a transaction by itself before this. */
        ON(TIMEOUT) = BY(CLOSING, DO(BYE) | DO(CLOSE), REMOTE_HANGUP),
    },
    [FW_LINE_BACKOFF] = {
        TALKING,
        ON(TIMEOUT) = GO(OFFERING, DO(OFFER)),
        ON(REMOTE_T38) = GO(T38, DO(SWITCH)),
        ON(UNDERWAY) = GO(AUDIO, 0),
    },
    [FW_LINE_T38] = {
        TALKING,
        ON(UNDERWAY) = GO(T38, 0),
        ON(SILENT) = GO(RETURNING, DO(RETURN)),
        ON(REMOTE_AUDIO) = GO(RETURNED, DO(SWITCH)),
    },
    [FW_LINE_RETURNING] = {
        TALKING,
        ON(AUDIO_ACCEPTED) = GO(RETURNED, DO(SWITCH)),
        ON(AUDIO_REFUSED) = BY(CLOSING, DO(BYE) | DO(CLOSE), T38_SILENT),
        ON(AUDIO_LATER) = GO(RETURN_LATER, 0),
        ON(UNDERWAY) = GO(RETURNING, 0),
        ON(TIMEOUT) = BY(CLOSING, DO(BYE) | DO(CLOSE), T38_SILENT),
    },
    [FW_LINE_RETURN_LATER] = {
        TALKING,
        ON(TIMEOUT) = GO(RETURNING, DO(RETURN)),
        ON(REMOTE_AUDIO) = GO(RETURNED, DO(SWITCH)),
        ON(UNDERWAY) = GO(RETURN_LATER, 0),
    },
    [FW_LINE_RETURNED] = {
        TALKING,
        ON(UNDERWAY) = GO(RETURNED, 0),
    },
    [FW_LINE_FINISHING] = {
        ON(TIMEOUT) = GO(LEAVING, DO(BYE) | DO(REPORT)),
        ON(REMOTE_BYE) = GO(LEAVING, DO(REPORT)),
        ON(DIALOG_LOST) = GO(LEAVING, DO(REPORT)),
        ON(CANCEL) = GO(LEAVING, DO(BYE) | DO(REPORT)),
        ON(MODEM_LOST) = GO(FINISHING, 0),
        ON(LIMIT) = GO(LEAVING, DO(BYE) | DO(REPORT)),
    },
    [FW_LINE_CLOSING] = {
        ON(FAX_DONE) = GO(LEAVING, DO(REPORT)),
        ON(MODEM_LOST) = GO(LEAVING, DO(REPORT)),
        ON(TIMEOUT) = GO(LEAVING, DO(REPORT)),
        ON(CANCEL) = GO(CLOSING, 0),
    },
    [FW_LINE_LEAVING] = {
        /* Our CANCEL crossed the peer's 2xx: that is a dialog, and it has to be ended. */
        ON(ANSWERED) = GO(LEAVING, DO(BYE)),
        ON(ANSWERED_T38) = GO(LEAVING, DO(BYE)),
        ON(UNUSABLE) = GO(LEAVING, DO(BYE)),
        ON(TERMINATED) = GO(ENDED, 0),
        ON(TIMEOUT) = GO(ENDED, 0),
    },
};
/* clang-format on */

struct fw_line_step fw_line_call_step(enum fw_line_state state, enum fw_line_event event)
{
    fw_assert(state < FW_LINE_STATE_COUNT);
    fw_assert(event < FW_LINE_EVENT_COUNT);
    const struct cell *c = &table[state][event];
    return (struct fw_line_step){
        .legal = c->legal,
        .next = c->next,
        .cause = c->cause_plus ? (uint8_t)(c->cause_plus - 1) : (uint8_t)FW_LINE_NO_CAUSE,
        .actions = c->actions,
    };
}

const char *fw_line_state_text(enum fw_line_state state)
{
    static const char *const text[] = {
#define X(name) #name,
        FW_LINE_STATES(X)
#undef X
    };
    fw_assert(state < ARRAY_LEN(text));
    return text[state];
}

const char *fw_line_event_text(enum fw_line_event event)
{
    static const char *const text[] = {
#define X(name) #name,
        FW_LINE_EVENTS(X)
#undef X
    };
    fw_assert(event < ARRAY_LEN(text));
    return text[event];
}
