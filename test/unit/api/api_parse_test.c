/* The parsers and tables by themselves: multipart at every split, forms, targets, fields of a fax.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cors.h"
#include "api/fax_fields.h"
#include "api/form.h"
#include "api/framing.h"
#include "api/multipart.h"
#include "api/paging.h"
#include "test.h"

static struct fw_span span(const char *text)
{
    return fw_span_of(text);
}

/* What a reading gave, as one text: <name:data>, ! behind the name of a file. */
struct record {
    char text[4096];
    size_t used;
};

static void put(struct record *r, const void *data, size_t size)
{
    CHECK(r->used + size < sizeof r->text);
    memcpy(r->text + r->used, data, size);
    r->used += size;
    r->text[r->used] = '\0';
}
static enum fw_err on_begin(void *arg, const char *name, bool has_filename)
{
    put(arg, "<", 1);
    put(arg, name, strlen(name));
    put(arg, has_filename ? "!:" : ":", has_filename ? 2 : 1);
    return FW_OK;
}
static enum fw_err on_data(void *arg, struct fw_span data)
{
    put(arg, data.data, data.size);
    return FW_OK;
}
static enum fw_err on_end(void *arg)
{
    put(arg, ">", 1);
    return FW_OK;
}
static const struct fw_multipart_port port = { on_begin, on_data, on_end };

/* Reads `body` in pieces cut at `first` and `second`. */
static enum fw_err read_split(struct fw_span body, size_t first, size_t second, struct record *ret)
{
    struct fw_multipart m;
    memset(ret, 0, sizeof *ret);
    CHECK_INT(fw_multipart_init(&m, span("b-X"), &port, ret), FW_OK);
    const size_t cuts[] = { 0, first, second, body.size };
    for (int i = 0; i < 3; i++) {
        /* Each piece in memory of its own, so that a sanitizer sees a read beyond it. */
        const size_t size = cuts[i + 1] - cuts[i];
        uint8_t *piece = malloc(size ? size : 1);
        memcpy(piece, body.data + cuts[i], size);
        const enum fw_err err = fw_multipart_read(&m, (struct fw_span){ piece, size });
        free(piece);
        if (err)
            return err;
    }
    return fw_multipart_finish(&m);
}

#define PART(name) "Content-Disposition: form-data; name=\"" name "\"\r\n"

static void multipart_at_every_split(void **state)
{
    (void)state;
    static const struct {
        const char *body, *expected;
    } cases[] = {
        { "--b-X\r\n" PART("a") "\r\n1\r\n--b-X--", "<a:1>" },
        { "preamble\r\n--b-X \t\r\n" PART("a") "\r\n1\r\n--b-X--\r\nepilogue\r\n--b-X\r\n",
          "<a:1>" },
        { "--b-X\r\n" PART("a") "\r\n\r\n--b-X--", "<a:>" },
        { "--b-X\r\n" PART("a") "\r\n--b-X--",
          "<a:>" }, /* no line for the data that is not there */
        { "--b-X\r\n" PART("a") "\r\n\r\n\r\n\r\n--b-X--\r\n", "<a:\r\n\r\n>" },
        { "--b-X\r\n" PART("a") "\r\n--b-\r\n--b-x\r\r\n--b-X--", "<a:--b-\r\n--b-x\r>" },
        { "--b-X\r\n" PART("a") "\r\n\r\r\n-\r\n--\r\n--b\r\n--b-X--", "<a:\r\r\n-\r\n--\r\n--b>" },
        { "--b-X\r\nContent-Type: text/plain\r\nCONTENT-DISPOSITION:form-data;name=a;filename=\"x\\\"y\"\r\n\r\n1\r\n"
          "--b-X\r\n" PART("b[]") "Content-Transfer-Encoding: binary\r\n\r\n2\r\n--b-X--",
          "<a!:1><b[]:2>" },
        { "\r\n--b-X--", "" },
        { "--b-X--", "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct fw_span body = span(cases[i].body);
        for (size_t first = 0; first <= body.size; first++) {
            for (size_t second = first; second <= body.size; second++) {
                struct record got;
                const enum fw_err err = read_split(body, first, second, &got);
                if (err || strcmp(got.text, cases[i].expected) != 0)
                    print_error("case %zu cut at %zu and %zu: %s\n", i, first, second, got.text);
                CHECK_INT(err, FW_OK);
                CHECK_TEXT(got.text, cases[i].expected);
            }
        }
    }
}

static void malformed_multipart(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "x",
        "--b-X",
        "--b-X\r\n",
        "--b-X-",
        "--b-Xx\r\n",
        "--b-X\n" PART("a") "\r\n1\r\n--b-X--",
        "--b-X\r\n\r\n1\r\n--b-X--",            /* no Content-Disposition */
        "--b-X\r\n" PART("a") "\r\n1\r\n--b-X", /* cut off */
        "--b-X\r\n" PART("a") "\r\n1\n--b-X--\n",
        "--b-X\r\n" PART("a") PART("a") "\r\n1\r\n--b-X--",
        "--b-X\r\n" PART("") "\r\n1\r\n--b-X--",
        "--b-X\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b-X--",
        "--b-X\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b-X--",
        "--b-X\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--b-X--",
        "--b-X\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n--b-X--",
        "--b-X\r\n" PART("a") " folded\r\n\r\n1\r\n--b-X--",
        "--b-X\r\n" PART("a") "no colon\r\n\r\n1\r\n--b-X--",
        "--b-X\r\n" PART("a") "X: 1\n\r\n1\r\n--b-X--",
        "--b-X\r\n" PART("a") "X: 1\rY\r\n\r\n1\r\n--b-X--",
        "--b-X\r\n" PART("a") "Content-Transfer-Encoding: base64\r\n\r\n1\r\n--b-X--",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct fw_span body = span(cases[i]);
        for (size_t first = 0; first <= body.size; first++) {
            struct record got;
            const enum fw_err err = read_split(body, first, body.size, &got);
            if (err != FW_PROTOCOL)
                print_error("case %zu: %s\n", i, cases[i]);
            CHECK_INT(err, FW_PROTOCOL);
        }
    }
    static const char *const boundaries[] = {
        "", "a ", "a\"b", "a\r",
        "12345678901234567890123456789012345678901234567890123456789012345678901"
    };
    for (size_t i = 0; i < ARRAY_LEN(boundaries); i++) {
        struct fw_multipart m;
        CHECK_INT(fw_multipart_init(&m, span(boundaries[i]), &port, NULL), FW_INVALID);
    }
}

