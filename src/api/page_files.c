/* Facts of pages to JSON, pages to PNG. */
#include "api/page_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "page/facts.h"
#include "page/png.h"

enum { WIDTH_DEFAULT = 432, PATH_SIZE = 4400 };

static void facts_free(struct fw_page_fact **f)
{
    free(*f);
}

static json_t *page_json(const struct fw_request *r, const struct fw_page_fact *f, uint32_t number, const char *link)
{
    char resolution[32], path[FW_LINK_PATH_MAX + 1], url[FW_LINK_SIZE];
    snprintf(resolution, sizeof resolution, "%ux%u", f->x_dpi, f->y_dpi);
    snprintf(path, sizeof path, "%s/page-%u.png", link, number);
    fw_link_make(r->links, path, fw_wall_now(), url);
    return json_pack("{si si si ss ss si si ss}", "number", (int)number, "width", (int)f->width, "height", (int)f->rows,
                     "resolution", resolution, "coding", fw_page_coding_text(f->coding), "bytes", (int)f->bytes,
                     "seconds", (int)fw_page_fact_seconds(f, FW_PAGE_RATE), "png_url", url);
}

static json_t *warning_json(const struct fw_page_fact *f, uint32_t number)
{
    char detail[200];
    snprintf(detail, sizeof detail,
             "Page %u takes about %u seconds on the line at 14,400 bit/s, and %u at 9,600; quality 'normal' or "
             "'monochrome' would make it shorter.",
             number, fw_page_fact_seconds(f, FW_PAGE_RATE), fw_page_fact_seconds(f, FW_PAGE_RATE_POOR));
    return json_pack("{ss si ss}", "code", "long_page", "page", (int)number, "detail", detail);
}

bool fw_pages_add(const struct fw_request *r, const char *folder, const char *link, bool sums, json_t *json)
{
    char path[PATH_SIZE];
    uint32_t count = 0;
    uint64_t bytes = 0, seconds = 0;
    struct fw_page_fact *facts CLEANUP(facts_free) = calloc(FW_PAGE_FILE_PAGES_MAX, sizeof *facts);
    snprintf(path, sizeof path, "%s/pages.facts", folder);
    if (!facts || fw_page_facts_read(path, FW_PAGE_FILE_PAGES_MAX, &count, facts))
        return false;
    json_t *pages = json_array(), *warnings = json_array();
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t page_s = fw_page_fact_seconds(&facts[i], FW_PAGE_RATE);
        bytes += facts[i].bytes;
        seconds += page_s;
        (void)json_array_append_new(pages, page_json(r, &facts[i], i + 1, link));
        if (page_s > FW_PAGE_LONG_S)
            (void)json_array_append_new(warnings, warning_json(&facts[i], i + 1));
    }
    (void)json_object_set_new(json, "pages", pages);
    (void)json_object_set_new(json, "warnings", warnings);
    if (sums) {
        (void)json_object_set_new(json, "page_count", json_integer(count));
        (void)json_object_set_new(json, "bytes", json_integer((json_int_t)bytes));
        (void)json_object_set_new(json, "seconds", json_integer((json_int_t)seconds));
    }
    return true;
}

uint32_t fw_page_number_of(const char *what)
{
    uint64_t number = 0;
    const char *digits = fw_text_starts(what, "page-") ? what + 5 : what;
    const size_t size = strspn(digits, "0123456789");
    if (digits[0] == '0' || strcmp(digits + size, ".png") != 0 ||
        !fw_text_to_u64((struct fw_span){ (const uint8_t *)digits, size }, FW_PAGE_FILE_PAGES_MAX, &number))
        return 0;
    return (uint32_t)number;
}

/* As a file without a name, which is what answers are sent from. */
static int file_of(struct fw_span png)
{
    int fd CLEANUP(fw_fd_close) = memfd_create("page.png", MFD_CLOEXEC);
    if (fd < 0 || fw_write_all(fd, png))
        return -1;
    const int made = fd;
    fd = -1;
    return made;
}

static void respond_png(struct fw_request *r, struct fw_span png, uint32_t number)
{
    char name[32];
    const int fd = file_of(png);
    snprintf(name, sizeof name, "page-%u.png", number);
    if (fd < 0)
        fw_api_error_store(&r->errors, FW_NO_MEMORY);
    else
        fw_respond_file(r, fd, "image/png", name);
}

/* A file that was renamed meanwhile is no damaged one: it is then another of `files`. */
static enum fw_err draw(const char *const files[], uint32_t index, uint32_t width, struct fw_buf *ret)
{
    enum fw_err err = FW_NOT_FOUND;
    for (int i = 0; files[i] && (err == FW_NOT_FOUND || err == FW_INVALID); i++) {
        struct fw_fault fault = { 0 };
        fw_buf_done(ret);
        const enum fw_err now = fw_page_png(files[i], index, width, ret, &fault);
        err = now == FW_NOT_FOUND ? err : now;
    }
    return err;
}

void fw_page_respond(struct fw_request *r, const char *const files[], uint32_t number)
{
    struct fw_buf png CLEANUP(fw_buf_done) = { 0 };
    uint64_t width = WIDTH_DEFAULT;
    const char *text = fw_query_get(&r->target, "width");
    if (text && (!fw_text_to_u64(fw_span_of(text), FW_PNG_WIDTH_MAX, &width) || width < FW_PNG_WIDTH_MIN)) {
        fw_api_error_in(&r->errors, FW_API_BAD_PAGE, "width", "'width' must be %d to %d pixels.", FW_PNG_WIDTH_MIN,
                        FW_PNG_WIDTH_MAX);
        return;
    }
    const enum fw_err err = number > 0 ? draw(files, number - 1, (uint32_t)width, &png) : FW_NOT_FOUND;
    if (err == FW_NOT_FOUND)
        fw_api_error_at(&r->errors, FW_API_NO_FAX, NULL, "There is no such page (yet, or any more).");
    else if (err)
        fw_api_error_store(&r->errors, err);
    else
        respond_png(r, fw_buf_span(&png), number);
}
