/* mailbox.c - received faxes are synced, named, described, and the oldest dropped. */
#include "carrier/mailbox.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 64, NAMES_MAX = 65536 };

static void free_json(char **text)
{
    free(*text);
}

static void unref(json_t **value)
{
    json_decref(*value);
}

static void close_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

void fw_carrier_mailbox_folder(const char *number, char ret[33])
{
    size_t count = 0;
    for (const char *c = number; *c && count < 32; c++) {
        if (*c >= '0' && *c <= '9')
            ret[count++] = *c;
    }
    ret[count] = '\0';
    if (count == 0)
        fw_text_clip(ret, 33, "unknown");
}

void fw_carrier_mailbox_hash(const char *call_id, char ret[FW_CARRIER_HASH_SIZE])
{
    char hex[FW_SHA256_HEX_SIZE];
    fw_sha256_hex(fw_span_of(call_id), hex);
    fw_text_clip(ret, FW_CARRIER_HASH_SIZE, hex);
}

void fw_carrier_mailbox_incoming(const struct fw_carrier_mailbox *box,
                                 const struct fw_carrier_mail *mail, char ret[FW_CARRIER_PATH_SIZE])
{
    snprintf(ret, FW_CARRIER_PATH_SIZE, "%s/.incoming/%u-%s.tif", box->dir, mail->serial,
             mail->hash);
}

enum fw_err fw_carrier_mailbox_open(struct fw_carrier_mailbox *box, const char *dir,
                                    uint32_t faxes_max, fw_carrier_to_pdf *to_pdf)
{
    *box = (struct fw_carrier_mailbox){ .faxes_max = faxes_max, .to_pdf = to_pdf };
    if (!fw_text_copy(box->dir, sizeof box->dir, fw_span_of(dir)) || dir[0] == '\0')
        return FW_INVALID;
    char incoming[FW_CARRIER_PATH_SIZE];
    snprintf(incoming, sizeof incoming, "%s/.incoming", box->dir);
    fw_dir_remove(incoming, 1);
    return fw_dir_make(incoming);
}

/* The number's own folder, or "other" once there are too many of them. */
static enum fw_err folder_of(const struct fw_carrier_mailbox *box, const char *number,
                             char ret[FW_CARRIER_PATH_SIZE])
{
    char name[33];
    fw_carrier_mailbox_folder(number, name);
    snprintf(ret, FW_CARRIER_PATH_SIZE, "%s/%s", box->dir, name);
    struct stat st;
    if (stat(ret, &st) == 0)
        return S_ISDIR(st.st_mode) ? FW_OK : FW_IO;

    size_t count = 0;
    DIR *dir CLEANUP(close_dir) = opendir(box->dir);
    while (dir && count <= FW_CARRIER_NUMBERS_MAX && readdir(dir))
        count++;
    if (count > FW_CARRIER_NUMBERS_MAX)
        snprintf(ret, FW_CARRIER_PATH_SIZE, "%s/other", box->dir);
    const enum fw_err err = fw_dir_make(ret);
    return err ? err : fw_dir_sync(box->dir);
}

/* Bytes outside printable ASCII become '?': the sidecar stays one valid line of JSON. */
static json_t *text_json(const char *text)
{
    char clean[256];
    fw_text_clip(clean, sizeof clean, text);
    if (!fw_text_is_utf8(fw_span_of(clean))) {
        for (char *c = clean; *c; c++)
            *c = *c < ' ' || *c > '~' ? '?' : *c;
    }
    return json_string(clean);
}

static enum fw_err write_sidecar(const struct fw_carrier_mail *mail, struct fw_wall at,
                                 const char *base)
{
    char when[FW_TIME_TEXT_SIZE], path[FW_CARRIER_PATH_SIZE + 16];
    fw_wall_text(at, when);
    json_t *object CLEANUP(unref) = json_pack(
        "{s:s, s:s, s:o*, s:o*, s:o*, s:o*, s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:b}", "received_at", when,
        "to", mail->to, "from", text_json(mail->from), "display_name",
        text_json(mail->display_name), "remote_ident", text_json(mail->remote_ident), "subaddress",
        text_json(mail->subaddress), "far_end",
        mail->far_end ? mail->far_end : "", "transport", mail->transport ? mail->transport : "",
        "call", mail->hash, "complete", mail->whole, "pages", (json_int_t)mail->page_count,
        "t30_code", (json_int_t)mail->t30_code, "bit_rate", (json_int_t)mail->bit_rate, "ecm",
        mail->ecm);
    char *text CLEANUP(free_json) = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (!text)
        return FW_NO_MEMORY;
    struct fw_buf line;
    fw_buf_init(&line, 8192);
    enum fw_err err = fw_buf_putf(&line, "%s\n", text);
    snprintf(path, sizeof path, "%s.json", base);
    if (!err)
        err = fw_file_write(path, fw_buf_span(&line), 0600);
    fw_buf_done(&line);
    return err;
}

