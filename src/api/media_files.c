/* The files of stored media: the edge of this room to their folder. */
#include "api/media_files.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "store/preview.h"

enum { SWEEP_MS = 60 * 1000 };

static bool begins(struct fw_span head, const char *magic, size_t size)
{
    return head.size >= size && memcmp(head.data, magic, size) == 0;
}

static bool has(struct fw_span head, const char *text)
{
    return memmem(head.data, head.size, text, strlen(text)) != NULL;
}

static struct fw_span from(struct fw_span s, size_t at)
{
    return at < s.size ? (struct fw_span){ s.data + at, s.size - at } : (struct fw_span){ s.data, 0 };
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_pdf_header(struct fw_span s)
{
    return begins(s, "%PDF-", 5) && s.size >= 8 && is_digit(s.data[5]) && s.data[6] == '.' && is_digit(s.data[7]);
}

/* A document may come with what a mail gateway, a printer's job language or a copied HTTP answer put in front, and a
 * text may speak of PDF. So behind other bytes a header counts in the first kilobyte, at the beginning of a line or
 * behind what is no text, and with an object behind it: as render/sniff.c has it, from the first bytes alone. */
static bool is_pdf(struct fw_span head)
{
    enum { WITHIN = 1024 };
    bool text = true;
    if (is_pdf_header(begins(head, "\xef\xbb\xbf", 3) ? from(head, 3) : head))
        return true;
    for (size_t at = 0; at < head.size && at < WITHIN; at++) {
        const uint8_t before = at > 0 ? head.data[at - 1] : ' ';
        text = text && (before >= ' ' || (before >= '\b' && before <= '\r'));
        if ((!text || before == '\n' || before == '\r') && is_pdf_header(from(head, at)))
            return has(from(head, at), " obj");
    }
    return false;
}

const char *fw_media_sniff(struct fw_span head)
{
    static const struct {
        const char *magic;
        size_t size;
        const char *type;
    } known[] = {
        { "II*\0", 4, "image/tiff" },
        { "MM\0*", 4, "image/tiff" },
        { "\x89PNG\r\n\x1a\n", 8, "image/png" },
        { "\xff\xd8\xff", 3, "image/jpeg" },
        { "GIF87a", 6, "image/gif" },
        { "GIF89a", 6, "image/gif" },
        { "{\\rtf", 5, "application/rtf" },
        { "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, "application/msword" },
    };
    if (head.size == 0)
        return "application/octet-stream";
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (begins(head, known[i].magic, known[i].size))
            return known[i].type;
    }
    if (begins(head, "PK\3\4", 4) && has(head, "word/"))
        return "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    return is_pdf(head) ? "application/pdf" : "application/octet-stream";
}

const char *fw_check_media_name(const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return "may not be a dot or two: clients take those out of paths";
    for (const char *p = name; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7F)
            return "may not have control characters";
    }
    return NULL;
}

void fw_media_disposition(const char *name, char *dst, size_t dst_size)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    char ascii[FW_MEDIA_NAME_MAX + 1], coded[3 * FW_MEDIA_NAME_MAX + 1];
    const char *last = name; /* without folders, of either kind */
    for (const char *p = name; *p; p++)
        last = *p == '/' || *p == '\\' ? p + 1 : last;
    size_t used = 0, size = 0;
    for (const char *p = last; *p && used < FW_MEDIA_NAME_MAX; p++) {
        const bool kept = strchr(plain, *p) != NULL && (used > 0 || *p != '.');
        ascii[used++] = kept ? *p : '_';
        if (kept)
            coded[size++] = *p;
        else if (*p == '.')
            coded[size++] = '_'; /* would be hidden */
        else
            size += (size_t)snprintf(coded + size, 4, "%%%02X", (unsigned char)*p);
    }
    ascii[used] = coded[size] = '\0';
    const char *given = used > 0 ? ascii : "document";
    snprintf(dst, dst_size, "attachment; filename=\"%s\"; filename*=UTF-8''%s", given,
             used > 0 ? coded : given);
}

void fw_media_path(const struct fw_store *s, const char *file, char *dst, size_t dst_size)
{
    char folder[PATH_MAX];
    fw_assert(fw_uuid_valid(file));
    fw_store_media_dir(s, folder, sizeof folder);
    const int size = snprintf(dst, dst_size, "%s/%s", folder, file);
    fw_assert(size > 0 && (size_t)size < dst_size);
}

void fw_media_remove(const struct fw_store *s, const char *file)
{
    char path[PATH_MAX];
    if (!file[0])
        return;
    fw_media_path(s, file, path, sizeof path);
    unlink(path);
}

struct fw_sweeper {
    struct fw_store *store;
    struct fw_wall started_at;
    int wake; /* eventfd: stop */
    pthread_t thread;
};

static void sweep(struct fw_sweeper *w)
{
    struct fw_media_page page CLEANUP(fw_media_page_done) = { 0 };
    int64_t total = 0;
    do {
        fw_media_page_done(&page);
        if (fw_store_media_sweep(w->store, fw_wall_now(), &page))
            return; /* logged; the next round tries again */
        for (int i = 0; i < page.count; i++)
            fw_media_remove(w->store, page.items[i].file);
        total += page.count;
    } while (page.count > 0);
    if (total > 0)
        fw_log(FW_LOG_INFO, "media.expired", "count=%lld", (long long)total);
}

/* Before the first upload: from then on files come before their rows. */
static void remove_strays(struct fw_store *s, const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (fw_uuid_valid(e->d_name) && fw_store_media_has_file(s, e->d_name) == FW_NOT_FOUND)
            fw_media_remove(s, e->d_name);
    }
    if (dir)
        closedir(dir);
}

static void *run(void *arg)
{
    struct fw_sweeper *w = arg;
    struct pollfd p = { .fd = w->wake, .events = POLLIN };
    for (int part = 0; part < FW_FAX_PARTS && poll(&p, 1, 0) == 0; part++)
        fw_store_fax_strays(w->store, part, w->started_at);
    do {
        sweep(w);
        fw_store_preview_sweep(w->store, fw_wall_now(), false);
    } while (poll(&p, 1, SWEEP_MS) <= 0);
    return NULL;
}

enum fw_err fw_sweeper_start(struct fw_store *s, struct fw_sweeper **ret)
{
    char folder[PATH_MAX];
    fw_store_media_dir(s, folder, sizeof folder);
    enum fw_err err = fw_dir_make(folder);
    if (!err)
        err = fw_dir_sync(fw_store_documents_dir(s));
    if (err)
        return err;
    remove_strays(s, folder);
    fw_store_preview_sweep(s, fw_wall_now(), true);
    struct fw_sweeper *w = calloc(1, sizeof *w);
    if (!w)
        return FW_NO_MEMORY;
    w->store = s;
    w->started_at = fw_wall_now();
    w->wake = eventfd(0, EFD_CLOEXEC);
    if (w->wake >= 0 && pthread_create(&w->thread, NULL, run, w) == 0) {
        *ret = w;
        return FW_OK;
    }
    fw_fd_close(&w->wake);
    free(w);
    return FW_NO_MEMORY;
}

void fw_sweeper_stop(struct fw_sweeper *w)
{
    if (!w)
        return;
    (void)!eventfd_write(w->wake, 1);
    pthread_join(w->thread, NULL);
    fw_fd_close(&w->wake);
    free(w);
}
