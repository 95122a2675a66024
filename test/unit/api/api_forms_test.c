/* Every form of body over the wire, what is refused, and that nothing is left of what was. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "live.h"
#include "test.h"

#define FORM "application/x-www-form-urlencoded"

static struct live l;

static int open_live(void **state)
{
    (void)state;
    live_open(&l);
    return 0;
}
static int close_live(void **state)
{
    (void)state;
    live_close(&l);
    return 0;
}

static const char *data_text(const struct answer *a, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(a->json, "data"), name));
    return text ? text : "";
}

static char *json_body(const char *rest)
{
    static char body[4096];
    snprintf(body, sizeof body,
             "{\"connection_id\":\"%s\",\"to\":\"+13125550100\",\"from\":\"+13125550199\"%s}",
             l.application, rest);
    return body;
}

static void document_is(const char *fax, int number, const char *content, size_t size)
{
    char dir[512], path[600];
    struct fw_buf got;
    fw_store_fax_dir(l.store, fax, dir, sizeof dir);
    snprintf(path, sizeof path, "%s/document-%d", dir, number);
    CHECK_INT(fw_file_read(path, 64 * 1024 * 1024, &got), FW_OK);
    CHECK_INT(got.size, size);
    CHECK(memcmp(got.data, content, size) == 0);
    fw_buf_done(&got);
}

static void json_is_accepted(void **state)
{
    (void)state;
    static const char *const read_only[] = { "pages", "warnings", "queue_position", "expected_start_at" };
    const int before = atomic_load(&l.accepted);
    struct answer a =
        post(&l, "/v2/faxes", "application/json",
             json_body(",\"media_url\":\"https://example.com/a.pdf\",\"client_state\":\"aGVsbG8=\","
                       "\"unknown\":{\"x\":[1]},\"t38_enabled\":null,\"black_threshold\":95"));
    CHECK_INT(a.status, 202);
    CHECK_TEXT(data_text(&a, "status"), "queued");
    CHECK_TEXT(data_text(&a, "media_url"), "https://example.com/a.pdf");
    CHECK_TEXT(data_text(&a, "from_display_name"), "+13125550199");
    CHECK_TEXT(data_text(&a, "client_state"), "aGVsbG8=");
    CHECK_INT(atomic_load(&l.accepted), before + 1);
    CHECK(strstr(a.headers, "\r\nrequest-id: ") && strstr(a.headers, "\r\nx-request-id: "));

    char path[100];
    snprintf(path, sizeof path, "/v2/faxes/%s", data_text(&a, "id"));
    struct answer b = get(&l, path);
    CHECK_INT(b.status, 200);
    json_t *read = json_object_get(b.json, "data"); /* which tells of pages and of its place too */
    CHECK(json_is_null(json_object_get(read, "pages")) && json_is_array(json_object_get(read, "warnings")));
    CHECK_INT(json_integer_value(json_object_get(read, "queue_position")), 1);
    CHECK(json_is_null(json_object_get(read, "expected_start_at")));
    for (size_t i = 0; i < ARRAY_LEN(read_only); i++)
        CHECK(json_object_del(read, read_only[i]) == 0);
    CHECK(json_equal(json_object_get(a.json, "data"), read));
    answer_done(&b);

    snprintf(path, sizeof path, "/v2/faxes/%s/events?after=0", data_text(&a, "id"));
    b = get(&l, path);
    CHECK_INT(b.status, 200);
    const json_t *events = json_object_get(b.json, "data");
    CHECK_INT(json_array_size(events), 1);
    CHECK_TEXT(json_string_value(json_object_get(json_array_get(events, 0), "event_type")),
               "fax.queued");
    const long long seq = json_integer_value(json_object_get(json_array_get(events, 0), "seq"));
    CHECK(seq > 0);
    answer_done(&b);
    snprintf(path, sizeof path, "/v2/faxes/%s/events?after=%lld", data_text(&a, "id"), seq);
    b = get(&l, path);
    CHECK_INT(json_array_size(json_object_get(b.json, "data")), 0);
    answer_done(&b);
    answer_done(&a);
}

