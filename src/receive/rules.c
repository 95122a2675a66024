/* Lists of numbers, hours, and with what a call is refused. */
#include "receive/rules.h"

#include <string.h>

#include "base/log.h"
#include "fax/fax_json.h"
#include "fax/hours.h"

json_t *fw_rules_of_application(const struct fw_application *a)
{
    json_t *settings CLEANUP(fw_json_free) = a->settings ? json_loads(a->settings, 0, NULL) : NULL;
    return json_incref(json_object_get(settings, "inbound"));
}

/* Digits only: a '+', spaces and the like make no other number. `text` may end in '*'. */
static bool matches(const char *pattern, const char *number)
{
    const char *p = pattern, *n = number;
    for (;;) {
        while (*p && strchr("+ -.()", *p))
            p++;
        while (*n && strchr("+ -.()", *n))
            n++;
        if (*p == '*' && p[1] == '\0')
            return true;
        if (*p != *n || *p == '\0')
            return *p == *n;
        p++;
        n++;
    }
}

static bool is_in(const json_t *list, const char *number)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        const char *pattern = json_string_value(item);
        if (pattern && matches(pattern, number))
            return true;
    }
    return false;
}

/* An empty list, or none, allows everybody. */
static bool listed_out(const json_t *inbound, const char *answer, const char *refuse, const char *number)
{
    const json_t *only = json_object_get(inbound, answer);
    return is_in(json_object_get(inbound, refuse), number) || (json_array_size(only) > 0 && !is_in(only, number));
}

/* A zone that was known when the rule was written, and is not any more, closes nothing: a fax too many is less
 * than one that is lost. */
static bool open_by(const struct fw_hours *h, struct fw_wall now, int offset_min)
{
    struct fw_zone zone;
    if (!h->zone[0])
        return fw_hours_has(h, now, offset_min);
    const enum fw_err err = fw_zone_read(h->zone, &zone);
    if (err)
        fw_log(FW_LOG_ERROR, "rules.zone_unread", "zone=%s error=%s", FW_LOG_TEXT(h->zone),
               FW_LOG_TEXT(fw_err_text(err)));
    return err || fw_hours_has(h, now, fw_zone_ahead(&zone, now.us / 1000000) / 60);
}

static bool closed(const json_t *inbound, struct fw_wall now)
{
    const json_t *list = json_object_get(inbound, "hours");
    const int offset = (int)json_integer_value(json_object_get(inbound, "hours_utc_offset_minutes"));
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        struct fw_hours hours;
        const char *text = json_string_value(item);
        if (text && fw_hours_parse(text, &hours) && open_by(&hours, now, offset))
            return false;
    }
    return json_array_size(list) > 0;
}

struct fw_rules_refusal fw_rules_of_call(const json_t *inbound, const char *caller, struct fw_wall now)
{
    static const struct {
        const char *name;
        int         status, q850;
    } causes[] = {
        { "unavailable", 480, 31 }, { "busy", 486, 17 }, { "declined", 603, 21 }, { "unallocated", 404, 1 },
    };
    const char *text = listed_out(inbound, "answer_callers", "refuse_callers", caller)
                           ? "the application does not take calls of this caller"
                       : closed(inbound, now) ? "the application takes no calls at this hour"
                                              : NULL;
    if (!text)
        return (struct fw_rules_refusal){ 0, 0, "" };
    const char *with = json_string_value(json_object_get(inbound, "refuse_with"));
    size_t cause = 0;
    for (size_t i = 0; with && i < ARRAY_LEN(causes); i++) {
        if (strcmp(causes[i].name, with) == 0)
            cause = i;
    }
    return (struct fw_rules_refusal){ causes[cause].status, causes[cause].q850, text };
}

bool fw_rules_ident_refused(const json_t *inbound, const char *ident)
{
    return listed_out(inbound, "answer_idents", "refuse_idents", ident);
}

/* Machines fill up with spaces, and people write them where they like. */
static void without_spaces(const char *text, char *dst, size_t dst_size)
{
    size_t size = 0;
    for (; *text && size + 1 < dst_size; text++) {
        if (*text != ' ')
            dst[size++] = *text;
    }
    dst[size] = '\0';
}

const char *fw_rules_tag(const json_t *inbound, const char *subaddress)
{
    char wanted[FW_IDENT_MAX + 1], has[FW_IDENT_MAX + 1];
    const char *name;
    json_t *tag;
    without_spaces(subaddress, wanted, sizeof wanted);
    json_object_foreach (json_object_get(inbound, "subaddress_tags"), name, tag) {
        without_spaces(name, has, sizeof has);
        if (wanted[0] && strcmp(has, wanted) == 0 && json_is_string(tag))
            return json_string_value(tag);
    }
    return "";
}

bool fw_rules_page_events(const json_t *inbound)
{
    return json_is_true(json_object_get(inbound, "page_events"));
}

bool fw_rules_barcodes(const json_t *inbound)
{
    return json_is_true(json_object_get(inbound, "barcodes"));
}
