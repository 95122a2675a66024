/* Templates found and filled. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "media/cover.h"

enum { NAME_MAX_SIZE = 40, PATH_SIZE = 4400, FIELD_MAX = 20 };

#define HEAD "<!doctype html>\n<html><head><meta charset=\"utf-8\"><style>"
#define ROW(name, title) "{{#" name "}}<p class=\"row\"><b>" title "</b> {{" name "}}</p>{{/" name "}}\n"
static const struct {
    const char *name, *html;
} built_in[] = {
    { "standard",
      HEAD "@page{margin:50pt 55pt}body{font-family:Helvetica,sans-serif;font-size:13pt}"
           "h1{font-size:44pt;margin:0 0 6pt 0}hr{border-top:2pt solid black}.row{margin:7pt 0}"
           ".comment{margin-top:18pt;line-height:1.4}.small{font-size:10pt}</style></head><body>\n"
           "<h1>Fax</h1><hr>\n" ROW("to", "To:") ROW("to_number", "Number:") ROW("from", "From:")
      ROW("from_number", "Number:") ROW("date", "Date:") ROW("pages", "Pages, this one counted:")
      ROW("subject", "Subject:") "<hr>\n{{#comment}}<p class=\"comment\">{{comment}}</p>{{/comment}}\n"
      "</body></html>\n" },
    { "plain",
      HEAD "@page{margin:50pt 55pt}body{font-family:Courier,monospace;font-size:12pt}</style></head><body>\n"
           "<p>TO: {{to}} {{to_number}}<br>FROM: {{from}} {{from_number}}<br>DATE: {{date}}<br>PAGES: {{pages}}"
           "{{#subject}}<br>SUBJECT: {{subject}}{{/subject}}</p>\n{{#comment}}<p>{{comment}}</p>{{/comment}}\n"
           "</body></html>\n" },
};

static bool name_ok(const char *name)
{
    const size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return size > 0 && size <= NAME_MAX_SIZE && name[size] == '\0';
}

static const char *built_in_html(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(built_in); i++) {
        if (strcmp(built_in[i].name, name) == 0)
            return built_in[i].html;
    }
    return NULL;
}

/* FW_NOT_FOUND: neither in the folder nor built in. */
static enum fw_err template_of(const char *dir, const char *name, struct fw_buf *ret)
{
    char path[PATH_SIZE];
    fw_buf_init(ret, FW_COVER_BYTES_MAX);
    if (!name_ok(name))
        return FW_NOT_FOUND;
    enum fw_err err = FW_NOT_FOUND;
    const int size = dir && dir[0] ? snprintf(path, sizeof path, "%s/%s.html", dir, name) : 0;
    if (size > 0 && (size_t)size < sizeof path)
        err = fw_file_read(path, FW_COVER_BYTES_MAX, ret);
    const char *html = err == FW_NOT_FOUND ? built_in_html(name) : NULL;
    return html ? fw_buf_put_text(ret, html) : err;
}

bool fw_cover_known(const char *dir, const char *name)
{
    struct fw_buf html CLEANUP(fw_buf_done) = { 0 };
    return template_of(dir, name, &html) == FW_OK;
}

struct values {
    struct {
        const char *name, *text;
    } items[8];
};

static const char *value_of(const struct values *v, struct fw_span name)
{
    for (size_t i = 0; i < ARRAY_LEN(v->items); i++) {
        if (fw_text_is(name, v->items[i].name))
            return v->items[i].text;
    }
    return "";
}

static enum fw_err put_escaped(struct fw_buf *ret, const char *text)
{
    enum fw_err err = FW_OK;
    for (const char *p = text; *p && !err; p++) {
        const char *as = *p == '&'    ? "&amp;"
                         : *p == '<'  ? "&lt;"
                         : *p == '>'  ? "&gt;"
                         : *p == '"'  ? "&quot;"
                         : *p == '\'' ? "&#39;"
                         : *p == '%'  ? "&#37;" /* "%PDF-" early in a file makes it a PDF */
                         : *p == '\n' ? "<br>"
                         : *p == '\r' ? ""
                                      : NULL;
        err = as ? fw_buf_put_text(ret, as) : fw_buf_put_u8(ret, (uint8_t)*p);
    }
    return err;
}

