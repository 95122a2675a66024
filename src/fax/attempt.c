/* Attempts: in the words of the API, and their record that grows. */
#include "fax/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "fax/call.h"
#include "fax/fax_json.h"

static const char *const states[] = {
#define X(name, text) [FW_ATTEMPT_##name] = text,
    FW_ATTEMPT_STATES(X)
#undef X
};

const char *fw_attempt_state_text(enum fw_attempt_state s)
{
    fw_assert((unsigned)s < FW_ATTEMPT_STATE_COUNT);
    return states[s];
}

bool fw_attempt_state_parse(const char *text, enum fw_attempt_state *ret)
{
    for (int s = 0; s < FW_ATTEMPT_STATE_COUNT; s++) {
        if (strcmp(text, states[s]) == 0) {
            *ret = (enum fw_attempt_state)s;
            return true;
        }
    }
    return false;
}

const char *fw_call_transport_text(unsigned transport)
{
    static const char *const text[] = { "audio", "t38", "t38-unpaced" };
    return transport < ARRAY_LEN(text) ? text[transport] : "unknown";
}

void fw_fax_attempt_done(struct fw_fax_attempt *a)
{
    free(a->record);
    *a = (struct fw_fax_attempt){ 0 };
}

static json_t *text_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

static json_t *time_or_null(struct fw_wall at)
{
    char text[FW_TIME_TEXT_SIZE];
    if (at.us == 0)
        return json_null();
    fw_wall_text(at, text);
    return json_string(text);
}

static json_t *number_or_null(int value, int none)
{
    return value == none ? json_null() : json_integer(value);
}

static json_t *record_of(const struct fw_fax_attempt *a)
{
    json_t *record = a->record ? json_loads(a->record, 0, NULL) : NULL;
    return record ? record : json_object();
}

json_t *fw_fax_attempt_json(const struct fw_fax_attempt *a)
{
    return json_pack(
        "{ss ss si ss ss so so so ss so so so so so so so so so si si so}",
        "record_type", "fax_attempt", "fax_id", a->fax, "number", a->number, "call_id", a->call,
        "trunk", a->trunk, "started_at", time_or_null(a->started_at),
        "answered_at", time_or_null(a->answered_at), "ended_at", time_or_null(a->ended_at),
        "status", fw_attempt_state_text(a->state), "failure_reason", text_or_null(a->reason),
        "internal_failure_reason", text_or_null(a->detail), "retry_class", text_or_null(a->retry_class),
        "advice", text_or_null(a->advice), "sip_status", number_or_null(a->sip_status, 0),
        "q850_cause", number_or_null(a->q850, 0), "t30_code", number_or_null(a->t30_code, -1),
        "transport", a->transport < 0 ? json_null() : json_string(fw_call_transport_text((unsigned)a->transport)),
        "bit_rate", number_or_null(a->bit_rate, 0), "first_page", a->first_page + 1,
        "pages_confirmed", a->pages_confirmed, "record", record_of(a));
}

enum fw_err fw_fax_attempt_record(struct fw_fax_attempt *a, json_t *more)
{
    json_t *fields CLEANUP(fw_json_free) = more;
    json_t *record CLEANUP(fw_json_free) = record_of(a);
    if (!fields)
        return FW_OK;
    if (!record || json_object_update(record, fields) < 0)
        return FW_NO_MEMORY;
    char *text = json_dumps(record, JSON_COMPACT);
    if (!text)
        return FW_NO_MEMORY;
    if (strlen(text) > FW_ATTEMPT_RECORD_MAX) {
        free(text);
        return FW_LIMIT;
    }
    free(a->record);
    a->record = text;
    return FW_OK;
}
