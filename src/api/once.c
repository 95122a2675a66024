/* Requests with a name: claimed, looked up, answered again. */
#include "api/once.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/request.h"
#include "base/log.h"
#include "base/text.h"

enum {
    KEY_S = 24 * 3600, /* CONTRACT 7 */
    COMMAND_S = 60,
    IN_PROCESS_RETRY_S = 5, /* a fax takes minutes, but there are many */
};

void fw_claims_init(struct fw_claims *c)
{
    pthread_mutex_init(&c->lock, NULL);
    c->first = NULL;
}

void fw_claims_done(struct fw_claims *c)
{
    fw_assert(!c->first);
    pthread_mutex_destroy(&c->lock);
}

static bool same(const struct fw_claim *a, const struct fw_claim *b)
{
    return a->account == b->account && strcmp(a->name->scope, b->name->scope) == 0 &&
           strcmp(a->name->key, b->name->key) == 0;
}

bool fw_claims_take(struct fw_claims *c, struct fw_claim *claim)
{
    pthread_mutex_lock(&c->lock);
    const struct fw_claim *other = c->first;
    while (other && !same(other, claim))
        other = other->next;
    if (!other) {
        claim->next = c->first;
        c->first = claim;
    }
    pthread_mutex_unlock(&c->lock);
    return !other;
}

void fw_claims_give(struct fw_claims *c, struct fw_claim *claim)
{
    pthread_mutex_lock(&c->lock);
    struct fw_claim **at = &c->first;
    while (*at && *at != claim)
        at = &(*at)->next;
    fw_assert(*at);
    *at = claim->next;
    pthread_mutex_unlock(&c->lock);
}

static void name_it(struct fw_request *r, const char *scope, const char *key, int secs)
{
    struct fw_once *name = &r->once.names[r->once.count++];
    fw_assert(r->once.count <= FW_ONCE_NAMES_MAX && fw_text_copy(name->key, sizeof name->key, fw_span_of(key)));
    fw_text_clip(name->scope, sizeof name->scope, scope);
    name->expires_at.us = fw_wall_now().us + secs * 1000000LL;
}

void fw_once_header(struct fw_request *r, const char *key)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:-";
    char scope[FW_ONCE_SCOPE_SIZE];
    if (!key || !r->route->once)
        return;
    const size_t size = strlen(key);
    if (size == 0 || size > FW_ONCE_KEY_MAX || key[strspn(key, allowed)] != '\0') {
        fw_api_error_at(&r->errors, FW_API_BAD_REQUEST, NULL,
                        "The header Idempotency-Key must have 1 to %d characters: letters, digits, "
                        "'_', ':' and '-'.",
                        FW_ONCE_KEY_MAX);
        return;
    }
    snprintf(scope, sizeof scope, "%s %s", r->route->method, r->route->pattern);
    name_it(r, scope, key, KEY_S);
}

/* Of a fax only. A wrong one is told with the other fields. */
static void name_command(struct fw_request *r)
{
    const char *id = json_string_value(json_object_get(r->body.fields, "command_id"));
    if (id && id[0] && strlen(id) <= FW_ONCE_KEY_MAX && strcmp(r->route->pattern, "/v2/faxes") == 0)
        name_it(r, "command_id", id, COMMAND_S);
}

/* Of what was understood and what it is about, so that neither the boundary of a form nor the order of
 * fields counts. */
static enum fw_err hash_request(struct fw_request *r)
{
    struct fw_hash *hash = fw_hash_new();
    char *text = json_dumps(r->body.fields, JSON_COMPACT | JSON_SORT_KEYS);
    enum fw_err err = hash && text ? FW_OK : FW_NO_MEMORY;
    if (!err) {
        fw_hash_put(hash, (struct fw_span){ (const uint8_t *)text, strlen(text) + 1 });
        for (size_t i = 0; i < ARRAY_LEN(r->arguments); i++) {
            const char *argument = r->arguments[i] ? r->arguments[i] : "";
            if (argument[0]) /* none: as ever, what was asked before an upgrade is known after it */
                fw_hash_put(hash, (struct fw_span){ (const uint8_t *)argument, strlen(argument) + 1 });
        }
        err = fw_uploads_hash(&r->uploads, hash);
    }
    free(text);
    fw_hash_end(hash, r->once.request_sha256);
    return err;
}