/* The tag at the beginning of `rest`: its name, and '#', '/' or 0. False: none that is whole. */
static bool tag_at(struct fw_span rest, char *ret_kind, struct fw_span *ret_name, size_t *ret_size)
{
    const uint8_t *end = memmem(rest.data, rest.size < FIELD_MAX + 5 ? rest.size : FIELD_MAX + 5, "}}", 2);
    if (rest.size < 4 || memcmp(rest.data, "{{", 2) != 0 || !end)
        return false;
    const uint8_t *name = rest.data + 2;
    *ret_kind = *name == '#' || *name == '/' ? (char)*name : '\0';
    name += *ret_kind != '\0';
    *ret_name = (struct fw_span){ name, end > name ? (size_t)(end - name) : 0 };
    *ret_size = (size_t)(end + 2 - rest.data);
    return ret_name->size > 0;
}

/* Sections do not nest: one that begins in another is a fault of the template. */
static enum fw_err fill(struct fw_span html, const struct values *v, struct fw_buf *ret)
{
    struct fw_span open = { 0 }; /* the section that this is in */
    bool left_out = false;
    enum fw_err err = FW_OK;
    for (size_t at = 0, size; at < html.size && !err; at += size) {
        const struct fw_span rest = { html.data + at, html.size - at };
        struct fw_span name;
        char kind;
        if (!tag_at(rest, &kind, &name, &size)) {
            size = 1;
            err = left_out ? FW_OK : fw_buf_put_u8(ret, rest.data[0]);
        } else if (kind == '#') {
            err = open.size > 0 ? FW_INVALID : FW_OK;
            open = name;
            left_out = value_of(v, name)[0] == '\0';
        } else if (kind == '/') {
            err = open.size == name.size && memcmp(open.data, name.data, name.size) == 0 ? FW_OK : FW_INVALID;
            open.size = 0;
            left_out = false;
        } else if (!left_out) {
            err = put_escaped(ret, value_of(v, name));
        }
    }
    return !err && open.size > 0 ? FW_INVALID : err;
}

/* As the clock on the wall of this server shows it. */
static void date_of(struct fw_wall at, char ret[40])
{
    const time_t seconds = (time_t)(at.us / 1000000);
    struct tm tm;
    ret[0] = '\0';
    if (localtime_r(&seconds, &tm))
        (void)!strftime(ret, 40, "%Y-%m-%d %H:%M %Z", &tm);
}

static const char *text_of(const json_t *cover, const char *name)
{
    const char *text = json_string_value(json_object_get(cover, name));
    return text ? text : "";
}

enum fw_err fw_cover_make(const char *dir, const struct fw_fax *f, int pages, struct fw_buf *ret)
{
    char date[40], count[16];
    struct fw_buf html CLEANUP(fw_buf_done) = { 0 };
    json_t *cover CLEANUP(fw_json_free) = f->cover_page ? json_loads(f->cover_page, 0, NULL) : NULL;
    fw_buf_init(ret, FW_COVER_BYTES_MAX);
    if (!json_is_object(cover))
        return FW_INVALID;
    const enum fw_err err = template_of(dir, text_of(cover, "template"), &html);
    if (err)
        return err;
    date_of(f->created_at, date);
    snprintf(count, sizeof count, "%d", pages);
    const char *from = text_of(cover, "from");
    const struct values v = { { { "to", text_of(cover, "to") }, { "to_number", f->to },
                                { "from", from[0] ? from : f->from_display_name }, { "from_number", f->from },
                                { "subject", text_of(cover, "subject") }, { "comment", text_of(cover, "comment") },
                                { "pages", count }, { "date", date } } };
    return fill(fw_buf_span(&html), &v, ret);
}
