/* The trunks: what is wanted, what was told, what was heard. */
#include "trunks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "config_trunk.h"

enum { CARRIER_AFTER_ANSWER_MS = 4000, CARRIER_AFTER_CED_MS = 1000 };

struct trunk {
    bool wanted, told, heard;
    struct fw_msg_trunk_set set;
    struct fw_msg_trunk_set was; /* what the line knows */
    struct fw_msg_trunk_state state;
    struct fw_wall state_at;
};

struct fw_trunks {
    pthread_mutex_t lock;
    size_t count;
    struct trunk trunks[2 * FW_CONFIG_TRUNKS_MAX]; /* the old ones too, until they are taken away */
};

enum fw_err fw_trunks_new(struct fw_trunks **ret)
{
    struct fw_trunks *t = calloc(1, sizeof *t);
    if (!t)
        return FW_NO_MEMORY;
    pthread_mutex_init(&t->lock, NULL);
    *ret = t;
    return FW_OK;
}

void fw_trunks_free(struct fw_trunks *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    explicit_bzero(t->trunks, sizeof t->trunks);
    free(t);
}

static struct trunk *find(struct fw_trunks *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->trunks[i].set.name, name) == 0)
            return &t->trunks[i];
    }
    return NULL;
}

/* Those that are wanted no more and were never told have no reason to be here. */
static void compact(struct fw_trunks *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->trunks[i].wanted || t->trunks[i].told)
            t->trunks[kept++] = t->trunks[i];
    }
    t->count = kept;
}

static void want(struct fw_trunks *t, const struct fw_msg_trunk_set *sets, size_t count)
{
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->count; i++)
        t->trunks[i].wanted = false;
    compact(t);
    for (size_t i = 0; i < count; i++) {
        struct trunk *at = find(t, sets[i].name);
        if (!at && t->count < ARRAY_LEN(t->trunks)) {
            at = &t->trunks[t->count++];
            *at = (struct trunk){ .wanted = false };
        }
        if (!at)
            continue;
        at->set = sets[i];
        at->wanted = true;
    }
    compact(t);
    pthread_mutex_unlock(&t->lock);
}

void fw_trunks_want_config(struct fw_trunks *t, const struct fw_config *config)
{
    static struct fw_msg_trunk_set sets[FW_CONFIG_TRUNKS_MAX]; /* one thread */
    size_t count = 0;
    for (; count < config->trunks_count && count < ARRAY_LEN(sets); count++)
        fw_config_trunk_message(&config->trunks[count], &sets[count]);
    want(t, sets, count);
    explicit_bzero(sets, sizeof sets);
}

void fw_trunks_want_carrier(struct fw_trunks *t, uint16_t port, bool unpaced)
{
    struct fw_msg_trunk_set carrier = { .port = port, .unpaced = unpaced, .weight = 1,
                                        .t38_after_answer_ms = CARRIER_AFTER_ANSWER_MS,
                                        .t38_after_ced_ms = CARRIER_AFTER_CED_MS };
    fw_text_clip(carrier.name, sizeof carrier.name, "carrier");
    fw_text_clip(carrier.host, sizeof carrier.host, "127.0.0.1");
    want(t, &carrier, 1);
}

enum fw_err fw_trunks_reload(struct fw_trunks *t, const char *path)
{
    struct fw_fault fault = { 0 };
    struct fw_config *config = NULL;
    if (!path)
        fw_fault_set(&fault, "config", "there is no configuration file");
    const enum fw_err err = path ? fw_config_load(path, &fault, &config) : FW_INVALID;
    if (!err && config->trunks_count == 0)
        fw_fault_set(&fault, "trunks", "none is configured");
    const bool usable = !err && config->trunks_count > 0;
    if (usable) {
        fw_log(FW_LOG_INFO, "service.reload", "trunks=%u", config->trunks_count);
        fw_trunks_want_config(t, config);
    } else {
        fw_log(FW_LOG_ERROR, "service.reload", "kept=the old trunks field=%s what=%s", FW_LOG_TEXT(fault.field),
               FW_LOG_TEXT(fault.message));
    }
    fw_config_free(config);
    return usable ? FW_OK : FW_INVALID;
}

