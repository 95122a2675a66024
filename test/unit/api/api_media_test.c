/* Names and types of stored media; links to stored files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/links.h"
#include "api/media_files.h"
#include "base/file.h"
#include "test.h"

static void types_are_told_by_the_first_bytes(void **state)
{
    static const struct {
        const char *head;
        size_t size;
        const char *type;
    } cases[] = {
#define CASE(text, type) { text, sizeof text - 1, type }
        CASE("%PDF-1.7", "application/pdf"),
        CASE("\xef\xbb\xbf%PDF-1.7\n", "application/pdf"),
        CASE("HTTP/1.1 200 OK\r\n\r\n%PDF-1.4\n1 0 obj\n", "application/pdf"),
        CASE("@PJL ENTER LANGUAGE=PDF\r%PDF-1.4\r1 0 obj\r", "application/pdf"),
        CASE("\33%-12345X%PDF-1.4\n1 0 obj\n", "application/pdf"),
        CASE("junk\0before%PDF-1.4\n1 0 obj\n", "application/pdf"),
        CASE("A PDF begins with %PDF-1.4, then comes 1 0 obj.", "application/octet-stream"),
        CASE("The first line is\n%PDF-1.7\nand then come others.", "application/octet-stream"),
        CASE("%PDF- is what a PDF begins with.", "application/octet-stream"),
        CASE("II*\0%PDF-1.4 1 0 obj", "image/tiff"),
#undef CASE
        { "II*\0\10\0\0\0", 8, "image/tiff" },
        { "MM\0*", 4, "image/tiff" },
        { "II*", 3, "application/octet-stream" },
        { "\x89PNG\r\n\x1a\n", 8, "image/png" },
        { "\xff\xd8\xff\xe0", 4, "image/jpeg" },
        { "{\\rtf1", 6, "application/rtf" },
        { "PK\3\4....word/document.xml", 25,
          "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
        { "PK\3\4....", 8, "application/octet-stream" },
        { "<html>", 6, "application/octet-stream" },
        { "", 0, "application/octet-stream" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct fw_span head = { (const uint8_t *)cases[i].head, cases[i].size };
        CHECK_TEXT(fw_media_sniff(head), cases[i].type);
    }
    /* The header of a PDF counts only in the first kilobyte. */
    char late[2048];
    memset(late, ' ', sizeof late);
    memcpy(late + 1499, "\n%PDF-1.4\n1 0 obj\n", 18);
    CHECK_TEXT(fw_media_sniff((struct fw_span){ (const uint8_t *)late, sizeof late }),
               "application/octet-stream");
}

