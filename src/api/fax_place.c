/* How long a fax will wait, for people who look. */
#include "api/api.h"
#include "api/request.h"
#include "fax/fax_json.h"
#include "store/accounts.h"
#include "store/waiting.h"

static int64_t fewer(int64_t a, int64_t b)
{
    return a == 0 || (b > 0 && b < a) ? b : a;
}

/* That the account and the application may have at the same time; 0: any number. */
static enum fw_err calls_of(const struct fw_request *r, const struct fw_fax *f, int64_t by_default, int64_t *ret)
{
    struct fw_application app CLEANUP(fw_application_done) = { 0 };
    struct fw_account_day day;
    enum fw_err err = fw_store_application_get(r->config->store, f->account, f->application, &app);
    if (!err)
        err = fw_store_account_day(r->config->store, f->account, fw_wall_now(), &day);
    if (err)
        return err;
    const int64_t own = day.limits[FW_QUOTA_CALLS_MAX];
    *ret = fewer(own >= 0 ? own : by_default, fw_application_channels(&app));
    return FW_OK;
}

static json_t *start_of(const struct fw_request *r, const struct fw_fax *f, const struct fw_place *place)
{
    const struct fw_api_config *c = r->config;
    const struct fw_wall now = fw_wall_now();
    struct fw_pace pace = { 0 };
    char text[FW_TIME_TEXT_SIZE];
    int64_t calls = 0;
    if (c->pace)
        c->pace(c->arg, &pace);
    if (!pace.dialling || calls_of(r, f, pace.account_calls, &calls))
        return json_null();
    const int64_t due_us = f->due.us > now.us ? f->due.us : now.us;
    const int64_t wait_ms = fw_pace_wait_ms(&pace, place, calls, f->page_count);
    fw_wall_text((struct fw_wall){ due_us + wait_ms * 1000 }, text);
    return json_string(text);
}

bool fw_fax_place_add(const struct fw_request *r, const struct fw_fax *f, json_t *json)
{
    const bool waits = f->direction == FW_OUTBOUND && !f->cancel_asked &&
                       (f->status == FW_STATUS_QUEUED || f->status == FW_STATUS_MEDIA_PROCESSED);
    const bool counted = waits && !(f->status == FW_STATUS_QUEUED && f->batch[0]);
    struct fw_place place = { 0 };
    json_t *position = json_null(), *start = json_null();
    if (counted && fw_store_fax_place(r->config->store, f, fw_wall_now(), &place) == FW_OK) {
        position = json_integer(place.ahead < FW_PLACE_MAX ? place.ahead + 1 : FW_PLACE_MAX);
        if (f->status == FW_STATUS_MEDIA_PROCESSED)
            start = start_of(r, f, &place);
    }
    const int bad = json_object_set_new(json, "queue_position", position);
    return !(json_object_set_new(json, "expected_start_at", start) || bad);
}