static void in_progress(struct fw_request *r)
{
    fw_request_header(r, "x-should-retry", "true");
    fw_request_header(r, "retry-after", "1");
    fw_api_error_at(&r->errors, FW_API_IN_PROGRESS, NULL,
                    "A request with the same Idempotency-Key or command_id is being processed.");
}

static bool claim_all(struct fw_request *r)
{
    struct fw_request_once *o = &r->once;
    for (; o->claimed < o->count; o->claimed++) {
        struct fw_claim *claim = &o->claims[o->claimed];
        *claim = (struct fw_claim){ .account = r->account, .name = &o->names[o->claimed] };
        if (!fw_claims_take(r->claims, claim))
            return false;
    }
    return true;
}

/* True: `name` was answered before, and so is `r` now. */
static bool answered(struct fw_request *r, const struct fw_once *name)
{
    struct fw_once_answer before CLEANUP(fw_once_answer_done) = { 0 };
    const enum fw_err err = fw_store_once_find(r->config->store, r->account, name->scope, name->key,
                                               fw_wall_now(), &before);
    if (err == FW_NOT_FOUND)
        return false;
    if (err) {
        fw_api_error_store(&r->errors, err);
    } else if (strcmp(before.request_sha256, r->once.request_sha256) != 0) {
        const bool is_command = strcmp(name->scope, "command_id") == 0;
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, is_command ? "/command_id" : NULL,
                        "This %s was used before for a request with other content.",
                        is_command ? "command_id" : "Idempotency-Key");
    } else {
        r->text = TAKE(before.text);
        r->status = before.status;
        fw_request_header(r, "Idempotent-Replayed", "true");
        fw_log(FW_LOG_INFO, "request.replayed", "scope=%s request=%s", FW_LOG_TEXT(name->scope), r->id);
    }
    return true;
}

bool fw_once_enter(struct fw_request *r)
{
    name_command(r);
    if (r->once.count == 0)
        return true;
    const enum fw_err err = hash_request(r);
    if (err) {
        fw_api_error_store(&r->errors, err);
        return false;
    }
    /* First the claim, then the look: who had it has by then written what there is to find. */
    bool enter = claim_all(r);
    if (!enter)
        in_progress(r);
    for (int i = 0; i < r->once.count && enter; i++)
        enter = !answered(r, &r->once.names[i]);
    if (!enter)
        fw_once_leave(r);
    return enter;
}

void fw_once_leave(struct fw_request *r)
{
    while (r->once.claimed > 0)
        fw_claims_give(r->claims, &r->once.claims[--r->once.claimed]);
}

struct fw_admission fw_once_admission(const struct fw_request *r)
{
    return (struct fw_admission){ .names = r->once.names, .name_count = r->once.count,
                                  .request_sha256 = r->once.request_sha256, .status = r->status,
                                  .text = r->text, .now = fw_wall_now(),
                                  .in_process_max = r->config->faxes_in_process_max };
}

void fw_once_refused(struct fw_request *r, enum fw_err err)
{
    if (err == FW_CONFLICT && r->once.count > 0) {
        in_progress(r); /* by another process */
    } else if (err == FW_LIMIT) {
        fw_request_header_number(r, "retry-after", IN_PROCESS_RETRY_S);
        fw_api_error_at(&r->errors, FW_API_TOO_MANY, NULL,
                        "This account may have %u faxes in process at the same time.",
                        r->config->faxes_in_process_max);
    } else {
        fw_api_error_store(&r->errors, err);
    }
}

/* What will not be let in need not be uploaded. A repetition does: it is answered all the same. */
void fw_in_process_check(struct fw_request *r)
{
    int64_t count = 0;
    /* Batches have a limit of their own, known with the body. */
    if (!r->route->limited || r->route->json_max > 0 || r->once.count > 0 || r->config->faxes_in_process_max == 0)
        return;
    const enum fw_err err = fw_store_fax_in_process(r->config->store, r->account, &count);
    if (err)
        fw_api_error_store(&r->errors, err);
    else if (count >= r->config->faxes_in_process_max)
        fw_once_refused(r, FW_LIMIT);
}
