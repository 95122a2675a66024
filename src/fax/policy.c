/* Retry policies: the named ones, their JSON, the decision, and the ladder of ways. */
#include "fax/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fax/call.h"

static const char *const partials[] = {
#define X(name, text) [FW_PARTIAL_##name] = text,
    FW_PARTIALS(X)
#undef X
};

#define MINUTES(n) ((n) * 60)

/* hylafax: the numbers of a HylaFAX as it is installed: 12 dials, 3 tries, within a day; it goes on
 * where it stopped. */
static const struct {
    const char      *name;
    struct fw_policy policy;
} named[] = {
    { "none",
      { .max_dials = 1, .max_tries = 1, .total_secs = 6 * 3600, .partial = FW_PARTIAL_FAIL, .ladder = true,
        .rules = { [FW_RETRY_BUSY] = { MINUTES(3), 0 },
                   [FW_RETRY_NO_ANSWER] = { MINUTES(10), 0 },
                   [FW_RETRY_NO_FAX] = { MINUTES(60), 0 },
                   [FW_RETRY_PROTOCOL] = { MINUTES(1), 0 },
                   [FW_RETRY_DROPPED] = { MINUTES(1), 0 },
                   [FW_RETRY_NOT_READY] = { MINUTES(20), 0 },
                   [FW_RETRY_CONGESTION] = { MINUTES(5), 0 },
                   [FW_RETRY_TRUNK] = { MINUTES(2), 0 } } } },
    { "standard",
      { .max_dials = 6, .max_tries = 3, .total_secs = 6 * 3600, .partial = FW_PARTIAL_FAIL, .ladder = true,
        .rules = { [FW_RETRY_BUSY] = { MINUTES(3), 5 },
                   [FW_RETRY_NO_ANSWER] = { MINUTES(10), 2 },
                   [FW_RETRY_NO_FAX] = { MINUTES(60), 1 },
                   [FW_RETRY_PROTOCOL] = { MINUTES(1), 3 },
                   [FW_RETRY_DROPPED] = { MINUTES(1), 2 },
                   [FW_RETRY_NOT_READY] = { MINUTES(20), 3 },
                   [FW_RETRY_CONGESTION] = { MINUTES(5), 4 },
                   [FW_RETRY_TRUNK] = { MINUTES(2), 4 } } } },
    { "hylafax",
      { .max_dials = 12, .max_tries = 3, .total_secs = 24 * 3600, .partial = FW_PARTIAL_RESUME, .ladder = true,
        .rules = { [FW_RETRY_BUSY] = { MINUTES(3), 11 },
                   [FW_RETRY_NO_ANSWER] = { MINUTES(5), 11 },
                   [FW_RETRY_NO_FAX] = { MINUTES(30), 1 },
                   [FW_RETRY_PROTOCOL] = { MINUTES(1), 3 },
                   [FW_RETRY_DROPPED] = { MINUTES(1), 3 },
                   [FW_RETRY_NOT_READY] = { MINUTES(10), 11 },
                   [FW_RETRY_CONGESTION] = { MINUTES(5), 11 },
                   [FW_RETRY_TRUNK] = { MINUTES(5), 11 } } } },
};

bool fw_policy_named(const char *name, struct fw_policy *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        if (strcmp(named[i].name, name) != 0)
            continue;
        *ret = named[i].policy;
        return true;
    }
    return false;
}

static bool has_rule(int class)
{
    return class != FW_RETRY_NONE && class != FW_RETRY_INTERNAL;
}

static enum fw_err wrong(struct fw_fault *fault, const char *field, const char *text)
{
    fw_fault_set(fault, field, "%s", text);
    return FW_INVALID;
}

static enum fw_err read_number(const json_t *in, const char *name, int min, int max, int *ret,
                               struct fw_fault *fault)
{
    const json_t *value = json_object_get(in, name);
    if (!value || json_is_null(value))
        return FW_OK;
    if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max) {
        fw_fault_set(fault, name, "must be a number from %d to %d", min, max);
        return FW_INVALID;
    }
    *ret = (int)json_integer_value(value);
    return FW_OK;
}