static void list_of_urls(void **state)
{
    (void)state;
    struct answer a = post(
        &l, "/v2/faxes", "application/json",
        json_body(",\"media_url\":[\"https://example.com/a.pdf\",\"http://example.com/b,c\"]"));
    CHECK_INT(a.status, 202);
    CHECK_INT(json_array_size(json_object_get(json_object_get(a.json, "data"), "media_url")), 2);
    answer_done(&a);
}

/* curl --data-raw '{…}' without a header, and a client that sends no type at all. */
static void json_with_wrong_labels(void **state)
{
    (void)state;
    const char *types[] = { FORM, NULL, "application/json; charset=utf-8",
                            "application/vnd.api+json" };
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct answer a =
            post(&l, "/v2/faxes", types[i], json_body(",\"media_url\":\"https://example.com/a\""));
        CHECK_INT(a.status, 202);
        answer_done(&a);
    }
}

static void urlencoded(void **state)
{
    (void)state;
    char body[1024];
    snprintf(
        body, sizeof body,
        "connection_id=%s&to=%%2B13125550100&from=+13125550199&media_url[]=https%%3A%%2F%%2Fexample.com%%2Fa"
        "&media_url[]=https://example.com/b&t38_enabled=False&monochrome=true&black_threshold=40&quality=normal"
        "&store_media=1",
        l.application);
    struct answer a = post(&l, "/v2/faxes", FORM, body);
    CHECK_INT(a.status, 202);
    CHECK_TEXT(data_text(&a, "from"), "+13125550199");
    CHECK_TEXT(data_text(&a, "quality"), "normal");
    CHECK(json_is_true(json_object_get(json_object_get(a.json, "data"), "store_media")));
    struct fw_fax fax = { 0 };
    CHECK_INT(fw_store_fax_get(l.store, l.account, data_text(&a, "id"), &fax), FW_OK);
    CHECK(!fax.t38_enabled && fax.monochrome);
    CHECK_INT(fax.black_threshold, 40);
    CHECK_TEXT(fax.media_urls, "[\"https://example.com/a\",\"https://example.com/b\"]");
    fw_fax_done(&fax);
    answer_done(&a);
}

struct document {
    const char *name, *filename, *data;
    size_t size;
};
struct form {
    const struct document *documents;
    int count;
    const char *url;
};

static void text_part(curl_mime *mime, const char *name, const char *value)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    curl_mime_name(part, name);
    curl_mime_data(part, value, CURL_ZERO_TERMINATED);
    curl_mime_type(part, "text/plain; charset=utf-8"); /* as the Java library does */
}

static curl_mime *make_form(CURL *curl, void *arg)
{
    const struct form *f = arg;
    curl_mime *mime = curl_mime_init(curl);
    text_part(mime, "connection_id", l.application);
    text_part(mime, "to", "+13125550100");
    text_part(mime, "from", "+13125550199");
    text_part(mime, "store_preview", "true");
    if (f->url)
        text_part(mime, "media_url", f->url);
    for (int i = 0; i < f->count; i++) {
        curl_mimepart *part = curl_mime_addpart(mime);
        curl_mime_name(part, f->documents[i].name);
        curl_mime_data(part, f->documents[i].data, f->documents[i].size);
        if (f->documents[i].filename)
            curl_mime_filename(part, f->documents[i].filename);
    }
    return mime;
}

static struct answer post_form(struct form f)
{
    return ask(&l, &(struct ask){ .path = "/v2/faxes", .mime = make_form, .arg = &f });
}

static void multipart_of_texts_only(void **state)
{
    (void)state;
    struct answer a =
        post_form((struct form){ .url = "https://example.com/a,b,https://example.com/c" });
    CHECK_INT(a.status, 202);
    struct fw_fax fax = { 0 };
    CHECK_INT(fw_store_fax_get(l.store, l.account, data_text(&a, "id"), &fax), FW_OK);
    CHECK_TEXT(fax.media_urls, "[\"https://example.com/a,b\",\"https://example.com/c\"]");
    CHECK(fax.store_preview);
    fw_fax_done(&fax);
    answer_done(&a);
}

