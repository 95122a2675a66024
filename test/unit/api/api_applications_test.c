/* Fax applications: changed in part, deleted, filtered, sorted. */
#include <stdio.h>
#include <string.h>

#include "fax/fax_json.h"
#include "live.h"
#include "test.h"

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

static void make(const char *body, char path[128])
{
    struct answer a = post(&l, "/v2/fax_applications", "application/json", body);
    CHECK_INT(a.status, 201);
    snprintf(path, 128, "/v2/fax_applications/%s",
             json_string_value(json_object_get(json_object_get(a.json, "data"), "id")));
    answer_done(&a);
}

static struct answer patch(const char *path, const char *body)
{
    return ask(&l, &(struct ask){ .method = "PATCH", .path = path, .type = "application/json", .body = body });
}

/* `want` must be in the application; the texts are JSON. */
static void check_has(const struct answer *a, const char *want)
{
    json_t *expected CLEANUP(fw_json_free) = json_loads(want, 0, NULL);
    const json_t *data = json_object_get(a->json, "data");
    const char *key;
    json_t *value;
    CHECK(expected != NULL);
    json_object_foreach (expected, key, value) {
        if (!json_equal(value, json_object_get(data, key)))
            fail_msg("%s in %s", key, a->text);
    }
}

static void a_change_leaves_the_rest(void **state)
{
    (void)state;
    char path[128];
    make("{\"application_name\":\"one\",\"webhook_event_url\":\"https://a.example/\",\"webhook_timeout_secs\":7,"
         "\"webhook_event_failover_url\":\"https://b.example/\",\"tags\":[\"x\"],\"active\":false,"
         "\"inbound\":{\"channel_limit\":3,\"sip_subdomain\":\"sub\"},"
         "\"outbound\":{\"outbound_voice_profile_id\":\"77\"}}",
         path);
    struct answer a = patch(path, "{\"application_name\":\"two\",\"inbound\":{\"channel_limit\":4}}");
    CHECK_INT(a.status, 200);
    const char *after = "{\"application_name\":\"two\",\"webhook_event_url\":\"https://a.example/\",\"webhook_timeout_secs\":7,"
        "\"webhook_event_failover_url\":\"https://b.example/\",\"tags\":[\"x\"],\"active\":false,"
        "\"anchorsite_override\":\"Latency\",\"inbound\":{\"channel_limit\":4,\"sip_subdomain\":\"sub\","
        "\"sip_subdomain_receive_settings\":\"from_anyone\"},"
        "\"outbound\":{\"channel_limit\":null,\"outbound_voice_profile_id\":\"77\"}}";
    check_has(&a, after);
    struct answer b = get(&l, path);
    CHECK(json_equal(a.json, b.json));
    answer_done(&a);
    answer_done(&b);
    a = patch(path, "{\"webhook_timeout_secs\":null,\"webhook_event_failover_url\":\"\",\"tags\":[],"
                    "\"active\":null,\"inbound\":{\"sip_subdomain\":null},\"outbound\":null,"
                    "\"fax_email_recipient\":\"desk@example.com\"}");
    CHECK_INT(a.status, 200);
    check_has(&a, "{\"webhook_timeout_secs\":null,\"webhook_event_failover_url\":\"\",\"tags\":[],\"active\":false,"
                  "\"fax_email_recipient\":\"desk@example.com\",\"inbound\":{\"channel_limit\":4,\"sip_subdomain\":null,"
                  "\"sip_subdomain_receive_settings\":\"from_anyone\"},"
                  "\"outbound\":{\"channel_limit\":null,\"outbound_voice_profile_id\":\"77\"}}");
    answer_done(&a);
}

