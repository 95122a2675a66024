/* Errors in the contract's shape. Running out of memory here costs the detail, never the status. */
#include "api/errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int status;
    const char *code, *title;
} codes[FW_API_CODE_COUNT] = {
#define X(name, http, number, text) [FW_API_##name] = { http, number, text },
    FW_API_CODES(X)
#undef X
};

enum { DETAIL_SIZE = 512 };

void fw_api_errors_done(struct fw_api_errors *e)
{
    json_decref(e->list);
    *e = (struct fw_api_errors){ 0 };
}

/* Only the numbers of the catalogue have a page. */
static json_t *meta_of(const char *code)
{
    if (strlen(code) != 5)
        return NULL;
    return json_pack("{ss+}", "url", "https://developers.telnyx.com/docs/overview/errors/", code);
}

PRINTF(5, 0)
static void add(struct fw_api_errors *e, enum fw_api_code code, const char *place_kind,
                const char *place, const char *fmt, va_list va)
{
    char detail[DETAIL_SIZE];
    fw_assert(code < FW_API_CODE_COUNT);
    if (e->status == 0)
        e->status = codes[code].status;
    if (!e->list)
        e->list = json_array();
    if (json_array_size(e->list) >= FW_API_ERRORS_MAX)
        return;
    vsnprintf(detail, sizeof detail, fmt, va);
    json_t *error =
        json_pack("{ss ss ss so*}", "code", codes[code].code, "title", codes[code].title, "detail",
                  detail, "meta", meta_of(codes[code].code));
    if (!error) /* the detail was cut within a character, or no memory: without it */
        error = json_pack("{ss ss}", "code", codes[code].code, "title", codes[code].title);
    if (error && place)
        (void)json_object_set_new(error, "source", json_pack("{ss}", place_kind, place));
    (void)json_array_append_new(e->list, error);
}

void fw_api_error_at(struct fw_api_errors *e, enum fw_api_code code, const char *pointer,
                     const char *fmt, ...)
{
    va_list va;
    va_start(va, fmt);
    add(e, code, "pointer", pointer, fmt, va);
    va_end(va);
}

void fw_api_error_in(struct fw_api_errors *e, enum fw_api_code code, const char *parameter,
                     const char *fmt, ...)
{
    va_list va;
    va_start(va, fmt);
    add(e, code, "parameter", parameter, fmt, va);
    va_end(va);
}

void fw_api_error_store(struct fw_api_errors *e, enum fw_err err)
{
    if (err == FW_BUSY || err == FW_NO_MEMORY)
        fw_api_error_at(e, FW_API_UNAVAILABLE, NULL,
                        "The service cannot do this now (%s); try again.", fw_err_text(err));
    else
        fw_api_error_at(e, FW_API_UNEXPECTED, NULL,
                        "An unexpected error occurred; the log of this server says more.");
}

json_t *fw_api_errors_json(const struct fw_api_errors *e)
{
    return json_pack("{sO?}", "errors", e->list);
}
