/* Requests with a name over the wire: done once, answered the same; and faxes in process. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"
#include "test.h"

static struct live l;

static int open_live(void **state)
{
    (void)state;
    live_open_with(&l, &(struct fw_api_config){ .faxes_in_process_max = 3 });
    return 0;
}
static int close_live(void **state)
{
    (void)state;
    live_close(&l);
    return 0;
}

static const char *fax_body(const char *rest)
{
    static char body[1024];
    snprintf(body, sizeof body,
             "{\"connection_id\":\"%s\",\"to\":\"+13125550100\",\"from\":\"+13125550199\","
             "\"media_url\":\"https://a.example/x.pdf\"%s}",
             l.application, rest);
    return body;
}

static struct answer post_named(const char *key, const char *body)
{
    char header[512];
    snprintf(header, sizeof header, "Idempotency-Key: %s", key);
    return ask(&l, &(struct ask){ .path = "/v2/faxes", .type = "application/json", .body = body,
                                  .header = header });
}

static const char *id_of(const struct answer *a)
{
    const char *id = json_string_value(json_object_get(json_object_get(a->json, "data"), "id"));
    return id ? id : "";
}

static bool replayed(const struct answer *a)
{
    return strstr(a->headers, "Idempotent-Replayed: true\r\n") != NULL;
}

static void the_same_again_is_answered_the_same(void **state)
{
    (void)state;
    struct answer a = post_named("order:7_a-B", fax_body("")), b = post_named("order:7_a-B", fax_body(""));
    CHECK_INT(a.status, 202);
    CHECK(!replayed(&a));
    CHECK_INT(b.status, 202);
    CHECK(replayed(&b));
    assert_string_equal(a.text, b.text);
    answer_done(&b);
    /* The order of the fields is not the command. */
    char turned[1024];
    snprintf(turned, sizeof turned,
             "{ \"media_url\":\"https://a.example/x.pdf\", \"from\":\"+13125550199\","
             "\"to\":\"+13125550100\",\"connection_id\":\"%s\"}",
             l.application);
    b = post_named("order:7_a-B", turned);
    CHECK_INT(b.status, 202);
    CHECK(replayed(&b));
    answer_done(&b);
    b = post_named("order:8", fax_body(""));
    CHECK(!replayed(&b) && strcmp(id_of(&a), id_of(&b)) != 0);
    answer_done(&a);
    answer_done(&b);
    CHECK_INT(fax_count(&l), 2);
    CHECK_INT(atomic_load(&l.accepted), 2);
}

static void another_body_is_refused(void **state)
{
    (void)state;
    struct answer a = post_named("k", fax_body("")), b = post_named("k", fax_body(",\"quality\":\"normal\""));
    CHECK_INT(a.status, 202);
    CHECK_INT(b.status, 422);
    assert_string_equal(error_code(&b, 0), "10027");
    CHECK_INT(fax_count(&l), 1);
    answer_done(&a);
    answer_done(&b);
}

static void a_refusal_is_not_kept(void **state)
{
    (void)state;
    struct answer a = post_named("k", fax_body(",\"quality\":\"best\""));
    CHECK_INT(a.status, 422);
    assert_string_equal(error_code(&a, 0), "10032");
    answer_done(&a);
    a = post_named("k", fax_body(""));
    CHECK_INT(a.status, 202);
    CHECK(!replayed(&a));
    answer_done(&a);
}

