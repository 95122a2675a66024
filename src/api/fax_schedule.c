/* When a fax may be dialled: the fields of a request, and whether they leave it any time at all. */
#include <stdlib.h>
#include <string.h>

#include "api/fax_fields.h"
#include "api/fields.h"
#include "api/request.h"
#include "fax/window.h"

enum { DATE_SIZE = 10, AHEAD_DAYS = 366 }; /* later is a slip of the pen */
#define DAY_US (INT64_C(86400) * 1000000)

const char *fw_check_time(const char *text)
{
    struct fw_wall at;
    return strlen(text) > DATE_SIZE && fw_wall_parse(fw_span_of(text), &at) && at.us > 0
               ? NULL
               : "must be a time with its offset, such as 2026-12-01T08:00:00+01:00";
}

static struct fw_wall time_of(const json_t *values, const char *name)
{
    struct fw_wall at = { 0 };
    if (fw_field_given(values, name) && !fw_wall_parse(fw_span_of(fw_field_text(values, name)), &at))
        at.us = 0; /* it was checked */
    return at;
}

enum fw_err fw_fax_schedule_fill(const json_t *values, struct fw_fax *f)
{
    const json_t *window = json_object_get(values, "send_window");
    free(f->send_window);
    f->send_window = window ? json_dumps(window, JSON_COMPACT) : NULL;
    f->send_at = time_of(values, "send_at");
    f->expires_at = time_of(values, "expires_at");
    return window && !f->send_window ? FW_NO_MEMORY : FW_OK;
}

void fw_fax_check_schedule(struct fw_request *r, const struct fw_fax *f)
{
    const struct fw_wall now = fw_wall_now();
    struct fw_wall opens = f->send_at.us > now.us ? f->send_at : now;
    const enum fw_err err = fw_fax_opens(f, opens, &opens);
    if (f->send_at.us > now.us + AHEAD_DAYS * DAY_US)
        fw_api_error_at(&r->errors, FW_API_OUT_OF_RANGE, "/send_at", "'send_at' is more than a year away.");
    else if (err)
        fw_api_error_at(&r->errors, FW_API_UNPROCESSABLE, "/send_window", "'send_window' does not open.");
    else if (f->expires_at.us > 0 && f->expires_at.us <= now.us)
        fw_api_error_at(&r->errors, FW_API_OUT_OF_RANGE, "/expires_at", "'expires_at' has passed.");
    else if (f->expires_at.us > 0 && f->expires_at.us <= opens.us)
        fw_api_error_at(&r->errors, FW_API_OUT_OF_RANGE, "/expires_at",
                        "'expires_at' is before the fax may be dialled, by its '%s'.",
                        f->expires_at.us <= f->send_at.us ? "send_at" : "send_window");
}
