/* The first account of an installation, made once. */
#include "secrets.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/text.h"
#include "fax/fax_json.h"

static bool take(const json_t *from, const char *key, char *dst, size_t dst_size)
{
    const char *text = json_string_value(json_object_get(from, key));
    return text && fw_text_copy(dst, dst_size, fw_span_of(text)) && text[0];
}

static enum fw_err read_file(const char *path, struct fw_secrets *s, struct fw_fault *fault)
{
    struct fw_buf buf CLEANUP(fw_buf_done);
    fw_buf_init(&buf, 64 * 1024);
    const enum fw_err err = fw_file_read(path, 64 * 1024, &buf);
    if (err)
        return err;
    json_t *json CLEANUP(fw_json_free) = json_loadb((const char *)buf.data, buf.size, 0, NULL);
    if (!take(json, "api_key", s->api_key, sizeof s->api_key) ||
        !take(json, "application_id", s->application, sizeof s->application)) {
        fw_fault_set(fault, path, "is damaged; restore it, or remove it to get a new key and application");
        return FW_INVALID;
    }
    return FW_OK;
}

static enum fw_err write_file(const char *path, const struct fw_secrets *s)
{
    json_t *json CLEANUP(fw_json_free) =
        json_pack("{ss ss}", "api_key", s->api_key, "application_id", s->application);
    char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
    if (!text)
        return FW_NO_MEMORY;
    const enum fw_err err = fw_file_write(path, fw_span_of(text), 0600);
    free(text);
    return err;
}

/* Its webhook goes nowhere until its owner says where. */
static enum fw_err make_application(struct fw_store *store, struct fw_secrets *s)
{
    struct fw_application a = { .account = s->account, .active = true, .webhook_timeout_secs = -1 };
    fw_text_clip(a.id, sizeof a.id, s->application);
    fw_text_clip(a.name, sizeof a.name, "default");
    a.created_at = a.updated_at = fw_wall_now();
    return fw_store_application_create(store, &a);
}

static enum fw_err ensure(struct fw_store *store, struct fw_secrets *s)
{
    char hash[FW_SHA256_HEX_SIZE];
    struct fw_application a = { 0 };
    fw_sha256_hex(fw_span_of(s->api_key), hash);
    enum fw_err err = fw_store_key_ensure(store, s->account, hash);
    if (!err)
        err = fw_store_application_get(store, 0, s->application, &a); /* also a deleted one */
    if (err == FW_NOT_FOUND)
        err = make_application(store, s);
    fw_application_done(&a);
    return err;
}

enum fw_err fw_secrets_open(struct fw_store *store, struct fw_fault *fault, struct fw_secrets *ret)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/secrets.json", fw_store_data_dir(store));
    *ret = (struct fw_secrets){ 0 };
    enum fw_err err = fw_store_account_ensure(store, "default", &ret->account);
    if (err)
        return err;
    err = read_file(path, ret, fault);
    if (err == FW_NOT_FOUND) {
        fw_secret_new(ret->api_key);
        fw_numeric_id_new(ret->application);
        err = write_file(path, ret);
    }
    return err ? err : ensure(store, ret);
}
