/* Facts of pages: measured, and kept as a line of numbers a page. */
#include "page/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "page/measure.h"
#include "page/tiff_read.h"
#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_SIZE = 80, FIELDS = 6 };

const char *fw_page_coding_text(enum fw_page_coding coding)
{
    static const char *const texts[] = { "MH", "MR", "MMR" };
    fw_assert(coding < FW_PAGE_CODINGS);
    return texts[coding];
}

uint32_t fw_page_fact_seconds(const struct fw_page_fact *f, uint32_t rate_bps)
{
    fw_assert(rate_bps > 0);
    return (uint32_t)(((uint64_t)f->bytes * 8 + rate_bps - 1) / rate_bps);
}

static enum fw_err measure_page(struct fw_tiff_reader *r, struct fw_page_fact *ret, struct fw_fault *fault)
{
    struct fw_page_info page;
    size_t bytes[FW_PAGE_CODINGS] = { 0 };
    enum fw_err err = fw_tiff_reader_page(r, &page, fault);
    if (err)
        return err;
    *ret = (struct fw_page_fact){ page.width, page.rows, page.x_dpi, page.y_dpi, FW_PAGE_MMR, (uint32_t)page.bytes };
    if (page.bytes > UINT32_MAX)
        return FW_LIMIT;
    struct fw_span as_it_is;
    if (page.bytes <= FW_PAGE_FACTS_SMALL && fw_tiff_reader_t6(r, &as_it_is, fault) == FW_OK)
        return FW_OK;
    err = fw_measure_rows(r, &page, bytes, fault);
    if (err)
        return err;
    for (int i = 0; i < FW_PAGE_CODINGS; i++) {
        if (i == 0 || bytes[i] <= ret->bytes) {
            ret->coding = (enum fw_page_coding)i;
            ret->bytes = (uint32_t)bytes[i];
        }
    }
    return FW_OK;
}

enum fw_err fw_page_facts_measure(const char *tiff_path, uint32_t pages_max, uint32_t *ret_count,
                                  struct fw_page_fact *ret, struct fw_fault *fault)
{
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
    uint32_t count = 0;
    enum fw_err err = fw_tiff_reader_open(tiff_path, &r, fault);
    while (!err && count < pages_max) {
        err = measure_page(r, &ret[count], fault);
        if (!err && ++count < pages_max)
            err = fw_tiff_reader_next(r, fault);
    }
    if (err && !(err == FW_NOT_FOUND && count > 0))
        return err;
    *ret_count = count;
    return FW_OK;
}

static void facts_free(struct fw_page_fact **f)
{
    free(*f);
}

enum fw_err fw_page_facts_write(const char *tiff_path, const char *path, struct fw_fault *fault)
{
    struct fw_page_fact *facts CLEANUP(facts_free) = calloc(FW_PAGE_FILE_PAGES_MAX, sizeof *facts);
    uint32_t count = 0;
    struct fw_buf text CLEANUP(fw_buf_done);
    fw_buf_init(&text, FW_PAGE_FILE_PAGES_MAX * LINE_MAX_SIZE);
    if (!facts)
        return FW_NO_MEMORY;
    enum fw_err err = fw_page_facts_measure(tiff_path, FW_PAGE_FILE_PAGES_MAX, &count, facts, fault);
    for (uint32_t i = 0; !err && i < count; i++) {
        const struct fw_page_fact *f = &facts[i];
        char line[LINE_MAX_SIZE];
        snprintf(line, sizeof line, "%u %u %u %u %u %u\n", f->width, f->rows, f->x_dpi, f->y_dpi, (unsigned)f->coding,
                 f->bytes);
        err = fw_buf_put(&text, fw_span_of(line));
    }
    return err ? err : fw_file_write(path, fw_buf_span(&text), 0600);
}

static bool line_read(const char *line, size_t size, struct fw_page_fact *ret)
{
    uint64_t numbers[FIELDS] = { 0 };
    size_t at = 0;
    for (int i = 0; i < FIELDS; i++) {
        size_t digits = 0;
        while (at + digits < size && line[at + digits] >= '0' && line[at + digits] <= '9')
            digits++;
        if (!fw_text_to_u64((struct fw_span){ (const uint8_t *)line + at, digits }, UINT32_MAX, &numbers[i]))
            return false;
        at += digits;
        if (i + 1 < FIELDS && (at >= size || line[at++] != ' '))
            return false;
    }
    *ret = (struct fw_page_fact){ .width = (uint32_t)numbers[0], .rows = (uint32_t)numbers[1],
                                  .x_dpi = (uint32_t)numbers[2], .y_dpi = (uint32_t)numbers[3],
                                  .coding = (enum fw_page_coding)numbers[4], .bytes = (uint32_t)numbers[5] };
    return at == size && numbers[4] < FW_PAGE_CODINGS;
}

enum fw_err fw_page_facts_read(const char *path, uint32_t pages_max, uint32_t *ret_count, struct fw_page_fact *ret)
{
    struct fw_buf text CLEANUP(fw_buf_done);
    fw_buf_init(&text, 0);
    enum fw_err err = fw_file_read(path, FW_PAGE_FILE_PAGES_MAX * LINE_MAX_SIZE, &text);
    uint32_t count = 0;
    size_t begin = 0;
    for (size_t i = 0; !err && i < text.size; i++) {
        if (text.data[i] != '\n')
            continue;
        if (count == pages_max || !line_read((const char *)text.data + begin, i - begin, &ret[count]))
            return FW_INVALID;
        count++;
        begin = i + 1;
    }
    if (!err && (begin != text.size || count == 0))
        return FW_INVALID;
    *ret_count = count;
    return err;
}