static void keys_that_are_none(void **state)
{
    (void)state;
    char key[300];
    memset(key, 'x', 256);
    key[256] = '\0';
    const char *const bad[] = { "a b", "a.b", "\"a\"", "a/b", "\303\274", key };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct answer a = post_named(bad[i], fax_body(""));
        CHECK_INT(a.status, 400);
        assert_string_equal(error_code(&a, 0), "10015");
        answer_done(&a);
    }
    struct answer a = ask(&l, &(struct ask){ .path = "/v2/faxes", .type = "application/json",
                                             .body = fax_body(""), .header = "Idempotency-Key;" });
    CHECK_INT(a.status, 400); /* an empty one */
    answer_done(&a);
    CHECK_INT(fax_count(&l), 0);
    key[255] = '\0';
    a = post_named(key, fax_body(""));
    CHECK_INT(a.status, 202);
    answer_done(&a);
    /* Where it means nothing it harms nothing. */
    a = ask(&l, &(struct ask){ .path = "/v2/faxes", .header = "Idempotency-Key: a b" });
    CHECK_INT(a.status, 200);
    answer_done(&a);
}

/* Asks again while the first one is not answered yet. */
static long status_within;
static bool retry_within;
static void ask_within(struct live *live)
{
    live->on_accepted = NULL;
    struct answer a = post_named("k", fax_body(",\"command_id\":\"c\""));
    status_within = a.status;
    retry_within = strstr(a.headers, "x-should-retry: true\r\n") != NULL;
    assert_string_equal(error_code(&a, 0), "10036");
    answer_done(&a);
    a = post_named("other", fax_body(",\"command_id\":\"c\"")); /* the same command all the same */
    CHECK_INT(a.status, 409);
    answer_done(&a);
}

static void two_at_the_same_time(void **state)
{
    (void)state;
    l.on_accepted = ask_within;
    struct answer a = post_named("k", fax_body(",\"command_id\":\"c\""));
    CHECK_INT(a.status, 202);
    CHECK_INT(status_within, 409);
    CHECK(retry_within);
    struct answer b = post_named("k", fax_body(",\"command_id\":\"c\""));
    CHECK_INT(b.status, 202); /* and it is free again */
    CHECK(replayed(&b));
    answer_done(&a);
    answer_done(&b);
    CHECK_INT(fax_count(&l), 1);
}

static curl_mime *make_form(CURL *curl, void *arg)
{
    curl_mime *mime = curl_mime_init(curl); /* with another boundary each time */
    static const char *const names[] = { "connection_id", "to", "from" };
    const char *const values[] = { l.application, "+13125550100", "+13125550199" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        curl_mimepart *part = curl_mime_addpart(mime);
        curl_mime_name(part, names[i]);
        curl_mime_data(part, values[i], CURL_ZERO_TERMINATED);
    }
    curl_mimepart *part = curl_mime_addpart(mime);
    curl_mime_name(part, "contents");
    curl_mime_filename(part, "x.pdf");
    curl_mime_data(part, arg, CURL_ZERO_TERMINATED);
    return mime;
}

static struct answer upload(const char *document)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", document);
    return ask(&l, &(struct ask){ .path = "/v2/faxes", .mime = make_form, .arg = copy,
                                  .header = "Idempotency-Key: form" });
}

static void documents_are_part_of_the_command(void **state)
{
    (void)state;
    struct answer a = upload("%PDF-1.4 one"), b = upload("%PDF-1.4 one"), c = upload("%PDF-1.4 two");
    CHECK_INT(a.status, 202);
    CHECK_INT(b.status, 202);
    CHECK(replayed(&b));
    assert_string_equal(id_of(&a), id_of(&b));
    CHECK_INT(c.status, 422);
    answer_done(&a);
    answer_done(&b);
    answer_done(&c);
    CHECK_INT(fax_count(&l), 1);
    CHECK_INT(files_in(l.uploads), 0); /* the repetitions left nothing */
}

