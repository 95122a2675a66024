/* What is known of a number: learned, believed for a time, made use of. */
#include "fax/destination.h"

#include <string.h>

#include "base/text.h"
#include "fax/policy.h"

#define DAY_US (24 * 3600 * 1000000LL)

static const struct {
    const char *text;
    int         days;
} facts[] = {
#define X(name, text, days) [FW_FACT_##name] = { text, days },
    FW_FACTS(X)
#undef X
};

const char *fw_fact_text(enum fw_fact f)
{
    fw_assert((unsigned)f < FW_FACT_COUNT);
    return facts[f].text;
}

bool fw_fact_parse(const char *text, enum fw_fact *ret)
{
    for (int f = 0; f < FW_FACT_COUNT; f++) {
        if (strcmp(text, facts[f].text) == 0) {
            *ret = (enum fw_fact)f;
            return true;
        }
    }
    return false;
}

bool fw_destination_knows(const struct fw_destination *d, enum fw_fact f, struct fw_wall now)
{
    const struct fw_known *k = &d->known[f];
    return k->count > 0 && (k->expires_at.us == 0 || k->expires_at.us > now.us);
}

void fw_destination_learn(struct fw_destination *d, enum fw_fact f, const char *cause, struct fw_wall now)
{
    struct fw_known *k = &d->known[f];
    if (!fw_destination_knows(d, f, now))
        *k = (struct fw_known){ 0 };
    if (k->count < INT32_MAX)
        k->count++;
    fw_text_clip(k->cause, sizeof k->cause, cause);
    k->learned_at = now;
    k->expires_at.us = now.us + facts[f].days * DAY_US;
    d->updated_at = now;
    if (f == FW_FACT_HUMAN && k->count >= FW_HUMANS_MAX)
        d->parked = true;
}

bool fw_destination_learn_human(struct fw_destination *d, const char *cause, struct fw_wall dialled, struct fw_wall now)
{
    const struct fw_wall before = d->known[FW_FACT_HUMAN].learned_at;
    if (fw_destination_knows(d, FW_FACT_HUMAN, now) && dialled.us > 0 && dialled.us <= before.us)
        return false;
    fw_destination_learn(d, FW_FACT_HUMAN, cause, now);
    return true;
}

int fw_destination_way(const struct fw_destination *d, int way, struct fw_wall now)
{
    int step = way & ~FW_WAY_NO_ECM;
    const int flag = fw_destination_knows(d, FW_FACT_ECM_BAD, now) ? FW_WAY_NO_ECM : way & FW_WAY_NO_ECM;
    if (fw_destination_knows(d, FW_FACT_T38_BAD, now) && step < FW_WAY_AUDIO)
        step += FW_WAY_AUDIO;
    if (fw_destination_knows(d, FW_FACT_V17_BAD, now) && fw_way_v17(step))
        step++;
    return step | flag;
}

void fw_destination_learn_way(struct fw_destination *d, int way, const char *cause, struct fw_wall now)
{
    if (!fw_way_t38(way))
        fw_destination_learn(d, FW_FACT_T38_BAD, cause, now);
    if (!fw_way_v17(way))
        fw_destination_learn(d, FW_FACT_V17_BAD, cause, now);
    if (!fw_way_ecm(way))
        fw_destination_learn(d, FW_FACT_ECM_BAD, cause, now);
}

static json_t *time_or_null(struct fw_wall at)
{
    char text[FW_TIME_TEXT_SIZE];
    if (at.us == 0)
        return json_null();
    fw_wall_text(at, text);
    return json_string(text);
}

json_t *fw_destination_facts(const struct fw_destination *d)
{
    json_t *json = json_object();
    for (int f = 0; f < FW_FACT_COUNT; f++) {
        const struct fw_known *k = &d->known[f];
        if (k->count > 0)
            (void)json_object_set_new(json, facts[f].text,
                                      json_pack("{si ss so so}", "count", k->count, "cause", k->cause, "learned_at",
                                                time_or_null(k->learned_at), "expires_at",
                                                time_or_null(k->expires_at)));
    }
    return json;
}

static bool read_time(const json_t *json, struct fw_wall *ret)
{
    *ret = (struct fw_wall){ 0 };
    return json_is_null(json) || (json_is_string(json) && fw_wall_parse(fw_span_of(json_string_value(json)), ret));
}

enum fw_err fw_destination_set_facts(struct fw_destination *d, const json_t *json)
{
    if (!json_is_object(json))
        return FW_INVALID;
    memset(d->known, 0, sizeof d->known);
    for (int f = 0; f < FW_FACT_COUNT; f++) {
        const json_t *one = json_object_get(json, facts[f].text);
        struct fw_known *k = &d->known[f];
        const json_int_t count = json_integer_value(json_object_get(one, "count"));
        const char *cause = json_string_value(json_object_get(one, "cause"));
        if (!one)
            continue;
        if (count < 1 || count > INT32_MAX || !cause ||
            !read_time(json_object_get(one, "learned_at"), &k->learned_at) ||
            !read_time(json_object_get(one, "expires_at"), &k->expires_at))
            return FW_INVALID;
        k->count = (int)count;
        fw_text_clip(k->cause, sizeof k->cause, cause);
    }
    return FW_OK;
}
