/* The way from documents to pages: what is missing is fetched, everything rendered, then joined. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "http/http.h"
#include "media/cover.h"
#include "media/fetch.h"
#include "media/join.h"
#include "media/media.h"
#include "media/outgoing.h"
#include "media/render_run.h"

enum {
    RENDER_TRIES = 2,
    RENDER_TRIES_KILLED = 5,
    COVER = 0, /* as a document: before the first */
    OFFICE_DEPTH = 12, /* of the folders LibreOffice makes in its profile */
};

struct preparing {
    const struct fw_media_job *job;
    struct fw_media_result    *ret;
    json_t  *urls;  /* owned array, or NULL: uploaded */
    json_t  *ranges; /* owned array, or NULL: all pages of each document */
    int      document_count;
    uint64_t bytes; /* of the documents so far */
    int      pages;
};

static uint32_t or_default(uint32_t value, uint32_t otherwise) { return value ? value : otherwise; }

/* False, so that a step can end with it. */
static bool fail(struct preparing *p, const char *reason, const char *fmt, ...) PRINTF(3, 4);
static bool fail(struct preparing *p, const char *reason, const char *fmt, ...)
{
    char text[1024];
    va_list va;
    va_start(va, fmt);
    vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    p->ret->end = FW_MEDIA_FAILED;
    fw_text_clip(p->ret->reason, sizeof p->ret->reason, reason);
    fw_text_clip(p->ret->detail, sizeof p->ret->detail, text);
    return false;
}

static bool interrupted(struct preparing *p)
{
    p->ret->end = FW_MEDIA_INTERRUPTED;
    return false;
}

static bool path_of(const struct preparing *p, const char *name, char dst[PATH_MAX])
{
    const int size = snprintf(dst, PATH_MAX, "%s/%s", p->job->dir, name);
    return size > 0 && size < PATH_MAX;
}

static const char *url_of(const struct preparing *p, int document)
{
    return json_string_value(json_array_get(p->urls, (size_t)document - 1));
}

/* "document 2 of 3", or with its URL. */
static void name_of(const struct preparing *p, int document, char dst[200])
{
    char shown[FW_URL_SHOWN_SIZE] = "";
    const char *url = document == COVER ? NULL : url_of(p, document);
    if (url)
        fw_http_url_shown(url, shown);
    const char *space = url ? " " : "";
    if (document == COVER)
        snprintf(dst, 200, "the cover page");
    else if (p->document_count > 1)
        snprintf(dst, 200, "document %d of %d%s%s", document, p->document_count, space, shown);
    else
        snprintf(dst, 200, "%s%s%s", url ? "media_url" : "the document", space, shown);
}

static bool sync_as(struct preparing *p, int fd, const char *temp, const char *path)
{
    if (fsync(fd) == 0 && rename(temp, path) == 0 && fw_dir_sync(p->job->dir) == FW_OK)
        return true;
    return fail(p, "service_unavailable",
                "the document cannot be stored: %s; free disk space and send again",
                strerror(errno));
}

static bool fetch_failed(struct preparing *p, int document, const struct fw_fetch_result *got)
{
    char name[200];
    name_of(p, document, name);
    switch (got->end) {
    case FW_FETCH_INTERRUPTED:
        return interrupted(p);
    case FW_FETCH_TOO_LARGE:
        return fail(p, "file_size_limit_exceeded", "%s: more than %d MB for all documents of a fax",
                    name, FW_DOCUMENT_BYTES_MAX / (1024 * 1024));
    case FW_FETCH_LOCAL:
        return fail(p, "service_unavailable", "%s: %s; free it on this server and send again", name,
                    got->text);
    case FW_FETCH_FAILED:
    case FW_FETCH_OK:
        break;
    }
    return fail(p, "file_download_failed", "%s: %s", name, got->text);
}