static enum fw_err read_rule(const json_t *json, int class, struct fw_policy_rule *ret, struct fw_fault *fault)
{
    const bool human = class == FW_RETRY_NO_FAX;
    if (!json_is_object(json))
        return wrong(fault, fw_retry_text((unsigned)class), "must be an object with delay_secs and max");
    const enum fw_err err = read_number(json, "delay_secs", human ? FW_POLICY_HUMAN_DELAY : 1,
                                        FW_POLICY_DELAY_MAX, &ret->delay_secs, fault);
    return err ? err
               : read_number(json, "max", 0, human ? FW_POLICY_HUMAN_MAX : FW_POLICY_DIALS_MAX, &ret->max,
                             fault);
}

/* Says the field from the policy on: busy/delay_secs. */
static void within(struct fw_fault *fault, const char *rule)
{
    char inner[sizeof fault->field];
    if (!fault || strcmp(fault->field, rule) == 0)
        return;
    memcpy(inner, fault->field, sizeof inner);
    snprintf(fault->field, sizeof fault->field, "%.24s/%.32s", rule, inner);
}

static enum fw_err read_partial(const json_t *value, enum fw_partial *ret, struct fw_fault *fault)
{
    for (int i = 0; json_is_string(value) && i < FW_PARTIAL_COUNT; i++) {
        if (strcmp(json_string_value(value), partials[i]) != 0)
            continue;
        *ret = (enum fw_partial)i;
        return FW_OK;
    }
    return wrong(fault, "partial", "must be fail, resume or resend");
}

static enum fw_err read_field(const json_t *in, const char *name, struct fw_policy *p, struct fw_fault *fault)
{
    const json_t *value = json_object_get(in, name);
    if (strcmp(name, "max_dials") == 0)
        return read_number(in, name, 1, FW_POLICY_DIALS_MAX, &p->max_dials, fault);
    if (strcmp(name, "max_tries") == 0)
        return read_number(in, name, 1, FW_POLICY_DIALS_MAX, &p->max_tries, fault);
    if (strcmp(name, "total_secs") == 0)
        return read_number(in, name, 1, FW_POLICY_TOTAL_MAX, &p->total_secs, fault);
    if (strcmp(name, "partial") == 0)
        return read_partial(value, &p->partial, fault);
    if (strcmp(name, "ladder") == 0) {
        if (!json_is_boolean(value))
            return wrong(fault, name, "must be true or false");
        p->ladder = json_is_true(value);
        return FW_OK;
    }
    for (int class = 0; class < FW_RETRY_COUNT; class++) {
        if (!has_rule(class) || strcmp(name, fw_retry_text((unsigned)class)) != 0)
            continue;
        const enum fw_err err = read_rule(value, class, &p->rules[class], fault);
        if (err)
            within(fault, name);
        return err;
    }
    return strcmp(name, "policy") == 0 ? FW_OK : wrong(fault, name, "is not a field of a retry policy");
}

enum fw_err fw_policy_read(const json_t *json, struct fw_policy *ret, struct fw_fault *fault)
{
    const json_t *base = json_is_object(json) ? json_object_get(json, "policy") : json;
    const char *name = json_is_object(json) && !base ? "standard" : json_string_value(base);
    const char *field;
    json_t *value;
    if (!name || !fw_policy_named(name, ret))
        return wrong(fault, "policy", "must be none, standard or hylafax");
    if (!json_is_object(json))
        return FW_OK;
    json_object_foreach((json_t *)(uintptr_t)json, field, value) {
        const enum fw_err err = read_field(json, field, ret, fault);
        if (err)
            return err;
    }
    return FW_OK;
}

enum fw_err fw_policy_read_text(const char *text, struct fw_policy *ret, struct fw_fault *fault)
{
    if (text[0] != '{')
        return fw_policy_named(text, ret) ? FW_OK : wrong(fault, "policy", "must be none, standard or hylafax");
    json_t *json = json_loads(text, 0, NULL);
    const enum fw_err err = json ? fw_policy_read(json, ret, fault) : wrong(fault, "policy", "is not JSON");
    json_decref(json);
    return err;
}

