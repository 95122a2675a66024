/* The nouns: copies and ends of life. */
#include "fax/fax.h"

#include <stdlib.h>
#include <string.h>

static const char *const quality_names[] = {
#define X(name, text) [FW_QUALITY_##name] = text,
    FW_QUALITIES(X)
#undef X
};

const char *fw_quality_text(enum fw_quality q)
{
    fw_assert((unsigned)q < FW_QUALITY_COUNT);
    return quality_names[q];
}

bool fw_quality_parse(const char *text, enum fw_quality *ret)
{
    for (int q = 0; q < FW_QUALITY_COUNT; q++) {
        if (strcmp(text, quality_names[q]) == 0) {
            *ret = (enum fw_quality)q;
            return true;
        }
    }
    return false;
}

static const char *const directions[] = { "outbound", "inbound" };
static const char *const formats[] = { "pdf", "tif" };

/* The index of `text` among `count` names, -1 when it is none. */
static int index_of(const char *text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0)
            return (int)i;
    }
    return -1;
}

const char *fw_direction_text(enum fw_direction d)
{
    fw_assert((unsigned)d < ARRAY_LEN(directions));
    return directions[d];
}

bool fw_direction_parse(const char *text, enum fw_direction *ret)
{
    const int at = index_of(text, directions, ARRAY_LEN(directions));
    *ret = at < 0 ? FW_OUTBOUND : (enum fw_direction)at;
    return at >= 0;
}

const char *fw_media_format_text(enum fw_media_format f)
{
    fw_assert((unsigned)f < ARRAY_LEN(formats));
    return formats[f];
}

bool fw_media_format_parse(const char *text, enum fw_media_format *ret)
{
    const int at = index_of(text, formats, ARRAY_LEN(formats));
    *ret = at < 0 ? FW_FORMAT_PDF : (enum fw_media_format)at;
    return at >= 0;
}

static const char *const priority_names[] = {
#define X(name, text) [FW_PRIORITY_##name] = text,
    FW_PRIORITIES(X)
#undef X
};

const char *fw_priority_text(enum fw_priority p)
{
    fw_assert((unsigned)p < FW_PRIORITY_COUNT);
    return priority_names[p];
}

bool fw_priority_parse(const char *text, enum fw_priority *ret)
{
    for (int p = 0; p < FW_PRIORITY_COUNT; p++) {
        if (strcmp(text, priority_names[p]) == 0) {
            *ret = (enum fw_priority)p;
            return true;
        }
    }
    return false;
}

bool fw_ident_ok(const char *text)
{
    static const char allowed[] = "0123456789+ ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const size_t size = strspn(text, allowed);
    return text[size] == '\0' && size <= FW_IDENT_MAX && text[strspn(text, " ")] != '\0';
}

void fw_application_done(struct fw_application *a)
{
    free(a->settings);
    *a = (struct fw_application){ 0 };
}

void fw_fax_done(struct fw_fax *f)
{
    free(f->media_urls);
    free(f->page_ranges);
    free(f->cover_page);
    free(f->header);
    free(f->barcodes);
    free(f->client_state);
    free(f->retry);
    free(f->metadata);
    free(f->send_window);
    free(f->result_email);
    free(f->result_reference);
    *f = (struct fw_fax){ 0 };
}

enum fw_err fw_fax_copy(const struct fw_fax *f, struct fw_fax *ret)
{
    *ret = *f;
    ret->media_urls = f->media_urls ? strdup(f->media_urls) : NULL;
    ret->metadata = f->metadata ? strdup(f->metadata) : NULL;
    ret->page_ranges = f->page_ranges ? strdup(f->page_ranges) : NULL;
    ret->cover_page = f->cover_page ? strdup(f->cover_page) : NULL;
    ret->header = f->header ? strdup(f->header) : NULL;
    ret->barcodes = f->barcodes ? strdup(f->barcodes) : NULL;
    ret->client_state = f->client_state ? strdup(f->client_state) : NULL;
    ret->retry = f->retry ? strdup(f->retry) : NULL;
    ret->send_window = f->send_window ? strdup(f->send_window) : NULL;
    ret->result_email = f->result_email ? strdup(f->result_email) : NULL;
    ret->result_reference = f->result_reference ? strdup(f->result_reference) : NULL;
    if ((f->media_urls && !ret->media_urls) || (f->client_state && !ret->client_state) ||
        (f->retry && !ret->retry) || (f->page_ranges && !ret->page_ranges) ||
        (f->cover_page && !ret->cover_page) || (f->header && !ret->header) || (f->barcodes && !ret->barcodes) ||
        (f->metadata && !ret->metadata) || (f->result_email && !ret->result_email) ||
        (f->result_reference && !ret->result_reference) || (f->send_window && !ret->send_window)) {
        fw_fax_done(ret);
        return FW_NO_MEMORY;
    }
    return FW_OK;
}

void fw_event_done(struct fw_event *e)
{
    free(e->payload);
    *e = (struct fw_event){ 0 };
}

const char *fw_fax_received_file(const struct fw_fax *f)
{
    return f->media_format == FW_FORMAT_PDF ? "received.pdf" : "pages.tif";
}