static enum fw_err sync_as(const char *from, const char *to)
{
    int fd CLEANUP(fw_fd_close) = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && fsync(fd) == 0 && rename(from, to) == 0 ? FW_OK : FW_IO;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Ours begin with the year and carry their kind after the first dot. */
static bool is_sidecar(const char *name)
{
    const char *dot = strchr(name, '.');
    return name[0] >= '0' && name[0] <= '9' && dot && strcmp(dot, ".json") == 0 &&
           dot - name < NAME_SIZE;
}

static void drop_fax(const char *dir, const char *sidecar)
{
    static const char *const kinds[] = { "tif", "pdf", "partial.tif", "json" };
    const int stem = (int)(strchr(sidecar, '.') - sidecar);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        char path[FW_CARRIER_PATH_SIZE + NAME_SIZE + 16];
        snprintf(path, sizeof path, "%s/%.*s.%s", dir, stem, sidecar, kinds[i]);
        unlink(path);
    }
}

/* Names begin with the time, so the first in order are the oldest. */
static void drop_oldest(const char *path, uint32_t faxes_max)
{
    DIR *dir CLEANUP(close_dir) = opendir(path);
    char **names = NULL;
    size_t count = 0, room = 0;
    for (struct dirent *e; dir && count < NAMES_MAX && (e = readdir(dir));) {
        if (!is_sidecar(e->d_name))
            continue;
        if (count == room) {
            char **more = realloc(names, (room + 256) * sizeof *names);
            if (!more)
                break;
            names = more;
            room += 256;
        }
        if (!(names[count] = strdup(e->d_name)))
            break;
        count++;
    }
    if (count > faxes_max)
        qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        if (i + faxes_max < count)
            drop_fax(path, names[i]);
        free(names[i]);
    }
    free(names);
}

/* The stem is the time without punctuation, so that no second dot comes before the kind. */
static void stem_of(const struct fw_carrier_mail *mail, struct fw_wall at, char ret[NAME_SIZE])
{
    char when[FW_TIME_TEXT_SIZE];
    size_t size = 0;
    fw_wall_text(at, when);
    for (const char *c = when; *c && size < 32; c++) {
        if (!strchr("-:.", *c))
            ret[size++] = *c;
    }
    snprintf(ret + size, NAME_SIZE - size, "-%s", mail->hash);
}

/* Made beside the incoming file and then renamed: a reader never sees half a PDF. */
static enum fw_err keep_pdf(const struct fw_carrier_mailbox *box, const char *incoming,
                            const char *base)
{
    char made[FW_CARRIER_PATH_SIZE], pdf[FW_CARRIER_PATH_SIZE + 16];
    snprintf(made, sizeof made, "%.*s.pdf", (int)(strlen(incoming) - 4), incoming);
    snprintf(pdf, sizeof pdf, "%s.pdf", base);
    const enum fw_err err = box->to_pdf(incoming, made);
    if (err || sync_as(made, pdf)) {
        unlink(made);
        return err ? err : FW_IO;
    }
    return FW_OK;
}

/* The PDF first: who sees the TIFF finds the PDF beside it. Without a PDF the TIFF is kept still.
 */
static enum fw_err keep_pages(const struct fw_carrier_mailbox *box, const char *incoming,
                              const char *base, bool whole)
{
    char tif[FW_CARRIER_PATH_SIZE + 16];
    const enum fw_err err = whole ? keep_pdf(box, incoming, base) : FW_OK;
    snprintf(tif, sizeof tif, "%s.%s", base, whole ? "tif" : "partial.tif");
    return sync_as(incoming, tif) ? FW_IO : err;
}

enum fw_err fw_carrier_mailbox_keep(const struct fw_carrier_mailbox *box,
                                    const struct fw_carrier_mail *mail, struct fw_wall at,
                                    char ret_path[FW_CARRIER_PATH_SIZE])
{
    char incoming[FW_CARRIER_PATH_SIZE], dir[FW_CARRIER_PATH_SIZE], stem[NAME_SIZE];
    ret_path[0] = '\0';
    fw_carrier_mailbox_incoming(box, mail, incoming);
    enum fw_err err = folder_of(box, mail->to, dir);
    if (err) {
        unlink(incoming);
        return err;
    }
    stem_of(mail, at, stem);
    if (strlen(dir) + strlen(stem) + 2 > FW_CARRIER_PATH_SIZE) {
        unlink(incoming);
        return FW_INVALID;
    }
    snprintf(ret_path, FW_CARRIER_PATH_SIZE, "%.*s/%s", (int)strlen(dir), dir, stem);

    struct fw_carrier_mail told = *mail;
    struct stat st;
    if (mail->page_count > 0 && stat(incoming, &st) == 0 && st.st_size > 0)
        err = keep_pages(box, incoming, ret_path, mail->whole);
    else
        told.whole = false;
    unlink(incoming); /* renamed already, unless there is no page in it */
    if (!err)
        err = write_sidecar(&told, at, ret_path);
    drop_oldest(dir, box->faxes_max);
    return err;
}