static void multipart_has_limits(void **state)
{
    (void)state;
    static char body[40000];
    struct record got;
    int used = snprintf(body, sizeof body, "--b-X\r\n" PART("a") "X: ");
    memset(body + used, 'x', FW_MULTIPART_HEADER_MAX);
    CHECK_INT(
        read_split((struct fw_span){ (uint8_t *)body, (size_t)used + FW_MULTIPART_HEADER_MAX }, 0,
                   0, &got),
        FW_LIMIT);
    used = 0;
    for (int i = 0; i <= FW_MULTIPART_PARTS_MAX; i++)
        used +=
            snprintf(body + used, sizeof body - (size_t)used, "--b-X\r\n" PART("a") "\r\n1\r\n");
    CHECK_INT(read_split((struct fw_span){ (uint8_t *)body, (size_t)used }, 0, 0, &got), FW_LIMIT);
}

static void forms_nest(void **state)
{
    (void)state;
    static const struct {
        const char *body, *json;
    } cases[] = {
        { "", "{}" },
        { "&&", "{}" },
        { "a", "{\"a\":\"\"}" },
        { "a=", "{\"a\":\"\"}" },
        { "a=1&b=%2B+%26&c=x=y", "{\"a\":\"1\",\"b\":\"+ &\",\"c\":\"x=y\"}" },
        { "a[]=1&a%5B%5D=2", "{\"a\":[\"1\",\"2\"]}" },
        { "a[0]=1&a[1]=2", "{\"a\":[\"1\",\"2\"]}" },
        { "a=1&a=2", "{\"a\":[\"1\",\"2\"]}" },
        { "a[]=1", "{\"a\":[\"1\"]}" },
        { "a[b]=1&a[c][]=2", "{\"a\":{\"b\":\"1\",\"c\":[\"2\"]}}" },
        { "%C3%A9=%E2%82%AC", "{\"\\u00e9\":\"\\u20ac\"}" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *got = json_object(), *expected = json_loads(cases[i].json, 0, NULL);
        CHECK_INT(fw_urlencoded_read(span(cases[i].body), got), FW_OK);
        if (!json_equal(got, expected))
            print_error("%s\n", cases[i].body);
        CHECK(json_equal(got, expected));
        json_decref(got);
        json_decref(expected);
    }
    static const char *const bad[] = { "=1",         "[a]=1",      "a[=1",         "a]b[=1",
                                       "a[b]c=1",    "a[b][c]=1",  "a[b][c][d]=1", "a=%",
                                       "a=%g0",      "a=%00",      "a=%ff",        "%00=a",
                                       "a=1&a[b]=2", "a[b]=1&a=2", "a[b]=1&a[]=2" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        json_t *got = json_object();
        if (fw_urlencoded_read(span(bad[i]), got) != FW_INVALID)
            print_error("%s\n", bad[i]);
        CHECK_INT(fw_urlencoded_read(span(bad[i]), got), FW_INVALID);
        json_decref(got);
    }
    static char many[1000], large[FW_FORM_VALUE_MAX + 10];
    for (int i = 0; i <= FW_FORM_FIELDS_MAX; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "a%d=1&", i);
    memset(large, 'x', sizeof large - 1);
    memcpy(large, "a=", 2);
    json_t *got = json_object();
    CHECK_INT(fw_urlencoded_read(span(many), got), FW_LIMIT);
    CHECK(fw_urlencoded_read(span(large), got) != FW_OK);
    large[FW_FORM_VALUE_MAX + 2] = '\0';
    CHECK_INT(fw_urlencoded_read(span(large), got), FW_OK);
    json_decref(got);
}

static void targets(void **state)
{
    (void)state;
    static struct fw_target t;
    CHECK_INT(
        fw_target_parse(span("/v2/faxes/a%2Fb?page[number]=2&page%5Bsize%5D=3&x=%2B1+2&e&=y"), &t),
        FW_OK);
    CHECK_INT(t.segment_count, 3);
    CHECK_TEXT(t.segments[2], "a/b");
    CHECK_TEXT(fw_query_get(&t, "page[number]"), "2");
    CHECK_TEXT(fw_query_get(&t, "page[size]"), "3");
    CHECK_TEXT(fw_query_get(&t, "x"), "+1 2");
    CHECK_TEXT(fw_query_get(&t, "e"), "");
    CHECK(fw_query_get(&t, "none") == NULL);
    static const char *const bad[] = { "",   "v2",   "?a=b", "*",     "http://a/",
                                       "/%", "/%00", "/%ff", "/?%=a", "/?a=%0" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK_INT(fw_target_parse(span(bad[i]), &t), FW_INVALID);
    CHECK_INT(fw_target_parse(span("/1/2/3/4/5/6/7/8/9"), &t), FW_LIMIT);
    static char large[FW_TARGET_MAX + 2];
    memset(large, '/', sizeof large - 1);
    CHECK_INT(fw_target_parse(span(large), &t), FW_LIMIT);
    memset(large, '&', sizeof large - 1);
    memcpy(large, "/?", 2);
    large[FW_TARGET_MAX] = '\0';
    CHECK_INT(fw_target_parse(span(large), &t), FW_OK);
    for (int i = 2; i + 1 < FW_TARGET_MAX; i += 2)
        large[i] = 'a';
    CHECK_INT(fw_target_parse(span(large), &t), FW_LIMIT);
}

static const char *judge(const char *const (*headers)[2])
{
    struct fw_framing f = { 0 };
    for (; (*headers)[0]; headers++)
        fw_framing_header(&f, span((*headers)[0]), span((*headers)[1]));
    return fw_framing_fault(&f, true);
}

static void framing(void **state)
{
    (void)state;
    CHECK(!judge((const char *const[][2]){
        { "Host", "a" }, { "X-Y", "\tz" }, { "content-length", "5" }, { NULL } }));
    CHECK(!judge(
        (const char *const[][2]){ { "HOST", "a" }, { "Transfer-Encoding", "Chunked" }, { NULL } }));
    CHECK(judge((const char *const[][2]){ { "Host", "a" }, { "HOST", "a" }, { NULL } }));
    CHECK(judge((const char *const[][2]){
        { "Host", "a" }, { "Content-Length", "5" }, { "content-length", "5" }, { NULL } }));
    CHECK(judge((const char *const[][2]){ { "Host", "a" }, { "Content-Length", "" }, { NULL } }));
    CHECK(judge((const char *const[][2]){
        { "Host", "a" }, { "Transfer-Encoding", "identity" }, { NULL } }));
    CHECK(judge((const char *const[][2]){
        { "Host", "a" }, { "Transfer-Encoding", "chunked, chunked" }, { NULL } }));
    CHECK(judge((const char *const[][2]){ { "Host", "a" }, { "Bad Name", "a" }, { NULL } }));
    CHECK(judge((const char *const[][2]){ { "Host", "a" }, { "X", "a\nb" }, { NULL } }));
    CHECK(judge((const char *const[][2]){ { NULL } }));
}

#define GOOD "\"connection_id\":\"123\",\"to\":\"+13125550100\",\"from\":\"+13125550199\""
#define URL  ",\"media_url\":\"http://a/b\""

static struct fw_api_errors read_fields(const char *json, bool is_form, int documents,
                                        struct fw_fax *ret)
{
    struct fw_api_errors errors = { 0 };
    json_t *fields = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    if (!fields)
        print_error("%s\n", json);
    CHECK(fields != NULL);
    CHECK_INT(fw_fax_fields_read(fields, is_form, documents, true, &errors, ret), FW_OK);
    json_decref(fields);
    return errors;
}

static void fields_of_a_fax_that_are_right(void **state)
{
    (void)state;
    static const char *const good[] = {
        "\"to\":\"sip:fax@example.com\"",
        "\"to\":\"sip:example.com;transport=tcp\"",
        "\"to\":\"sips:1@[::1]:5061\"",
        "\"to\":\"+12\"",
        "\"to\":\"+123456789012345\"",
        "\"from_display_name\":\"Ab 9-_~!.+\"",
        "\"quality\":\"ultra_dark\"",
        "\"t38_enabled\":false",
        "\"monochrome\":true,\"black_threshold\":1",
        "\"black_threshold\":95",
        "\"store_preview\":true,\"preview_format\":\"pdf\"",
        "\"client_state\":\"\"",
        "\"webhook_url\":\"https://a:1/b?c\"",
        "\"webhook_url\":null",
        "\"client_state\":\"YQ==\"",
        "\"new_field\":[{}]",
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        char json[600];
        struct fw_fax fax;
        const bool own_to = strncmp(good[i], "\"to\"", 4) == 0;
        snprintf(json, sizeof json, "{%s,%s}",
                 own_to ? "\"connection_id\":\"1\",\"from\":\"+13125550199\"" URL : GOOD URL,
                 good[i]);
        struct fw_api_errors errors = read_fields(json, false, 0, &fax);
        if (errors.status)
            print_error("%s\n", good[i]);
        CHECK_INT(errors.status, 0);
        fw_fax_done(&fax);
    }
    struct fw_fax fax;
    struct fw_api_errors errors = read_fields("{" GOOD "}", false, 2, &fax);
    CHECK_INT(errors.status, 0);
    CHECK_INT(fax.document_count, 2);
    CHECK(fax.t38_enabled && !fax.monochrome && !fax.preview_pdf && !fax.store_media &&
          !fax.media_urls);
    CHECK_INT(fax.quality, FW_QUALITY_HIGH);
    CHECK_INT(fax.black_threshold, 95);
    CHECK_INT(fax.modem, -1);
    CHECK_INT(fax.transport, -1);
    fw_fax_done(&fax);
}

static void fields_of_a_fax_that_are_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *json, *code, *pointer;
        int documents;
    } bad[] = {
        { "{\"connection_id\":\"1\",\"to\":\"+12\"" URL "}", "10004", "/from", 0 },
        { "{\"connection_id\":\"1\",\"from\":\"+12\"" URL "}", "10004", "/to", 0 },
        { "{\"connection_id\":\"\",\"from\":\"+12\",\"to\":\"+12\"" URL "}", "10004",
          "/connection_id", 0 },
        { "{\"connection_id\":\"x\",\"from\":\"+12\",\"to\":\"+12\"" URL "}", "85004",
          "/connection_id", 0 },
        { "{\"connection_id\":1,\"from\":\"+12\",\"to\":\"+12\"" URL "}", "10020", "/connection_id",
          0 },
        { "{\"connection_id\":\"1\",\"from\":\"sip:a@b\",\"to\":\"+12\"" URL "}", "10016", "/from",
          0 },
        { "{\"connection_id\":\"1\",\"from\":\"+1\",\"to\":\"+12\"" URL "}", "10016", "/from", 0 },
        { "{\"connection_id\":\"1\",\"from\":\"+0123\",\"to\":\"+12\"" URL "}", "10016", "/from",
          0 },
        { "{\"connection_id\":\"1\",\"from\":\"+12\",\"to\":\"+1234567890123456\"" URL "}", "10016",
          "/to", 0 },
        { "{\"connection_id\":\"1\",\"from\":\"+12\",\"to\":\"+1 312\"" URL "}", "10016", "/to",
          0 },
        { "{\"connection_id\":\"1\",\"from\":\"+12\",\"to\":\" 1312\"" URL "}", "10016", "/to", 0 },
        { "{\"connection_id\":\"1\",\"from\":\"+12\",\"to\":\"sip:\"" URL "}", "10016", "/to", 0 },
        { "{\"connection_id\":\"1\",\"from\":\"+12\",\"to\":\"sip:@a\"" URL "}", "10016", "/to",
          0 },
        { "{\"connection_id\":\"1\",\"from\":\"+12\",\"to\":\"sip:a@\"" URL "}", "10016", "/to",
          0 },
        { "{\"connection_id\":\"1\",\"from\":\"+12\",\"to\":\"sip:a@b>\\r\\nX: y\"" URL "}",
          "10016", "/to", 0 },
        { "{\"connection_id\":\"1\",\"from\":\"+12\",\"to\":\"tel:+12\"" URL "}", "10016", "/to",
          0 },
        { "{" GOOD "}", "10004", "/media_url", 0 },
        { "{" GOOD ",\"media_url\":[]}", "10004", "/media_url", 0 },
        { "{" GOOD ",\"media_url\":[\"http://a\",5]}", "10020", "/media_url/1", 0 },
        { "{" GOOD ",\"media_url\":\"data:text/plain,a\"}", "10003", "/media_url", 0 },
        { "{" GOOD ",\"media_url\":\"http://\"}", "10003", "/media_url", 0 },
        { "{" GOOD URL "}", "10027", "/media_url", 1 },
        { "{" GOOD ",\"media_name\":\"a\"}", "10027", "/media_name", 1 },
        { "{" GOOD ",\"media_name\":\"a\",\"store_media\":true}", "10027", "/store_media", 0 },
        { "{" GOOD URL ",\"media_name\":\"a\"}", "10027", "/media_name", 0 },
        { "{" GOOD ",\"contents\":\"JVBERi0=\"}", "10027", "/contents", 0 },
        { "{" GOOD URL ",\"from_display_name\":\"a@b\"}", "10027", "/from_display_name", 0 },
        { "{" GOOD URL ",\"quality\":\"HIGH\"}", "10032", "/quality", 0 },
        { "{" GOOD URL ",\"preview_format\":\"png\"}", "10032", "/preview_format", 0 },
        { "{" GOOD URL ",\"t38_enabled\":\"true\"}", "10026", "/t38_enabled", 0 },
        { "{" GOOD URL ",\"store_media\":1}", "10026", "/store_media", 0 },
        { "{" GOOD URL ",\"monochrome\":true,\"black_threshold\":0}", "10033", "/black_threshold",
          0 },
        { "{" GOOD URL ",\"monochrome\":true,\"black_threshold\":101}", "10033", "/black_threshold",
          0 },
        { "{" GOOD URL ",\"monochrome\":true,\"black_threshold\":1.5}", "10026", "/black_threshold",
          0 },
        { "{" GOOD URL ",\"black_threshold\":50}", "10027", "/black_threshold", 0 },
        { "{" GOOD URL ",\"webhook_url\":\"x\"}", "10003", "/webhook_url", 0 },
        { "{" GOOD URL ",\"client_state\":\"a\"}", "90017", "/client_state", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fw_fax fax;
        struct fw_api_errors errors = read_fields(bad[i].json, false, bad[i].documents, &fax);
        const char *code = "", *pointer = "";
        (void)json_unpack(json_array_get(errors.list, 0), "{ss s{ss}}", "code", &code, "source",
                          "pointer", &pointer);
        if (strcmp(code, bad[i].code) != 0 || json_array_size(errors.list) != 1)
            print_error("%s\n", bad[i].json);
        CHECK_INT(errors.status, 422);
        CHECK_INT(json_array_size(errors.list), 1);
        CHECK_TEXT(code, bad[i].code);
        CHECK_TEXT(pointer, bad[i].pointer);
        fw_api_errors_done(&errors);
        fw_fax_done(&fax);
    }
}

/* One character more than what is allowed, and exactly that. */
static void lengths(void **state)
{
    (void)state;
    static const struct {
        const char *name, *start;
        size_t max;
        const char *code;
    } cases[] = {
        { "from_display_name", "a", FW_DISPLAY_NAME_MAX, "10025" },
        { "webhook_url", "http://a/", FW_URL_MAX, "10003" },
        { "media_url", "http://a/", FW_URL_MAX, "10003" },
        { "client_state", "a", FW_CLIENT_STATE_MAX, "10025" },
        { "to", "sip:a@", FW_NUMBER_MAX, "10025" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t over = 0; over < 2; over++) {
            char value[FW_CLIENT_STATE_MAX + 2];
            struct fw_api_errors errors = { 0 };
            struct fw_fax fax;
            memset(value, 'a', cases[i].max + over);
            memcpy(value, cases[i].start, strlen(cases[i].start));
            value[cases[i].max + over] = '\0';
            json_t *fields = json_loads("{" GOOD URL "}", 0, NULL);
            json_object_set_new(fields, cases[i].name, json_string(value));
            CHECK_INT(fw_fax_fields_read(fields, false, 0, true, &errors, &fax), FW_OK);
            CHECK_INT(errors.status, over ? 422 : 0);
            const char *code = "";
            (void)json_unpack(json_array_get(errors.list, 0), "{ss}", "code", &code);
            CHECK_TEXT(code, over ? cases[i].code : "");
            json_decref(fields);
            fw_api_errors_done(&errors);
            fw_fax_done(&fax);
        }
    }
}

static void texts_of_a_form(void **state)
{
    (void)state;
    struct fw_fax fax;
    struct fw_api_errors errors = read_fields(
        "{\"connection_id\":\"1\",\"to\":\" 13125550100\",\"from\":\"+12\",\"media_url\":\"http://a/b,https://c/d,e\","
        "\"monochrome\":\"TRUE\",\"black_threshold\":\"7\",\"t38_enabled\":\"0\"}",
        true, 0, &fax);
    CHECK_INT(errors.status, 0);
    CHECK_TEXT(fax.to, "+13125550100");
    CHECK_TEXT(fax.media_urls, "[\"http://a/b\",\"https://c/d,e\"]");
    CHECK(fax.monochrome && !fax.t38_enabled);
    CHECK_INT(fax.black_threshold, 7);
    fw_fax_done(&fax);
}

static void pages_are_counted(void **state)
{
    (void)state;
    static const struct {
        int64_t total, pages;
    } cases[] = { { 0, 1 }, { 1, 1 }, { 20, 1 }, { 21, 2 }, { 40, 2 } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *json = fw_paging_json(&(struct fw_paging){ 1, 20 }, cases[i].total, json_array());
        CHECK_INT(json_integer_value(json_object_get(json_object_get(json, "meta"), "total_pages")),
                  cases[i].pages);
        json_decref(json);
    }
}

static void origins(void **state)
{
    (void)state;
    static const char list[] = "https://a.example, http://localhost:3000,https://[::1]:8443";
    static const char *const allowed[] = { "https://a.example", "http://localhost:3000", "https://[::1]:8443" };
    static const char *const refused[] = { "https://b.example", "https://a.example.org", "https://a.exampl", "http://a.example",
                                           "https://a.example:443", "null", "", ",", "HTTPS://A.EXAMPLE" };
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
        CHECK_TEXT(fw_cors_allow(list, allowed[i]), allowed[i]);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        CHECK(!fw_cors_allow(list, refused[i]));
    CHECK_TEXT(fw_cors_allow("*", "https://b.example"), "*");
    CHECK(!fw_cors_allow("", "https://a.example") && !fw_cors_allow(NULL, "https://a.example") && !fw_cors_allow("*", NULL));
    CHECK(!fw_cors_fault("") && !fw_cors_fault("*") && !fw_cors_fault(list) && !fw_cors_fault(" , "));
    static const char *const bad[] = { "a.example", "https://", "https://a.example/", "ftp://a.example", "https://A.example",
                                       "https://a.example; *", "https://a b" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(fw_cors_fault(bad[i]) != NULL);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(multipart_at_every_split),
        cmocka_unit_test(malformed_multipart),
        cmocka_unit_test(multipart_has_limits),
        cmocka_unit_test(forms_nest),
        cmocka_unit_test(targets),
        cmocka_unit_test(framing),
        cmocka_unit_test(fields_of_a_fax_that_are_right),
        cmocka_unit_test(fields_of_a_fax_that_are_wrong),
        cmocka_unit_test(lengths),
        cmocka_unit_test(texts_of_a_form),
        cmocka_unit_test(pages_are_counted),
        cmocka_unit_test(origins),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
