/* The header line: who decides on it, and its texts. */
#include "fax/header_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/zone.h"
#include "fax/fax_json.h"

const char *fw_header_text_fault(const char *text)
{
    size_t characters = 0;
    bool good = fw_text_is_utf8(fw_span_of(text));
    for (const unsigned char *c = (const unsigned char *)text; good && *c; c++) {
        good = *c >= ' ' && *c != 0x7f;
        characters += (*c & 0xC0) != 0x80;
    }
    return good && characters > 0 && characters <= FW_HEADER_TEXT_MAX ? NULL : "must be one line of 1 to 60 characters";
}

enum fw_err fw_header_promise(const struct fw_application *a, bool service, struct fw_fax *f)
{
    json_t *settings CLEANUP(fw_json_free) = a->settings ? json_loads(a->settings, 0, NULL) : NULL;
    const json_t *wanted = json_object_get(settings, "header_line");
    const bool on = f->header_asked != FW_ASKED_NOTHING ? f->header_asked == FW_ASKED_ON
                    : json_is_boolean(wanted)           ? json_is_true(wanted)
                                                        : service;
    const char *text = json_string_value(json_object_get(settings, "header_text"));
    const char *zone = json_string_value(json_object_get(settings, "header_time_zone"));
    free(f->header);
    f->header = NULL;
    if (!on)
        return FW_OK;
    json_t *json CLEANUP(fw_json_free) = json_pack("{ss ss}", "text", text && text[0] ? text : f->from_display_name,
                                                   "time_zone", zone ? zone : "");
    f->header = json ? json_dumps(json, JSON_COMPACT) : NULL;
    return f->header ? FW_OK : FW_NO_MEMORY;
}

static void text_of(const struct fw_fax *f, const char *name, char *ret, size_t ret_size)
{
    json_t *json CLEANUP(fw_json_free) = f->header ? json_loads(f->header, 0, NULL) : NULL;
    const char *text = json_string_value(json_object_get(json, name));
    fw_text_clip(ret, ret_size, text ? text : "");
}

void fw_header_name(const struct fw_fax *f, char ret[FW_HEADER_NAME_SIZE])
{
    text_of(f, "text", ret, FW_HEADER_NAME_SIZE);
    if (strcmp(ret, f->from) == 0)
        ret[0] = '\0';
}

/* Without a zone it is as the clock on the wall of this server shows it. */
static long ahead_of(const char *name, time_t at)
{
    struct fw_zone *zone = name[0] ? calloc(1, sizeof *zone) : NULL;
    struct tm tm;
    long ahead = 0;
    if (zone && fw_zone_read(name, zone) == FW_OK)
        ahead = fw_zone_ahead(zone, at);
    else if (!name[0] && localtime_r(&at, &tm))
        ahead = tm.tm_gmtoff;
    free(zone);
    return ahead;
}

void fw_header_text_of(const struct fw_fax *f, struct fw_wall at, struct fw_header_text *ret)
{
    char zone[FW_ZONE_NAME_MAX + 1];
    struct tm tm = { 0 };
    text_of(f, "time_zone", zone, sizeof zone);
    const time_t seconds = (time_t)(at.us / 1000000);
    const long ahead = ahead_of(zone, seconds), apart = ahead < 0 ? -ahead : ahead;
    const time_t local = seconds + ahead;
    *ret = (struct fw_header_text){ .from = f->from, .to = f->to };
    if (!gmtime_r(&local, &tm))
        return;
    char date[24];
    (void)strftime(date, sizeof date, "%Y-%m-%d %H:%M", &tm);
    snprintf(ret->date, sizeof ret->date, "%s %c%02ld:%02ld", date, ahead < 0 ? '-' : '+', apart / 3600 % 100,
             apart / 60 % 60);
}
