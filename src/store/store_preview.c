/* Previews as folders. */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "store/preview.h"

enum { STATE_BYTES_MAX = 4096, PATH_SIZE = 4400, HALF_MADE_S = 600 };

const char *fw_preview_state_text(enum fw_preview_state s)
{
    static const char *const texts[] = {
#define X(name, text) text,
        FW_PREVIEW_STATES(X)
#undef X
    };
    fw_assert(s < FW_PREVIEW_STATE_COUNT);
    return texts[s];
}

static void dir_of_all(const struct fw_store *s, char *dst, size_t dst_size)
{
    const int size = snprintf(dst, dst_size, "%s/previews", fw_store_documents_dir(s));
    fw_assert(size > 0 && (size_t)size < dst_size);
}

void fw_store_preview_dir(const struct fw_store *s, const char *id, char *dst, size_t dst_size)
{
    fw_assert(fw_uuid_valid(id));
    const int size = snprintf(dst, dst_size, "%s/previews/%s", fw_store_documents_dir(s), id);
    fw_assert(size > 0 && (size_t)size < dst_size);
}

static void file_of(const struct fw_store *s, const char *id, char dst[PATH_SIZE + 16])
{
    char folder[PATH_SIZE];
    fw_store_preview_dir(s, id, folder, sizeof folder);
    snprintf(dst, PATH_SIZE + 16, "%s/preview", folder);
}

enum fw_err fw_store_preview_put(const struct fw_store *s, const struct fw_preview *p)
{
    char path[PATH_SIZE + 16], text[STATE_BYTES_MAX];
    json_t *json CLEANUP(fw_json_free) =
        json_pack("{sI ss ss ss ss sI sI}", "account", (json_int_t)p->account, "state", fw_preview_state_text(p->state),
                  "quality", fw_quality_text(p->quality), "reason", p->failure_reason, "detail", p->failure_detail,
                  "created_us", (json_int_t)p->created_at.us, "expires_us", (json_int_t)p->expires_at.us);
    const size_t size = json ? json_dumpb(json, text, sizeof text, JSON_COMPACT) : 0;
    if (size == 0 || size > sizeof text)
        return FW_NO_MEMORY;
    file_of(s, p->id, path);
    return fw_file_write(path, (struct fw_span){ (const uint8_t *)text, size }, 0600);
}

static bool parse(struct fw_span text, struct fw_preview *ret)
{
    const char *state, *quality, *reason, *detail;
    json_int_t account, created, expires;
    json_t *json CLEANUP(fw_json_free) = json_loadb((const char *)text.data, text.size, 0, NULL);
    if (!json || json_unpack(json, "{sI ss ss ss ss sI sI}", "account", &account, "state", &state, "quality", &quality,
                             "reason", &reason, "detail", &detail, "created_us", &created, "expires_us", &expires))
        return false;
    ret->account = account;
    ret->created_at.us = created;
    ret->expires_at.us = expires;
    fw_text_clip(ret->failure_reason, sizeof ret->failure_reason, reason);
    fw_text_clip(ret->failure_detail, sizeof ret->failure_detail, detail);
    ret->state = FW_PREVIEW_PROCESSING;
    while (ret->state < FW_PREVIEW_STATE_COUNT && strcmp(fw_preview_state_text(ret->state), state) != 0) {
        if (++ret->state == FW_PREVIEW_STATE_COUNT)
            return false;
    }
    return fw_quality_parse(quality, &ret->quality);
}

static enum fw_err read_state(const struct fw_store *s, const char *id, struct fw_preview *ret)
{
    char path[PATH_SIZE + 16];
    struct fw_buf text CLEANUP(fw_buf_done) = { 0 };
    file_of(s, id, path);
    const enum fw_err err = fw_file_read(path, STATE_BYTES_MAX, &text);
    if (err)
        return err;
    *ret = (struct fw_preview){ 0 };
    fw_text_clip(ret->id, sizeof ret->id, id);
    return parse(fw_buf_span(&text), ret) ? FW_OK : FW_INVALID;
}

enum fw_err fw_store_preview_get(const struct fw_store *s, int64_t account, const char *id, struct fw_wall now,
                                 struct fw_preview *ret)
{
    struct fw_preview p;
    const enum fw_err err = read_state(s, id, &p);
    if (err)
        return err == FW_INVALID ? FW_IO : err;
    if ((account != 0 && p.account != account) || p.expires_at.us <= now.us)
        return FW_NOT_FOUND;
    *ret = p;
    return FW_OK;
}

void fw_store_preview_delete(const struct fw_store *s, const char *id)
{
    char folder[PATH_SIZE];
    fw_store_preview_dir(s, id, folder, sizeof folder);
    fw_dir_remove(folder, 14); /* what LibreOffice left of its profile is deep */
}

enum fw_err fw_store_preview_begin(struct fw_store *s, int64_t account, const char *id, struct fw_wall now, char *dst,
                                   size_t dst_size)
{
    char all[PATH_SIZE];
    int own = 0, count = 0;
    dir_of_all(s, all, sizeof all);
    DIR *dir = opendir(all);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        struct fw_preview p;
        if (!fw_uuid_valid(e->d_name))
            continue;
        count++;
        own += fw_store_preview_get(s, account, e->d_name, now, &p) == FW_OK;
    }
    if (dir)
        closedir(dir);
    if (own >= FW_PREVIEWS_MAX || count >= FW_PREVIEWS_ALL_MAX)
        return FW_LIMIT;
    fw_store_preview_dir(s, id, dst, dst_size);
    return fw_dir_make(dst);
}

/* Its documents come before its state, so one without state may be new. */
static bool is_left_over(const struct fw_store *s, const char *id, struct fw_wall now)
{
    char folder[PATH_SIZE];
    struct stat st;
    fw_store_preview_dir(s, id, folder, sizeof folder);
    return stat(folder, &st) == 0 && (int64_t)st.st_mtime + HALF_MADE_S < now.us / 1000000;
}

static void sweep_one(const struct fw_store *s, const char *id, struct fw_wall now, bool starting)
{
    struct fw_preview p;
    const enum fw_err err = read_state(s, id, &p);
    if (err ? starting || is_left_over(s, id, now) : p.expires_at.us <= now.us) {
        fw_store_preview_delete(s, id);
    } else if (!err && starting && p.state == FW_PREVIEW_PROCESSING) {
        p.state = FW_PREVIEW_FAILED;
        fw_text_clip(p.failure_reason, sizeof p.failure_reason, "service_unavailable");
        fw_text_clip(p.failure_detail, sizeof p.failure_detail, "the service was stopped meanwhile; ask for it again");
        if (fw_store_preview_put(s, &p))
            fw_store_preview_delete(s, id);
    }
}

void fw_store_preview_sweep(struct fw_store *s, struct fw_wall now, bool starting)
{
    char all[PATH_SIZE];
    dir_of_all(s, all, sizeof all);
    DIR *dir = opendir(all);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (fw_uuid_valid(e->d_name))
            sweep_one(s, e->d_name, now, starting);
    }
    if (dir)
        closedir(dir);
}