static void commands(void **state)
{
    (void)state;
    const char *with = ",\"command_id\":\"891510ac-f3e4-11e8-af5b-de00688a4901\"";
    struct answer a = post(&l, "/v2/faxes", "application/json", fax_body(with));
    struct answer b = post(&l, "/v2/faxes", "application/json", fax_body(with));
    CHECK_INT(a.status, 202);
    CHECK_INT(b.status, 202);
    CHECK(replayed(&b));
    assert_string_equal(id_of(&a), id_of(&b));
    answer_done(&b);
    b = post(&l, "/v2/faxes", "application/json",
             fax_body(",\"quality\":\"normal\",\"command_id\":\"891510ac-f3e4-11e8-af5b-de00688a4901\""));
    CHECK_INT(b.status, 422);
    assert_string_equal(error_pointer(&b, 0), "/command_id");
    answer_done(&a);
    answer_done(&b);
    a = post(&l, "/v2/faxes", "application/json", fax_body(",\"command_id\":7"));
    CHECK_INT(a.status, 422);
    assert_string_equal(error_pointer(&a, 0), "/command_id");
    answer_done(&a);
    CHECK_INT(fax_count(&l), 1);
}

static void faxes_in_process(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%d", i);
        struct answer a = post_named(key, fax_body(""));
        CHECK_INT(a.status, 202);
        answer_done(&a);
    }
    const char *const keys[] = { NULL, "new" };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct answer a = keys[i] ? post_named(keys[i], fax_body(""))
                                  : post(&l, "/v2/faxes", "application/json", fax_body(""));
        CHECK_INT(a.status, 429);
        assert_string_equal(error_code(&a, 0), "10011");
        CHECK(strstr(a.headers, "retry-after: 5\r\n") != NULL);
        answer_done(&a);
    }
    struct answer a = post_named("k0", fax_body("")); /* a repetition adds none */
    CHECK_INT(a.status, 202);
    CHECK(replayed(&a));
    answer_done(&a);
    CHECK_INT(fax_count(&l), 3);
}

/* Who waits for "100 Continue" gets the refusal instead and sends no document. */
static void refused_before_the_upload(void **state)
{
    (void)state;
    char request[1024], answer[4096];
    for (int i = 0; i < 3; i++) {
        struct answer a = post(&l, "/v2/faxes", "application/json", fax_body(""));
        CHECK_INT(a.status, 202);
        answer_done(&a);
    }
    static const struct {
        const char *header, *status;
    } cases[] = { { "", "HTTP/1.1 429" }, { "Idempotency-Key: a b\r\n", "HTTP/1.1 400" } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const int size = snprintf(request, sizeof request,
                                  "POST /v2/faxes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                                  "Content-Type: multipart/form-data; boundary=b\r\n%s"
                                  "Content-Length: 40000000\r\nExpect: 100-continue\r\n\r\n",
                                  l.key, cases[i].header);
        raw(&l, request, (size_t)size, 3000, answer, sizeof answer);
        CHECK(strncmp(answer, cases[i].status, 12) == 0);
        CHECK(strstr(answer, "100 Continue") == NULL);
    }
    CHECK_INT(files_in(l.uploads), 0);
}

static void applications(void **state)
{
    (void)state;
    const struct ask one = { .path = "/v2/fax_applications", .type = "application/json",
                             .body = "{\"application_name\":\"x\",\"webhook_event_url\":\"http://a.example/\"}",
                             .header = "Idempotency-Key: k" };
    struct answer a = ask(&l, &one), b = ask(&l, &one);
    CHECK_INT(a.status, 201);
    CHECK_INT(b.status, 201);
    CHECK(replayed(&b));
    assert_string_equal(a.text, b.text);
    answer_done(&a);
    answer_done(&b);
    /* The path is part of the name: a fax of the same key is another thing. */
    a = post_named("k", fax_body(""));
    CHECK_INT(a.status, 202);
    CHECK(!replayed(&a));
    answer_done(&a);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_live, close_live)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_same_again_is_answered_the_same),
        CASE(another_body_is_refused),
        CASE(a_refusal_is_not_kept),
        CASE(keys_that_are_none),
        CASE(two_at_the_same_time),
        CASE(documents_are_part_of_the_command),
        CASE(commands),
        CASE(faxes_in_process),
        CASE(refused_before_the_upload),
        CASE(applications),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