static void multipart_documents_reach_the_folder(void **state)
{
    (void)state;
    const struct document documents[] = {
        { "contents", "a.pdf", "%PDF-1.4\r\n--\r\n\r\n", 16 },
        { "contents[]", NULL, "two\r\n", 5 },
        { "other", "x", "dropped", 7 },
    };
    struct answer a = post_form((struct form){ .documents = documents, .count = 3 });
    CHECK_INT(a.status, 202);
    document_is(data_text(&a, "id"), 1, documents[0].data, 16);
    document_is(data_text(&a, "id"), 2, documents[1].data, 5);
    struct fw_fax fax = { 0 };
    CHECK_INT(fw_store_fax_get(l.store, l.account, data_text(&a, "id"), &fax), FW_OK);
    CHECK_INT(fax.document_count, 2);
    CHECK(fax.media_urls == NULL);
    fw_fax_done(&fax);
    CHECK_INT(files_in(l.uploads), 0);
    answer_done(&a);
}

/* Larger than the contract's 50 MB, smaller than the limit of a request: taken, to fail later. */
static void large_documents(void **state)
{
    (void)state;
    const size_t sizes[] = { 51 * 1024 * 1024, 61 * 1024 * 1024 };
    for (size_t i = 0; i < 2; i++) {
        char *data = malloc(sizes[i]);
        for (size_t b = 0; b < sizes[i]; b++)
            data[b] = (char)(b * 2654435761U >> 24);
        const struct document document = { "contents", "a.pdf", data, sizes[i] };
        struct answer a = post_form((struct form){ .documents = &document, .count = 1 });
        CHECK_INT(a.status, i == 0 ? 202 : 413);
        if (i == 0)
            document_is(data_text(&a, "id"), 1, data, sizes[i]);
        CHECK_INT(files_in(l.uploads), 0);
        answer_done(&a);
        free(data);
    }
}

static void refused_forms_leave_nothing(void **state)
{
    (void)state;
    const int faxes = fax_count(&l);
    const struct document documents[21] = { { "contents", "a", "a", 1 } };
    struct document many[21];
    for (int i = 0; i < 21; i++)
        many[i] = documents[0];
    struct answer a = post_form((struct form){ .documents = many, .count = 21 });
    CHECK_INT(a.status, 413);
    answer_done(&a);
    a = post_form((struct form){ .documents = many, .count = 1, .url = "https://example.com/a" });
    CHECK_INT(a.status, 422);
    CHECK_TEXT(error_pointer(&a, 0), "/media_url");
    answer_done(&a);
    const struct document empty = { "contents", "a.pdf", "", 0 };
    a = post_form((struct form){ .documents = &empty, .count = 1 });
    CHECK_INT(a.status, 422);
    CHECK_TEXT(error_pointer(&a, 0), "/contents");
    answer_done(&a);
    CHECK_INT(files_in(l.uploads), 0);
    CHECK_INT(fax_count(&l), faxes);
}

static void what_no_body_may_be(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body;
        int status;
        const char *code;
    } cases[] = {
        { "application/json", "{", 400, "10023" },
        { "application/json", "{\"to\":1,\"to\":2}", 400, "10023" },
        { "application/json", "[]", 400, "10015" },
        { "application/json", "{\"to\":\"\\u0000\"}", 400, "10023" },
        { "text/xml", "<a/>", 415, "10024" },
        { NULL, "a=b", 415, "10024" },
        { FORM, "to=%zz", 400, "10015" },
        { FORM, "to=%ff", 400, "10015" },
        { FORM, "to=a&to[b]=c", 400, "10015" },
        { "multipart/form-data", "x", 400, "10015" },
        { "multipart/form-data; boundary=\"\"", "x", 400, "10015" },
        { "multipart/form-data; boundary=b", "x", 400, "10015" },
        { "multipart/form-data; boundary=b",
          "--b\r\nContent-Disposition: form-data; name=\"contents\"; filename=\"a\"\r\n\r\ncut off",
          400, "10015" },
        { "application/json", "{}", 422, "10004" },
        { "application/json", "", 422, "10004" },
    };
    const int faxes = fax_count(&l);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer a = post(&l, "/v2/faxes", cases[i].type, cases[i].body);
        if (a.status != cases[i].status)
            print_error("%s\n%s\n", cases[i].body, a.text);
        CHECK_INT(a.status, cases[i].status);
        CHECK_TEXT(error_code(&a, 0), cases[i].code);
        answer_done(&a);
    }
    CHECK_INT(files_in(l.uploads), 0);
    CHECK_INT(fax_count(&l), faxes);
}

