/* Time zones of the system's database: what clocks show, past the table's end too, and files that are none. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/zone.h"
#include "test.h"

static int64_t at(const char *text)
{
    struct fw_wall w;
    CHECK(fw_wall_parse(fw_span_of(text), &w));
    return w.us / 1000000;
}

static void clocks_change_when_they_do(void **state)
{
    static const struct {
        const char *zone, *at;
        int minutes;
    } known[] = {
        { "Europe/Berlin", "2026-03-29T00:59:59Z", 60 },     { "Europe/Berlin", "2026-03-29T01:00:00Z", 120 },
        { "Europe/Berlin", "2026-10-25T00:59:59Z", 120 },    { "Europe/Berlin", "2026-10-25T01:00:00Z", 60 },
        { "America/New_York", "2026-03-08T06:59:59Z", -300 }, { "America/New_York", "2026-03-08T07:00:00Z", -240 },
        { "America/New_York", "2026-11-01T05:59:59Z", -240 }, { "America/New_York", "2026-11-01T06:00:00Z", -300 },
        /* By the rule, beyond every table. */
        { "Europe/Berlin", "2099-07-01T00:00:00Z", 120 },    { "America/New_York", "2099-12-24T00:00:00Z", -300 },
        { "Australia/Sydney", "2098-01-01T00:00:00Z", 660 }, { "Australia/Sydney", "2098-07-01T00:00:00Z", 600 },
        { "Asia/Kolkata", "2026-06-01T00:00:00Z", 330 },     { "Asia/Kathmandu", "2090-06-01T00:00:00Z", 345 },
        { "UTC", "2026-06-01T00:00:00Z", 0 },                { "Etc/GMT+5", "2026-06-01T00:00:00Z", -300 },
        { "Europe/Dublin", "2026-07-01T00:00:00Z", 60 },     { "Europe/Dublin", "2090-01-01T00:00:00Z", 0 },
        { "America/Nuuk", "2090-01-01T00:00:00Z", -120 }, { "Europe/Berlin", "1980-01-01T00:00:00Z", 60 },
    };
    struct fw_zone z;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        CHECK_INT(fw_zone_read(known[i].zone, &z), FW_OK);
        CHECK_INT(fw_zone_ahead(&z, at(known[i].at)), known[i].minutes * 60);
    }
}

static void what_is_no_zone_is_not_found(void **state)
{
    static const char *const names[] = { "", "Europe", "Europe/Bielefeld", "../../etc/passwd", "/etc/localtime", "Europe/../Berlin",
                                         "localtime", "posix/Europe/Berlin", "Europe//Berlin", "Europe/Berlin/", "zone.tab",
                                         "Europe/Berlin\n", "CET-1CEST,M3.5.0,M10.5.0/3" };
    struct fw_zone z;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        CHECK_INT(fw_zone_read(names[i], &z), FW_NOT_FOUND);
}

/* The rule of `text` only, with one type. */
static enum fw_err zone_of(const char *rule, struct fw_zone *z)
{
    uint8_t file[512] = { 0 };
    size_t used = 0;
    for (int block = 0; block < 2; block++) {
        memcpy(file + used, "TZif2", 5);
        file[used + 39] = 1; /* type */
        file[used + 43] = 4; /* letters */
        used += 44 + 6 + 4;
    }
    const int size = snprintf((char *)file + used, sizeof file - used, "\n%s\n", rule);
    return fw_zone_parse((struct fw_span){ file, used + (size_t)size }, z);
}

static void rules_are_read(void **state)
{
    static const struct {
        const char *rule, *at;
        int seconds;
    } known[] = {
        { "<-03>3", "2026-01-01T00:00:00Z", -10800 },
        { "AAA0BBB,J60/0,J300/0", "2026-03-01T00:00:00Z", 3600 }, { "AAA0BBB,J60/0,J300/0", "2028-02-29T23:59:59Z", 0 },
        { "AAA0BBB,J60/0,J300/0", "2028-03-01T00:00:00Z", 3600 }, { "AAA0BBB,59/0,299/0", "2028-02-29T00:00:00Z", 3600 },
        { "AAA3BBB2,M3.5.0/-2,M10.5.0/-1", "2026-03-29T00:59:59Z", -10800 },
        { "AAA3BBB2,M3.5.0/-2,M10.5.0/-1", "2026-03-29T01:00:00Z", -7200 },
        { "AAA-10:30BBB-11:15:30,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 40530 },
    };
    static const char *const bad[] = { "A1", "AAA", "AAA25", "AAA1BBB", "AAA1BBB,M3.5.0", "AAA1BBB,M13.1.0,M1.1.0",
                                       "AAA1BBB,M3.6.0,M1.1.0", "AAA1BBB,M3.1.7,M1.1.0", "AAA1BBB,J0,J1", "AAA1BBB,0,366",
                                       "AAA1BBB,0/168,1", "<AAA1", "AAA1 ", "AAA1BBB,M3.5.0,M10.5.0," };
    struct fw_zone z;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        CHECK_INT(zone_of(known[i].rule, &z), FW_OK);
        CHECK_INT(fw_zone_ahead(&z, at(known[i].at)), known[i].seconds);
    }
    CHECK_INT(zone_of("", &z), FW_OK);
    CHECK_INT(fw_zone_ahead(&z, 0), 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK_INT(zone_of(bad[i], &z), FW_INVALID);
}

/* Cut anywhere, and with any byte another, a file is read or refused. */
static void damaged_files_are_refused(void **state)
{
    struct fw_buf file CLEANUP(fw_buf_done) = { 0 };
    struct fw_zone z;
    int read = 0;
    (void)state;
    CHECK_INT(fw_file_read("/usr/share/zoneinfo/Europe/Berlin", FW_ZONE_FILE_MAX, &file), FW_OK);
    for (size_t size = 0; size < file.size; size++)
        CHECK_INT(fw_zone_parse((struct fw_span){ file.data, size }, &z), FW_INVALID);
    for (size_t i = 0; i < file.size; i++) {
        file.data[i] ^= 0x80;
        read += fw_zone_parse(fw_buf_span(&file), &z) == FW_OK;
        file.data[i] ^= 0x80;
    }
    CHECK(read < (int)file.size);
    CHECK_INT(fw_zone_parse(fw_buf_span(&file), &z), FW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_change_when_they_do),
        cmocka_unit_test(what_is_no_zone_is_not_found),
        cmocka_unit_test(rules_are_read),
        cmocka_unit_test(damaged_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
