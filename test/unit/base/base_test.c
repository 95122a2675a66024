#include "test.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/memory.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void buffers_keep_their_limit(void **state)
{
    (void)state;
    struct fw_buf b;
    fw_buf_init(&b, 5);
    CHECK_INT(fw_buf_put_text(&b, "12345"), FW_OK);
    CHECK_INT(fw_buf_put_text(&b, "6"), FW_LIMIT);
    CHECK_INT(b.size, 5);
    fw_buf_done(&b);
}

static void readers_stay_short_after_a_short_read(void **state)
{
    (void)state;
    const uint8_t bytes[] = { 1, 2, 3 };
    struct fw_reader r = fw_reader_of((struct fw_span){ bytes, sizeof bytes });
    CHECK_INT(fw_get_be16(&r), 0x0102);
    CHECK_INT(fw_get_be16(&r), 0);
    CHECK(!r.ok);
    CHECK_INT(fw_get_u8(&r), 0);
}

static void times_read_back(void **state)
{
    (void)state;
    static const struct { const char *text; int64_t us; } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2020-02-02T22:25:27.521992Z", 1580682327521992 },
        { "2000-02-29T12:00:00+02:00", 951818400000000 },
        { "2026-11-23", 1795392000000000 },
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct fw_wall at, again;
        CHECK(fw_wall_parse(fw_span_of(good[i].text), &at));
        CHECK_INT(at.us, good[i].us);
        char text[FW_TIME_TEXT_SIZE];
        fw_wall_text(at, text);
        CHECK(fw_wall_parse(fw_span_of(text), &again));
        CHECK_INT(again.us, at.us);
    }
    static const char *const bad[] = { "", "2020", "2020-13-01", "2021-02-29", "2020-01-01T25:00:00Z",
                                       "2020-01-01T00:00:00", "2020-01-01T00:00:00.Z",
                                       "2020-01-01T00:00:00Zx", "1969-12-31T23:59:59Z" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fw_wall at;
        CHECK(!fw_wall_parse(fw_span_of(bad[i]), &at));
    }
}

static void numbers_are_strict(void **state)
{
    (void)state;
    uint64_t u;
    int64_t  i;
    CHECK(fw_text_to_u64(fw_span_of("18446744073709551615"), UINT64_MAX, &u) && u == UINT64_MAX);
    CHECK(!fw_text_to_u64(fw_span_of("18446744073709551616"), UINT64_MAX, &u));
    CHECK(!fw_text_to_u64(fw_span_of(""), 9, &u));
    CHECK(!fw_text_to_u64(fw_span_of("+1"), 9, &u));
    CHECK(!fw_text_to_u64(fw_span_of(" 1"), 9, &u));
    CHECK(!fw_text_to_u64(fw_span_of("10"), 9, &u));
    CHECK(fw_text_to_i64(fw_span_of("-5"), -5, 5, &i) && i == -5);
    CHECK(!fw_text_to_i64(fw_span_of("-6"), -5, 5, &i));
}

static void escapes_and_encodings(void **state)
{
    (void)state;
    char out[32];
    CHECK(fw_text_percent_decode(fw_span_of("a%2Bb+c"), true, out, sizeof out));
    CHECK_TEXT(out, "a+b c");
    CHECK(!fw_text_percent_decode(fw_span_of("%2"), false, out, sizeof out));
    CHECK(!fw_text_percent_decode(fw_span_of("%00"), false, out, sizeof out));
    fw_text_base64(fw_span_of("any carnal pleas"), out, sizeof out);
    CHECK_TEXT(out, "YW55IGNhcm5hbCBwbGVhcw==");
    CHECK(fw_text_is_base64(fw_span_of("YQ==")) && fw_text_is_base64(fw_span_of("")));
    CHECK(!fw_text_is_base64(fw_span_of("YQ=")) && !fw_text_is_base64(fw_span_of("Y===")) &&
          !fw_text_is_base64(fw_span_of("Y Q=")));
    CHECK(fw_text_is_utf8(fw_span_of("Zürich \xF0\x9F\x93\xA0")));
    CHECK(!fw_text_is_utf8(fw_span_of("\xC0\x80")) && !fw_text_is_utf8(fw_span_of("\xED\xA0\x80")) &&
          !fw_text_is_utf8(fw_span_of("\xF0\x9F\x93")));
    fw_text_clip(out, 4, "ab\xC3\xBC");
    CHECK_TEXT(out, "ab");
}