static bool fetch(struct preparing *p, int document, const char *path)
{
    const struct fw_media_config *config = p->job->config;
    const struct fw_fetch_limits limits = {
        .user_agent = config->user_agent ? config->user_agent : "faxwire",
        .allow_private = config->allow_private,
        .size_max = FW_DOCUMENT_BYTES_MAX - p->bytes,
        .connect_timeout_ms = or_default(config->connect_timeout_ms, 10 * 1000),
        .total_timeout_ms = or_default(config->fetch_timeout_ms, 60 * 1000),
        .stop = p->job->stop,
    };
    char temp[PATH_MAX];
    if (!path_of(p, "document.new", temp))
        return fail(p, "service_unavailable", "the path of the data folder is too long");
    int fd CLEANUP(fw_fd_close) =
        open(temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(p, "service_unavailable", "no file can be made in the data folder: %s",
                    strerror(errno));
    struct fw_fetch_result got;
    fw_fetch(url_of(p, document), fd, &limits, &got);
    if (got.end == FW_FETCH_OK && sync_as(p, fd, temp, path))
        return true;
    unlink(temp);
    return got.end == FW_FETCH_OK ? false : fetch_failed(p, document, &got);
}

/* Makes sure that the document is there, and counts it. */
static bool have_document(struct preparing *p, int document)
{
    char file[32], path[PATH_MAX], name[200];
    struct stat st;
    name_of(p, document, name);
    snprintf(file, sizeof file, "document-%d", document);
    if (!path_of(p, file, path))
        return fail(p, "service_unavailable", "the path of the data folder is too long");
    if (stat(path, &st) < 0) {
        if (!p->urls)
            return fail(p, "service_unavailable",
                        "%s is no longer in the data folder; send the fax again", name);
        if (!fetch(p, document, path))
            return false;
        if (stat(path, &st) < 0)
            return fail(p, "service_unavailable", "%s cannot be read back: %s", name,
                        strerror(errno));
    }
    p->bytes += (uint64_t)st.st_size;
    if (p->bytes > FW_DOCUMENT_BYTES_MAX)
        return fail(p, "file_size_limit_exceeded", "%s: more than %d MB for all documents of a fax",
                    name, FW_DOCUMENT_BYTES_MAX / (1024 * 1024));
    if (st.st_size == 0)
        return fail(p, "file_format_invalid", "%s is empty", name);
    return true;
}

static bool render_failed(struct preparing *p, int document, const struct fw_render_report *report)
{
    char name[200];
    name_of(p, document, name);
    switch (report->end) {
    case FW_RUN_INTERRUPTED:
        return interrupted(p);
    case FW_RUN_FORMAT:
        return fail(p, "file_format_invalid", "%s: %s", name, report->text);
    case FW_RUN_PAGES:
        return fail(p, "page_count_limit_exceeded",
                    "%s: more than %d pages for all documents of a fax", name, FW_PAGES_MAX);
    case FW_RUN_UNAVAILABLE:
    case FW_RUN_KILLED:
        return fail(p, "service_unavailable", "%s; look at the log of this server", report->text);
    case FW_RUN_LIMIT:
    case FW_RUN_CRASHED:
    case FW_RUN_OFFICE:
    case FW_RUN_OK:
        break;
    }
    return fail(p, "media_processing_exception", "%s: %s", name, report->text);
}

/* What the renderer says and what is in the file must agree: it may have been captured. */
static void check_pages(int fd, int pages_max, struct fw_render_report *report)
{
    int count = 0;
    const enum fw_err err = fw_join_count(fd, pages_max, &count);
    if (!err && count == report->pages)
        return;
    report->end = FW_RUN_CRASHED;
    snprintf(report->text, sizeof report->text, "the renderer's page file is damaged");
}

static bool render_again(enum fw_run_end end, int attempt)
{
    return (end == FW_RUN_CRASHED && attempt < RENDER_TRIES) ||
           (end == FW_RUN_KILLED && attempt < RENDER_TRIES_KILLED);
}

/* Runs a program on the file `from` until it is decided; what it wrote to `to` stays open. A crash is
 * tried once more: it may have been memory pressure; twice is the document. Who is killed from
 * outside is innocent for longer. False: failed for a reason of this server's. */
static bool run_decided(struct preparing *p, int document, const char *from, const char *to,
                        struct fw_render_run *run, int *ret_fd, struct fw_render_report *report)
{
    for (int attempt = 0; attempt == 0 || render_again(report->end, attempt); attempt++) {
        int in CLEANUP(fw_fd_close) = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        fw_fd_close(ret_fd);
        *ret_fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (in < 0 || *ret_fd < 0)
            return fail(p, "service_unavailable", "the data folder cannot be used: %s",
                        strerror(errno));
        run->document_fd = in;
        run->pages_fd = *ret_fd;
        if (run->office_folder) {
            fw_dir_remove(run->office_folder, OFFICE_DEPTH);
            if (fw_dir_make(run->office_folder))
                return fail(p, "service_unavailable", "the data folder cannot be used");
        }
        fw_render_run(run, report);
        if (report->end == FW_RUN_OK && !run->office_kind && !run->header_sheet)
            check_pages(*ret_fd, run->pages_max, report);
        if (report->end == FW_RUN_CRASHED || report->end == FW_RUN_KILLED)
            fw_log(FW_LOG_WARN, "render.crashed", "fax=%s document=%d attempt=%d text=%s",
                   p->job->fax->id, document, attempt + 1, FW_LOG_TEXT(report->text));
    }
    return true;
}

/* Has faxwire-office make a PDF of the document, and renders that. `report` says FW_RUN_OFFICE. */
static bool render_office(struct preparing *p, int document, const char *from, const char *to,
                          struct fw_render_run *run, int *ret_fd, struct fw_render_report *report)
{
    char kind[16], folder[PATH_MAX], pdf[PATH_MAX];
    fw_text_clip(kind, sizeof kind, report->text);
    if (!path_of(p, "office.new", folder) || !path_of(p, "office.pdf", pdf))
        return fail(p, "service_unavailable", "the path of the data folder is too long");
    struct fw_render_run convert = *run;
    convert.program = p->job->config->office_program;
    convert.office_kind = kind;
    convert.office_folder = folder;
    int fd CLEANUP(fw_fd_close) = -1;
    bool ok = run_decided(p, document, from, pdf, &convert, &fd, report);
    fw_dir_remove(folder, OFFICE_DEPTH);
    if (ok && report->end == FW_RUN_OK)
        ok = run_decided(p, document, pdf, to, run, ret_fd, report);
    unlink(pdf);
    if (ok && report->end == FW_RUN_OFFICE) {
        report->end = FW_RUN_FORMAT;
        fw_text_clip(report->text, sizeof report->text, "its conversion gave no PDF");
    }
    return ok;
}

static struct fw_render_run run_of(const struct preparing *p, int pages_max)
{
    const struct fw_media_config *config = p->job->config;
    return (struct fw_render_run){
        .program = config->render_program, .fax = p->job->fax, .pages_max = pages_max,
        .wall_ms = or_default(config->render_wall_ms, 300 * 1000),
        .cpu_s = or_default(config->render_cpu_s, 120), .stop = p->job->stop,
    };
}

/* One document to `temp`, which stays open. */
static bool render(struct preparing *p, int document, const char *temp, int *ret_fd)
{
    char file[32], path[PATH_MAX];
    snprintf(file, sizeof file, "document-%d", document);
    struct fw_render_report report = { .end = FW_RUN_PAGES };
    struct fw_render_run run = run_of(p, FW_PAGES_MAX - p->pages - (p->job->fax->cover_page ? 1 : 0));
    run.pages = json_string_value(json_array_get(p->ranges, (size_t)document - 1));
    if (!path_of(p, file, path))
        return fail(p, "service_unavailable", "the path of the data folder is too long");
    if (run.pages_max > 0 && !run_decided(p, document, path, temp, &run, ret_fd, &report))
        return false;
    if (report.end == FW_RUN_OFFICE &&
        !render_office(p, document, path, temp, &run, ret_fd, &report))
        return false;
    if (report.end != FW_RUN_OK)
        return render_failed(p, document, &report);
    p->pages += report.pages;
    return true;
}

static bool append(struct preparing *p, int document, const char *temp, int pages_fd)
{
    int fd CLEANUP(fw_fd_close) = -1;
    if (!render(p, document, temp, &fd))
        return false;
    if (fw_join_append(pages_fd, fd, FW_PAGES_MAX) == FW_OK)
        return true;
    return fail(p, "media_processing_exception",
                "the pages of document %d cannot be joined to the others", document);
}

static bool write_cover(struct preparing *p, const char *path, int cover_pages)
{
    struct fw_buf html CLEANUP(fw_buf_done) = { 0 };
    enum fw_err err = fw_cover_make(p->job->config->covers_dir, p->job->fax, p->pages + cover_pages, &html);
    if (!err && fw_file_write(path, fw_buf_span(&html), 0600))
        return fail(p, "service_unavailable", "the cover page cannot be stored; free disk space and send again");
    return !err || fail(p, "media_processing_exception", "the template of the cover page %s",
                        err == FW_NOT_FOUND ? "is not there (any more)" : "is too long or has {{#sections}} amiss");
}

/* A cover says how many pages there are, and is some of them: a second time if it took more than it said. */
static bool render_cover(struct preparing *p, const char *html, const char *to, int *ret_fd, int *ret_pages)
{
    struct fw_render_report report = { .end = FW_RUN_PAGES };
    *ret_pages = 1;
    for (int turn = 0; turn < 2; turn++) {
        struct fw_render_run run = run_of(p, FW_PAGES_MAX - p->pages);
        if (!write_cover(p, html, *ret_pages) || !run_decided(p, COVER, html, to, &run, ret_fd, &report))
            return false;
        if (report.end != FW_RUN_OK)
            return render_failed(p, COVER, &report);
        if (report.pages == *ret_pages)
            break;
        *ret_pages = report.pages;
    }
    return true;
}

/* The cover and then the pages of `*fd`, which is the file `temp`, become that file. */
static bool put_cover(struct preparing *p, const char *temp, int *fd)
{
    char html[PATH_MAX], cover[PATH_MAX];
    int cover_fd CLEANUP(fw_fd_close) = -1, pages = 0;
    if (!path_of(p, "cover.html", html) || !path_of(p, "cover.new", cover))
        return fail(p, "service_unavailable", "the path of the data folder is too long");
    bool ok = render_cover(p, html, cover, &cover_fd, &pages);
    unlink(html);
    if (ok && (fw_join_append(cover_fd, *fd, FW_PAGES_MAX) || fw_join_number(cover_fd, FW_PAGES_MAX)))
        ok = fail(p, "media_processing_exception", "the cover page cannot be joined to the others");
    if (ok && rename(cover, temp) < 0)
        ok = fail(p, "service_unavailable", "the cover page cannot be stored: %s", strerror(errno));
    if (!ok) {
        unlink(cover);
        return false;
    }
    fw_fd_close(fd);
    *fd = cover_fd;
    cover_fd = -1;
    p->pages += pages;
    return true;
}

static bool render_all(struct preparing *p, const char *temp, const char *part, const char *path)
{
    int fd CLEANUP(fw_fd_close) = -1;
    if (!render(p, 1, temp, &fd))
        return false;
    for (int document = 2; document <= p->document_count; document++) {
        if (!append(p, document, part, fd))
            return false;
    }
    if (p->job->fax->cover_page && !put_cover(p, temp, &fd))
        return false;
    int count = 0;
    if (p->document_count > 1 && (fw_join_number(fd, FW_PAGES_MAX) ||
                                  fw_join_count(fd, FW_PAGES_MAX, &count) || count != p->pages))
        return fail(p, "media_processing_exception", "the joined pages are damaged");
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail(p, "service_unavailable", "the pages cannot be read back: %s", strerror(errno));
    p->ret->bytes = (uint64_t)st.st_size;
    p->ret->page_count = p->pages;
    return sync_as(p, fd, temp, path);
}

/* The letters of its header line, when it has one. Apart from the documents, which have no part in what it says. */
static bool make_header(struct preparing *p)
{
    char text[PATH_MAX], temp[PATH_MAX], path[PATH_MAX], name[FW_HEADER_NAME_SIZE];
    int fd CLEANUP(fw_fd_close) = -1;
    struct fw_render_report report = { .end = FW_RUN_OK };
    struct fw_render_run run = run_of(p, 1);
    run.header_sheet = true;
    if (!p->job->fax->header)
        return true;
    if (!path_of(p, "header.txt", text) || !path_of(p, "header.new", temp) || !path_of(p, FW_HEADER_SHEET_FILE, path))
        return fail(p, "service_unavailable", "the path of the data folder is too long");
    fw_header_name(p->job->fax, name);
    if (fw_file_write(text, fw_span_of(name), 0600))
        return fail(p, "service_unavailable", "the header line cannot be stored; free disk space and send again");
    bool ok = run_decided(p, COVER, text, temp, &run, &fd, &report);
    unlink(text);
    if (ok && report.end != FW_RUN_OK)
        ok = report.end == FW_RUN_INTERRUPTED
                 ? interrupted(p)
                 : fail(p, "media_processing_exception", "the header line cannot be drawn: %s", report.text);
    if (!ok)
        unlink(temp);
    return ok && sync_as(p, fd, temp, path);
}

static bool count_documents(struct preparing *p)
{
    const struct fw_fax *fax = p->job->fax;
    p->document_count = fax->document_count;
    p->ranges = fax->page_ranges ? json_loads(fax->page_ranges, 0, NULL) : NULL;
    if (fax->media_urls) {
        p->urls = json_loads(fax->media_urls, 0, NULL);
        p->document_count = (int)json_array_size(p->urls);
        for (int i = 1; i <= p->document_count; i++) {
            if (!url_of(p, i))
                return fail(p, "file_download_failed", "media_url is not a list of URLs");
        }
    }
    if (p->document_count < 1 || p->document_count > FW_MEDIA_URLS_MAX)
        return fail(p, "file_download_failed", "the fax has %d documents; 1 to %d are possible",
                    p->document_count, FW_MEDIA_URLS_MAX);
    return true;
}

static bool prepare(struct preparing *p)
{
    char temp[PATH_MAX], part[PATH_MAX], path[PATH_MAX];
    if (!count_documents(p))
        return false;
    if (!path_of(p, "pages.new", temp) || !path_of(p, "pages-part.new", part) ||
        !path_of(p, "pages.tif", path))
        return fail(p, "service_unavailable", "the path of the data folder is too long");
    for (int document = 1; document <= p->document_count; document++) {
        if (!have_document(p, document))
            return false;
    }
    const bool ok = make_header(p) && render_all(p, temp, part, path);
    unlink(part);
    if (!ok)
        unlink(temp);
    return ok;
}

void fw_media_prepare(const struct fw_media_job *job, struct fw_media_result *ret)
{
    *ret = (struct fw_media_result){ .end = FW_MEDIA_OK };
    struct preparing p = { .job = job, .ret = ret };
    const bool ok = prepare(&p);
    json_decref(p.urls);
    json_decref(p.ranges);
    fw_assert(ok == (ret->end == FW_MEDIA_OK));
    if (!ok)
        ret->page_count = 0;
}