/* Messages are zeroed before they are filled, so equal settings are equal bytes. */
static bool same(const struct fw_msg_trunk_set *a, const struct fw_msg_trunk_set *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

void fw_trunks_tell(struct fw_trunks *t, fw_trunks_send_fn *send, void *arg)
{
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->count; i++) {
        struct trunk *at = &t->trunks[i];
        struct fw_msg msg = { .kind = FW_MSG_KIND_TRUNK_GONE };
        if (at->told && !at->wanted) {
            fw_text_clip(msg.trunk_gone.name, sizeof msg.trunk_gone.name, at->set.name);
            at->told = false;
        } else if (at->wanted && (!at->told || !same(&at->set, &at->was))) {
            msg.kind = FW_MSG_KIND_TRUNK_SET;
            msg.trunk_set = at->was = at->set;
            at->told = true;
        } else {
            continue;
        }
        fw_log(FW_LOG_INFO, "trunk.told", "trunk=%s what=%s", FW_LOG_TEXT(at->set.name), fw_msg_text(msg.kind));
        send(arg, &msg);
        explicit_bzero(&msg, sizeof msg);
    }
    compact(t);
    pthread_mutex_unlock(&t->lock);
}

void fw_trunks_forget(struct fw_trunks *t)
{
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->count; i++)
        t->trunks[i].told = t->trunks[i].heard = false;
    compact(t);
    pthread_mutex_unlock(&t->lock);
}

void fw_trunks_heard(struct fw_trunks *t, const struct fw_msg_trunk_state *state)
{
    pthread_mutex_lock(&t->lock);
    struct trunk *at = find(t, state->name);
    if (at) {
        at->state = *state;
        at->state_at = fw_wall_now();
        at->heard = true;
    }
    pthread_mutex_unlock(&t->lock);
}

static json_t *time_or_null(struct fw_wall at)
{
    char text[FW_TIME_TEXT_SIZE];
    if (at.us == 0)
        return json_null();
    fw_wall_text(at, text);
    return json_string(text);
}

/* "up" is one that takes calls as far as we know. */
static const char *status_of(const struct trunk *at)
{
    if (!at->heard)
        return "unknown";
    if (at->state.health == FW_TRUNK_HEALTH_DOWN || (at->set.register_s && at->state.registered_s == 0))
        return "down";
    return at->state.health == FW_TRUNK_HEALTH_UP || at->state.registered_s ? "up" : "unknown";
}

enum { WAIT_S = 60 }; /* half of what the line waits for a turn (FW_LINE_WAIT_MS) */

/* 0: any number. */
static uint32_t channels_of(const struct fw_msg_trunk_set *set)
{
    const uint32_t begun = (uint32_t)set->calls_per_second * WAIT_S;
    if (set->channels == 0 || begun == 0)
        return set->channels ? set->channels : begun;
    return begun < set->channels ? begun : set->channels;
}

uint32_t fw_trunks_channels(struct fw_trunks *t)
{
    uint32_t sum[2] = { 0 }, wanted[2] = { 0 }; /* of those that are down, and of the others */
    bool any[2] = { false };
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->count; i++) {
        const struct trunk *at = &t->trunks[i];
        const int well = strcmp(status_of(at), "down") != 0;
        if (!at->wanted)
            continue;
        wanted[well]++;
        any[well] |= channels_of(&at->set) == 0;
        sum[well] += channels_of(&at->set);
    }
    pthread_mutex_unlock(&t->lock);
    const int which = wanted[1] > 0;
    return any[which] ? 0 : sum[which];
}

static json_t *json_of(const struct trunk *at)
{
    const struct fw_msg_trunk_state *s = &at->state;
    const struct fw_wall none = { 0 };
    const struct fw_wall until = { at->state_at.us + (int64_t)s->registered_s * 1000000 };
    const struct fw_wall failed = { at->state_at.us - (int64_t)s->error_age_s * 1000000 };
    json_t *error = s->error[0] ? json_pack("{ss si so}", "text", s->error, "sip_status", s->error_status,
                                            "occurred_at", time_or_null(failed))
                                : json_null();
    return json_pack("{ss ss ss si ss ss ss so si si si si so}", "record_type", "trunk", "name", at->set.name,
                     "host", at->set.host, "port", at->set.port, "transport",
                     fw_trunk_transport_text(at->set.transport), "status", status_of(at), "registration",
                     fw_trunk_registration_text(at->set.register_s && !at->heard ? FW_TRUNK_REGISTRATION_TRYING
                                                                                 : s->registration),
                     "registered_until", time_or_null(s->registered_s ? until : none), "priority",
                     at->set.priority, "weight", at->set.weight, "channels", at->set.channels,
                     "calls_in_progress", s->calls, "last_error", error);
}

json_t *fw_trunks_json(struct fw_trunks *t)
{
    json_t *array = json_array();
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->count && array; i++) {
        if (!t->trunks[i].wanted)
            continue;
        if (json_array_append_new(array, json_of(&t->trunks[i])) < 0) {
            json_decref(array);
            array = NULL;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return array;
}