/* All bytes and all lengths up to some: what was encoded comes back, and is never written beyond. */
static void base64_reads_back(void **state)
{
    (void)state;
    uint8_t in[48], out[48];
    char text[80];
    for (size_t size = 0; size <= sizeof in; size++) {
        size_t got = 99;
        for (size_t i = 0; i < size; i++)
            in[i] = (uint8_t)(i * 37 + size * 11);
        fw_text_base64((struct fw_span){ in, size }, text, sizeof text);
        CHECK(fw_text_base64_decode(fw_span_of(text), out, size, &got));
        CHECK_INT(got, size);
        CHECK(memcmp(in, out, size) == 0);
        CHECK(size == 0 || !fw_text_base64_decode(fw_span_of(text), out, size - 1, &got));
    }
    size_t got;
    static const char *const bad[] = { "YQ=", "Y===", "=YQ=", "Y Q=", "YQ==YQ=" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!fw_text_base64_decode(fw_span_of(bad[i]), out, sizeof out, &got));
}

static void ids_are_unlike(void **state)
{
    (void)state;
    char a[FW_UUID_SIZE], b[FW_UUID_SIZE], n[FW_NUMERIC_ID_SIZE], s[FW_SECRET_SIZE];
    fw_uuid_new((struct fw_wall){ 1000 }, a);
    fw_uuid_new((struct fw_wall){ 9000000 }, b);
    CHECK(fw_uuid_valid(a) && fw_uuid_valid(b) && strcmp(a, b) < 0);
    fw_numeric_id_new(n);
    CHECK_INT(strlen(n), 19);
    fw_secret_new(s);
    CHECK_INT(strlen(s), FW_SECRET_SIZE - 1);
    CHECK(!fw_uuid_valid("0189") && !fw_uuid_valid("zzzzzzzz-0000-0000-0000-000000000000"));
}

static void files_are_whole_or_absent(void **state)
{
    (void)state;
    char dir[] = "/tmp/fw-base-XXXXXX", path[64];
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/a/b", dir);
    CHECK_INT(fw_dir_make(path), FW_OK);
    CHECK_INT(fw_dir_make(path), FW_OK);
    snprintf(path, sizeof path, "%s/a/b/f", dir);
    CHECK_INT(fw_file_write(path, fw_span_of("hello"), 0600), FW_OK);
    struct fw_buf b;
    CHECK_INT(fw_file_read(path, 5, &b), FW_OK);
    CHECK_INT(b.size, 5);
    fw_buf_done(&b);
    CHECK_INT(fw_file_read(path, 4, &b), FW_LIMIT);
    CHECK_INT(fw_dir_make(path), FW_IO);
    fw_dir_remove(dir, 8);
    CHECK(access(dir, F_OK) != 0);
    CHECK_INT(fw_file_read(path, 5, &b), FW_NOT_FOUND);
}

enum { PAGES = 32 };

static size_t resident(uint8_t *pages, size_t page)
{
    unsigned char there[PAGES];
    size_t count = 0;
    CHECK_INT(mincore(pages, PAGES * page, there), 0);
    for (size_t i = 0; i < PAGES; i++)
        count += there[i] & 1;
    return count;
}

/* What is given back is gone from memory, and only that; zeroes are given back without a trace. */
static void memory_is_given_back_in_whole_pages(void **state)
{
    (void)state;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *object = malloc((PAGES + 2) * page);
    CHECK(object != NULL);
    uint8_t *pages = object + page - (uintptr_t)object % page;
    memset(object, 0, (PAGES + 2) * page);
    pages[3 * page] = 3;
    pages[5 * page - 1] = 4;
    CHECK_INT(resident(pages, page), PAGES);
    fw_memory_give_back_zeroes(object);
    CHECK_INT(resident(pages, page), 2);
    for (size_t i = 0; i < PAGES * page; i++)
        CHECK_INT(pages[i], i == 3 * page ? 3 : i == 5 * page - 1 ? 4 : 0);

    memset(pages, 9, PAGES * page);
    fw_memory_give_back(pages + 1, 4 * page); /* pages 1 to 3 */
    CHECK_INT(resident(pages, page), PAGES - 3);
    for (size_t i = 0; i < PAGES * page; i++)
        CHECK_INT(pages[i], i >= page && i < 4 * page ? 0 : 9);
    memset(pages, 9, PAGES * page);
    fw_memory_give_back(pages + 1, page); /* no whole one */
    CHECK_INT(resident(pages, page), PAGES);
    fw_memory_give_back_zeroes(NULL);
    free(object);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(buffers_keep_their_limit), cmocka_unit_test(readers_stay_short_after_a_short_read),
        cmocka_unit_test(times_read_back),          cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(escapes_and_encodings),    cmocka_unit_test(ids_are_unlike),
        cmocka_unit_test(files_are_whole_or_absent), cmocka_unit_test(base64_reads_back),
        cmocka_unit_test(memory_is_given_back_in_whole_pages),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