json_t *fw_policy_json(const struct fw_policy *p)
{
    json_t *json = json_pack("{si si si ss sb}", "max_dials", p->max_dials, "max_tries", p->max_tries, "total_secs",
                             p->total_secs, "partial", partials[p->partial], "ladder", p->ladder);
    for (int class = 0; class < FW_RETRY_COUNT; class++) {
        if (has_rule(class))
            (void)json_object_set_new(json, fw_retry_text((unsigned)class),
                                      json_pack("{si si}", "delay_secs", p->rules[class].delay_secs, "max",
                                                p->rules[class].max));
    }
    return json;
}

PRINTF(2, 3) static bool refuse(struct fw_policy_decision *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->why, sizeof d->why, format, args);
    va_end(args);
    return false;
}

/* Every limit, in the order that a reader would ask. */
static bool allowed(const struct fw_policy *p, const struct fw_policy_history *h, const struct fw_outcome *o,
                    int pages, struct fw_policy_decision *d)
{
    const struct fw_policy_rule *rule = &p->rules[o->retry];
    if (o->retry == FW_RETRY_NONE || p->max_dials <= 1)
        return false; /* nothing to tell: it would not help, or it was not asked for */
    if (o->retry == FW_RETRY_INTERNAL)
        return refuse(d, "broken off by a failure of our own with %d pages confirmed", pages);
    if (pages > 0 && p->partial == FW_PARTIAL_FAIL)
        return refuse(d, "not dialled again: %d pages have arrived", pages);
    if (h->of[o->retry] > rule->max)
        return refuse(d, "not dialled again: it came to this %d times", h->of[o->retry]);
    if (h->dials >= p->max_dials)
        return refuse(d, "not dialled again: %d dials were made", h->dials);
    if (h->tries >= p->max_tries)
        return refuse(d, "not dialled again: %d calls were answered", h->tries);
    return true;
}

void fw_policy_decide(const struct fw_policy *p, const struct fw_policy_history *h, const struct fw_outcome *o,
                      int pages, struct fw_wall now, struct fw_policy_decision *ret)
{
    *ret = (struct fw_policy_decision){ 0 };
    if (!allowed(p, h, o, pages, ret))
        return;
    ret->due.us = now.us + p->rules[o->retry].delay_secs * 1000000LL;
    if (ret->due.us - h->first.us > p->total_secs * 1000000LL) {
        (void)refuse(ret, "not dialled again: the %d seconds for it are over", p->total_secs);
        return;
    }
    ret->again = true;
    ret->skip = p->partial == FW_PARTIAL_RESUME ? pages : 0;
}

const char *fw_way_text(int way)
{
    static const char *const texts[] = {
#define X(name, text) [FW_WAY_##name] = text,
        FW_WAYS(X)
#undef X
    };
    return texts[way & (FW_WAY_NO_ECM - 1) & 3];
}

static int step_of(int way)
{
    return way & 3;
}

bool fw_way_t38(int way)
{
    return step_of(way) < FW_WAY_AUDIO;
}

bool fw_way_v17(int way)
{
    return step_of(way) == FW_WAY_T38 || step_of(way) == FW_WAY_AUDIO;
}

bool fw_way_ecm(int way)
{
    return !(way & FW_WAY_NO_ECM);
}

int fw_way_after(int way, const struct fw_outcome *o, int transport)
{
    int step = step_of(way);
    const int flag = (way | (o->change & FW_CHANGE_NO_ECM ? FW_WAY_NO_ECM : 0)) & FW_WAY_NO_ECM;
    if (o->retry != FW_RETRY_PROTOCOL && o->retry != FW_RETRY_DROPPED)
        return way;
    /* A call that never left audio has nothing to learn about T.38. */
    if (transport == FW_TRANSPORT_AUDIO && step < FW_WAY_AUDIO)
        step = FW_WAY_AUDIO;
    else if (o->change & FW_CHANGE_TRANSPORT && step < FW_WAY_AUDIO)
        step = FW_WAY_AUDIO;
    else if (step < FW_WAY_AUDIO_SLOW && (!(o->change & FW_CHANGE_NO_ECM) || o->change & FW_CHANGE_SLOWER))
        step++;
    return step | flag;
}