static void names_are_checked(void **state)
{
    static const char *const good[] = { "a", "a/b", "../x", "m 1/\xc3\xa9", "...", "%2e%2e", ".a" };
    static const char *const bad[] = { ".", "..", "a\nb", "a\x7f", "\t" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        CHECK(fw_check_media_name(good[i]) == NULL);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(fw_check_media_name(bad[i]) != NULL);
}

static void dispositions_hold_any_name(void **state)
{
    static const struct {
        const char *name, *header;
    } cases[] = {
        { "a.pdf", "attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf" },
        { "../../etc/passwd", "attachment; filename=\"passwd\"; filename*=UTF-8''passwd" },
        { "..\\x", "attachment; filename=\"x\"; filename*=UTF-8''x" },
        { ".bashrc", "attachment; filename=\"_bashrc\"; filename*=UTF-8''_bashrc" },
        { "a/", "attachment; filename=\"document\"; filename*=UTF-8''document" },
        { "a\"; b\r\nx: y", "attachment; filename=\"a___b__x__y\"; "
                            "filename*=UTF-8''a%22%3B%20b%0D%0Ax%3A%20y" },
        { "\xc3\xa9", "attachment; filename=\"__\"; filename*=UTF-8''%C3%A9" },
    };
    char got[1200];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fw_media_disposition(cases[i].name, got, sizeof got);
        CHECK_TEXT(got, cases[i].header);
    }
    char longest[FW_MEDIA_NAME_MAX + 1];
    memset(longest, '"', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    fw_media_disposition(longest, got, sizeof got);
    CHECK(strlen(got) + 3 < sizeof got && strcmp(got + strlen(got) - 3, "%22") == 0);
}

#define PATH "/v2/stored/01a20bdc-a480-7dd7-b828-c4c99f93e743/media-1"
enum { SECOND = 1000000 };

static void links_open_one_file_until_their_end(void **state)
{
    const struct fw_links l = { .key = { 1, 2, 3 }, .base = "https://x", .ttl_s = 600 };
    const struct fw_wall now = { 1700000000LL * SECOND }, last = { 1700000600LL * SECOND - 1 },
                         end = { 1700000600LL * SECOND };
    char url[FW_LINK_SIZE], other[FW_SHA256_HEX_SIZE];
    (void)state;
    fw_link_make(&l, PATH, now, url);
    const char *begins = "https://x" PATH "?expires=1700000600&signature=";
    CHECK(strncmp(url, begins, strlen(begins)) == 0);
    const char *signature = url + strlen(begins);
    CHECK_INT(strlen(signature), 64);
    CHECK_INT(fw_link_check(&l, PATH, "1700000600", signature, now), FW_LINK_GOOD);
    CHECK_INT(fw_link_check(&l, PATH, "1700000600", signature, last), FW_LINK_GOOD);
    CHECK_INT(fw_link_check(&l, PATH, "1700000600", signature, end), FW_LINK_EXPIRED);
    /* Another end, another file, another key. */
    CHECK_INT(fw_link_check(&l, PATH, "1700000601", signature, now), FW_LINK_FORGED);
    CHECK_INT(fw_link_check(&l, PATH "0", "1700000600", signature, now), FW_LINK_FORGED);
    CHECK_INT(fw_link_check(&l, "/v2/stored/x/media-2", "1700000600", signature, now), FW_LINK_FORGED);
    struct fw_links foreign = l;
    foreign.key[31] = 1;
    CHECK_INT(fw_link_check(&foreign, PATH, "1700000600", signature, now), FW_LINK_FORGED);
    /* Any one digit changed, one too few, one too many, none. */
    for (size_t i = 0; i < 64; i++) {
        memcpy(other, signature, sizeof other);
        other[i] = other[i] == '0' ? '1' : '0';
        CHECK_INT(fw_link_check(&l, PATH, "1700000600", other, now), FW_LINK_FORGED);
    }
    memcpy(other, signature, sizeof other);
    other[63] = '\0';
    CHECK_INT(fw_link_check(&l, PATH, "1700000600", other, now), FW_LINK_FORGED);
    static const char *const ends[] = { "", "-1", "1700000600 ", "0x1", "99999999999999999999", NULL };
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        CHECK_INT(fw_link_check(&l, PATH, ends[i], signature, now), FW_LINK_FORGED);
    CHECK_INT(fw_link_check(&l, PATH, "1700000600", "", now), FW_LINK_FORGED);
    CHECK_INT(fw_link_check(&l, PATH, "1700000600", NULL, now), FW_LINK_FORGED);
}

static void an_over_long_path_is_no_link(void **state)
{
    const struct fw_links l = { .base = "https://x", .ttl_s = 600 };
    char path[2000];
    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    CHECK_INT(fw_link_check(&l, path, "1", "a", fw_wall_now()), FW_LINK_FORGED);
}

static void the_key_is_made_once_and_read_back(void **state)
{
    char dir[] = "/tmp/fw-links-XXXXXX", path[64];
    uint8_t first[FW_HMAC_KEY_SIZE] = { 0 }, again[FW_HMAC_KEY_SIZE] = { 0 };
    struct stat st;
    (void)state;
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/key", dir);
    CHECK_INT(fw_hmac_key_open(path, first), FW_OK);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_size == FW_HMAC_KEY_SIZE);
    CHECK_INT(fw_hmac_key_open(path, again), FW_OK);
    CHECK(memcmp(first, again, sizeof first) == 0);
    CHECK(truncate(path, 31) == 0);
    CHECK_INT(fw_hmac_key_open(path, again), FW_INVALID);
    fw_dir_remove(dir, 1);
}

/* RFC 4231 has keys of other sizes only; test case 3's key padded with zeros is the same key. */
static void hmac_is_the_standard_one(void **state)
{
    uint8_t key[FW_HMAC_KEY_SIZE] = { 0 }, data[50];
    char hex[FW_SHA256_HEX_SIZE];
    (void)state;
    memset(key, 0xaa, 20);
    memset(data, 0xdd, sizeof data);
    fw_hmac_sha256_hex(key, (struct fw_span){ data, sizeof data }, hex);
    CHECK_TEXT(hex, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_told_by_the_first_bytes),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(dispositions_hold_any_name),
        cmocka_unit_test(links_open_one_file_until_their_end),
        cmocka_unit_test(an_over_long_path_is_no_link),
        cmocka_unit_test(the_key_is_made_once_and_read_back),
        cmocka_unit_test(hmac_is_the_standard_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