static void a_large_json_is_refused(void **state)
{
    (void)state;
    char *body = malloc(2 * 1024 * 1024);
    memset(body, ' ', 2 * 1024 * 1024 - 1);
    body[2 * 1024 * 1024 - 1] = '\0';
    struct answer a = post(&l, "/v2/faxes", "application/json", body);
    CHECK_INT(a.status, 413);
    answer_done(&a);
    free(body);
}

static void all_faults_in_one_answer(void **state)
{
    (void)state;
    struct answer a =
        post(&l, "/v2/faxes", "application/json",
             "{\"connection_id\":\"1\",\"to\":\"3125550100\",\"from\":5,\"media_url\":\"ftp://x/\","
             "\"quality\":\"best\",\"client_state\":\"%\",\"store_media\":\"x\"}");
    static const struct {
        const char *code, *pointer;
    } expected[] = {
        { "10016", "/to" },
        { "10020", "/from" },
        { "10003", "/media_url" },
        { "10032", "/quality" },
        { "10026", "/store_media" },
        { "90017", "/client_state" },
        { "10017", "/connection_id" },
    };
    CHECK_INT(a.status, 422);
    CHECK_INT(json_array_size(json_object_get(a.json, "errors")), ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        CHECK_TEXT(error_code(&a, i), expected[i].code);
        CHECK_TEXT(error_pointer(&a, i), expected[i].pointer);
    }
    answer_done(&a);
}

/* A client that goes away in the middle of its document. */
static void disconnect_in_mid_upload(void **state)
{
    (void)state;
    const int faxes = fax_count(&l);
    static char rest[256 * 1024];
    char head[1024];
    const int size = snprintf(
        head, sizeof head,
        "POST /v2/faxes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 9000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"contents\"; filename=\"a\"\r\n\r\n",
        l.key);
    const int fd = raw_connect(&l);
    CHECK(send(fd, head, (size_t)size, MSG_NOSIGNAL) == size);
    CHECK(send(fd, rest, sizeof rest, MSG_NOSIGNAL) == sizeof rest);
    for (int i = 0; i < 500 && files_in(l.uploads) == 0; i++)
        poll(NULL, 0, 10);
    CHECK_INT(files_in(l.uploads), 1);
    close(fd);
    for (int i = 0; i < 500 && files_in(l.uploads) > 0; i++)
        poll(NULL, 0, 10);
    CHECK_INT(files_in(l.uploads), 0);
    CHECK_INT(fax_count(&l), faxes);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(json_is_accepted),
        cmocka_unit_test(list_of_urls),
        cmocka_unit_test(json_with_wrong_labels),
        cmocka_unit_test(urlencoded),
        cmocka_unit_test(multipart_of_texts_only),
        cmocka_unit_test(multipart_documents_reach_the_folder),
        cmocka_unit_test(large_documents),
        cmocka_unit_test(refused_forms_leave_nothing),
        cmocka_unit_test(what_no_body_may_be),
        cmocka_unit_test(a_large_json_is_refused),
        cmocka_unit_test(all_faults_in_one_answer),
        cmocka_unit_test(disconnect_in_mid_upload),
    };
    return cmocka_run_group_tests(cases, open_live, close_live);
}