static void a_bad_change_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code;
    } bad[] = {
        { "{\"application_name\":\"\"}", "10004" },
        { "{\"webhook_event_url\":null}", "10004" },
        { "{\"webhook_event_url\":\"ftp://x\"}", "10003" },
        { "{\"webhook_timeout_secs\":31}", "10033" },
        { "{\"application_name\":\"new\",\"inbound\":{\"channel_limit\":\"many\"}}", "10026" },
        { "{\"fax_email_recipient\":\"nobody\"}", "10019" },
        { "{\"fax_email_recipient\":\"a@b.example, c@d.example\"}", "10019" },
        { "{\"active\":\"perhaps\"}", "10026" },
        { "{\"fax_ident\":\"Müller\"}", "10027" },
        { "{\"fax_ident\":\"   \"}", "10027" },
        { "{\"fax_ident\":\"123456789012345678901\"}", "10027" },
    };
    char path[128];
    make("{\"application_name\":\"old\",\"webhook_event_url\":\"https://a.example/\"}", path);
    struct answer before = get(&l, path);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct answer a = patch(path, bad[i].body);
        CHECK_INT(a.status, 422);
        CHECK_TEXT(error_code(&a, 0), bad[i].code);
        answer_done(&a);
    }
    struct answer after = get(&l, path);
    CHECK(json_equal(before.json, after.json));
    answer_done(&before);
    answer_done(&after);
    after = patch("/v2/fax_applications/999", "{\"application_name\":\"x\"}");
    CHECK_INT(after.status, 404);
    CHECK_TEXT(error_code(&after, 0), "10005");
    answer_done(&after);
}

static void one_made_without_settings_shows_them_all(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "/v2/fax_applications/%s", l.application);
    struct answer a = get(&l, path);
    check_has(&a, "{\"anchorsite_override\":\"Latency\",\"tags\":[],\"outbound\":{\"channel_limit\":null,"
                  "\"outbound_voice_profile_id\":null}}");
    answer_done(&a);
    a = patch(path, "{\"outbound\":{\"channel_limit\":5}}");
    CHECK_INT(a.status, 200);
    check_has(&a, "{\"outbound\":{\"channel_limit\":5,\"outbound_voice_profile_id\":null}}");
    answer_done(&a);
}

static void send_fax(const char *application, long status, char id[FW_UUID_SIZE])
{
    char body[300];
    snprintf(body, sizeof body, "{\"connection_id\":\"%s\",\"to\":\"+12005550100\",\"from\":\"+12025550123\","
             "\"media_url\":\"https://a.example/a.pdf\"}", application);
    struct answer a = post(&l, "/v2/faxes", "application/json", body);
    CHECK_INT(a.status, status);
    const char *text = json_string_value(json_object_get(json_object_get(a.json, "data"), "id"));
    snprintf(id, FW_UUID_SIZE, "%s", text ? text : "");
    answer_done(&a);
}

static void a_deleted_one_is_gone_once_it_is_idle(void **state)
{
    (void)state;
    char path[128], id[FW_UUID_SIZE], none[FW_UUID_SIZE];
    make("{\"application_name\":\"gone\",\"webhook_event_url\":\"https://a.example/\"}", path);
    const char *application = strrchr(path, '/') + 1;
    send_fax(application, 202, id);
    struct answer a = ask(&l, &(struct ask){ .method = "DELETE", .path = path });
    CHECK_INT(a.status, 422);
    CHECK_TEXT(error_code(&a, 0), "10021");
    answer_done(&a);
    struct fw_fax f = { 0 };
    CHECK_INT(fw_store_fax_get(l.store, l.account, id, &f), FW_OK);
    f.status = FW_STATUS_FAILED;
    CHECK_INT(fw_store_fax_save(l.store, &f, FW_STATUS_QUEUED, NULL, 0), FW_OK);
    fw_fax_done(&f);
    struct answer before = get(&l, path);
    a = ask(&l, &(struct ask){ .method = "DELETE", .path = path });
    CHECK_INT(a.status, 200);
    CHECK(json_equal(a.json, before.json)); /* as it was */
    answer_done(&a);
    answer_done(&before);
    static const char *const methods[] = { "GET", "DELETE" };
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        a = ask(&l, &(struct ask){ .method = methods[i], .path = path });
        CHECK_INT(a.status, 404);
        answer_done(&a);
    }
    a = patch(path, "{\"application_name\":\"back\"}");
    CHECK_INT(a.status, 404);
    answer_done(&a);
    send_fax(application, 422, none);
    /* The fax of the past still is what it was. */
    CHECK_INT(fw_store_fax_get(l.store, l.account, id, &f), FW_OK);
    CHECK_TEXT(f.application, application);
    fw_fax_done(&f);
}

/* The names of the list that `query` gives, in their order. */
static void check_list(const char *query, const char *names)
{
    char path[200], got[200] = "";
    size_t i;
    json_t *one;
    snprintf(path, sizeof path, "/v2/fax_applications?%s", query);
    struct answer a = get(&l, path);
    CHECK_INT(a.status, 200);
    json_array_foreach (json_object_get(a.json, "data"), i, one) {
        strncat(got, i ? " " : "", sizeof got - strlen(got) - 1);
        strncat(got, json_string_value(json_object_get(one, "application_name")), sizeof got - strlen(got) - 1);
    }
    CHECK_TEXT(got, names);
    CHECK_INT(json_integer_value(json_object_get(json_object_get(a.json, "meta"), "total_results")), (int)i);
    answer_done(&a);
}

static void lists_are_filtered_and_sorted(void **state)
{
    (void)state;
    char path[128];
    make("{\"application_name\":\"listB-50%\",\"webhook_event_url\":\"https://a.example/\",\"active\":false}", path);
    make("{\"application_name\":\"ListC\",\"webhook_event_url\":\"https://a.example/\","
         "\"outbound\":{\"outbound_voice_profile_id\":\"4711\"}}", path);
    make("{\"application_name\":\"lista\",\"webhook_event_url\":\"https://a.example/\"}", path);
    const char *const contains = "filter[application_name][contains]=LIST";
    static const struct {
        const char *sort, *names;
    } sorts[] = {
        { "", "lista ListC listB-50%" },
        { "&sort=-created_at", "lista ListC listB-50%" },
        { "&sort=created_at", "listB-50% ListC lista" },
        { "&sort=application_name", "lista listB-50% ListC" },
        { "&sort=-application_name", "ListC listB-50% lista" },
        { "&sort=active", "listB-50% lista ListC" },
        { "&sort=-active", "lista ListC listB-50%" },
    };
    for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
        char query[200];
        snprintf(query, sizeof query, "%s%s", contains, sorts[i].sort);
        check_list(query, sorts[i].names);
    }
    check_list("filter[application_name][contains]=50%25", "listB-50%");
    check_list("filter[application_name][contains]=t%25b", ""); /* no pattern */
    check_list("filter[outbound_voice_profile_id]=4711", "ListC");
    check_list("filter[outbound.outbound_voice_profile_id]=4712", "");
    static const char *const bad[] = { "filter[application_name][contains]=ab", "sort=name",
                                       "filter[outbound_voice_profile_id]=x", "filter[active]=true",
                                       "filter[application_name][contains]=%C3%A4%C3%B6" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        snprintf(path, sizeof path, "/v2/fax_applications?%s", bad[i]);
        struct answer a = get(&l, path);
        CHECK_INT(a.status, 400);
        CHECK_TEXT(error_code(&a, 0), "10031");
        answer_done(&a);
    }
}

/* A change that is based on what is no longer true is not written. */
static void no_change_is_lost(void **state)
{
    (void)state;
    struct fw_application a CLEANUP(fw_application_done) = { 0 };
    CHECK_INT(fw_store_application_get(l.store, l.account, l.application, &a), FW_OK);
    const struct fw_wall read_at = a.updated_at;
    a.updated_at.us++;
    CHECK_INT(fw_store_application_save(l.store, &a, read_at), FW_OK);
    CHECK_INT(fw_store_application_save(l.store, &a, read_at), FW_CONFLICT);
    a.account++;
    CHECK_INT(fw_store_application_save(l.store, &a, a.updated_at), FW_NOT_FOUND);
    CHECK_INT(fw_store_application_delete(l.store, l.account + 1, l.application, fw_wall_now()), FW_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_change_leaves_the_rest),
        cmocka_unit_test(a_bad_change_changes_nothing),
        cmocka_unit_test(one_made_without_settings_shows_them_all),
        cmocka_unit_test(a_deleted_one_is_gone_once_it_is_idle),
        cmocka_unit_test(lists_are_filtered_and_sorted),
        cmocka_unit_test(no_change_is_lost),
    };
    return cmocka_run_group_tests(cases, open_live, close_live);
}
