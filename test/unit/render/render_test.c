/* The renderer as its parent sees it: documents in, pages, a line and an exit code out. */
#include "program.h"
#include "render/geometry.h"
#include "render/tone.h"
#include <stdio.h>
#include <string.h>
#include <tiffio.h>
#include <unistd.h>

static void the_sample_becomes_pages(void **state)
{
    (void)state;
    static const struct {
        const char *quality;
        uint32_t y_dpi, rows;
    } cases[] = {
        { "normal", 98, 1143 },       { "high", 196, 2286 },       { "very_high", 391, 4573 },
        { "ultra_light", 391, 4573 }, { "ultra_dark", 391, 4573 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char quality[20];
        snprintf(quality, sizeof quality, "%s", cases[i].quality);
        CHECK_INT(RENDER("doc/sample.pdf", ARG("--quality"), quality, NULL), FW_RENDER_OK);
        CHECK(result_has("{\"pages\":3,\"bytes\":"));
        struct fw_page_info first;
        CHECK_INT(page_count(&first), 3);
        CHECK_INT(first.width, 1728);
        CHECK_INT(first.x_dpi, 204);
        CHECK_INT(first.y_dpi, cases[i].y_dpi);
        CHECK(first.rows == cases[i].rows || first.rows + 1 == cases[i].rows);
    }
}

static void only_some_pages(void **state)
{
    (void)state;
    struct fw_page_info first;
    CHECK_INT(RENDER("doc/sample.pdf", ARG("--pages"), ARG("3,1"), NULL), FW_RENDER_OK);
    CHECK_INT(page_count(&first), 2);
    const size_t third = first.bytes;
    CHECK_INT(RENDER("doc/sample.pdf", ARG("--pages"), ARG("3-"), NULL), FW_RENDER_OK);
    CHECK_INT(page_count(&first), 1);
    CHECK_INT(first.bytes, third);
    CHECK_INT(RENDER("doc/sample.pdf", ARG("--pages"), ARG("2-4"), NULL), FW_RENDER_FORMAT_INVALID);
    CHECK(result_has("fewer pages than 'pages' names"));
    CHECK_INT(RENDER(document("pages-351.pdf"), ARG("--pages"), ARG("351"), NULL), FW_RENDER_OK);
    CHECK_INT(RENDER(document("pages-351.pdf"), ARG("--pages"), ARG("1-"), NULL),
              FW_RENDER_PAGE_COUNT_LIMIT);
    CHECK_INT(RENDER("doc/sample.pdf", ARG("--pages"), ARG("0"), NULL), FW_RENDER_USAGE);
}

static void bad_documents_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int code;
        const char *error;
    } cases[] = {
        { "truncated.pdf", FW_RENDER_FORMAT_INVALID, "cut short" },
        { "truncated-late.pdf", FW_RENDER_FORMAT_INVALID, "cut short" },
        { "encrypted.pdf", FW_RENDER_FORMAT_INVALID, "password" },
        { "zero-pages.pdf", FW_RENDER_FORMAT_INVALID, "no pages" },
        { "empty.pdf", FW_RENDER_FORMAT_INVALID, "empty" },
        { "blank.txt", FW_RENDER_FORMAT_INVALID, "blank" },
        { "archive.pdf", FW_RENDER_FORMAT_INVALID, "this is a ZIP archive, which" },
        { "page-missing.pdf", FW_RENDER_FORMAT_INVALID, "damaged" },
        { "pages-351.pdf", FW_RENDER_PAGE_COUNT_LIMIT, "too many pages" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const int code = RENDER(document(cases[i].name), NULL);
        if (code != cases[i].code || !result_has("{\"error\":\"") || !result_has(cases[i].error))
            fail_msg("%s: exit %d", cases[i].name, code);
    }
}

static void limits_are_kept(void **state)
{
    (void)state;
    CHECK_INT(RENDER(document("bomb-time.pdf"), ARG("--seconds-max"), ARG("1"), NULL),
              FW_RENDER_LIMITS);
    CHECK(result_has("too long"));
    CHECK_INT(RENDER(document("bomb-memory.pdf"), NULL), FW_RENDER_LIMITS);
    CHECK(result_has("too much memory"));
    CHECK_INT(RENDER(document("good.pdf"), ARG("--pages-max"), ARG("2"), NULL),
              FW_RENDER_PAGE_COUNT_LIMIT);
    CHECK_INT(RENDER(document("good.pdf"), ARG("--pages-max"), ARG("0"), NULL), FW_RENDER_USAGE);
    CHECK_INT(RENDER(document("good.pdf"), ARG("--quality"), ARG("best"), NULL), FW_RENDER_USAGE);
    CHECK_INT(RENDER("/dev/null", NULL), FW_RENDER_USAGE);
}

static void every_shape_fits_the_paper(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t rows_min, rows_max;
    } cases[] = {
        { "landscape.pdf", 2280, 2287 },
        { "rotated.pdf", 2280, 2287 },
        { "tiny.pdf", 78, 82 },
        { "cropped.pdf", 1080, 1090 },
        { "annotated.pdf", 2280, 2287 },
        { "huge.pdf", 1600, 1700 },
        { "ladder-a3.pdf", 2330, 2345 },
        { "picture.png", 2000, 2287 },
        { "encrypted-empty-password.pdf", 2280, 2287 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fw_page_info first;
        CHECK_INT(RENDER(document(cases[i].name), NULL), FW_RENDER_OK);
        CHECK_INT(page_count(&first), 1);
        if (first.width != 1728 || first.rows < cases[i].rows_min || first.rows > cases[i].rows_max)
            fail_msg("%s: %u x %u", cases[i].name, first.width, first.rows);
    }
}

/* Five lines across (strokes), five more (thin rectangles), five down: none broken, none lost. */
static void hairlines_survive(void **state)
{
    (void)state;
    static const char *const qualities[] = { "normal", "high", "very_high", "ultra_light",
                                             "ultra_dark" };
    static uint8_t rows[4600][FW_RENDER_WIDTH / 8];
    for (size_t q = 0; q < ARRAY_LEN(qualities); q++) {
        char quality[20];
        snprintf(quality, sizeof quality, "%s", qualities[q]);
        CHECK_INT(RENDER(document("hairlines.pdf"), ARG("--quality"), quality, NULL), FW_RENDER_OK);
        struct fw_page_info first;
        CHECK_INT(page_count(&first), 1);
        TIFF *tiff = TIFFOpen(pages_path, "r");
        CHECK(tiff && first.rows <= ARRAY_LEN(rows));
        int across = 0;
        for (uint32_t y = 0; y < first.rows; y++) {
            CHECK_INT(TIFFReadScanline(tiff, rows[y], y, 0), 1);
            /* 72 to 520 points are columns 225 to 1495; a line two rows thick counts once. */
            const bool line = black_between(rows[y], 230, 1490) == 1260;
            const bool before = y > 0 && black_between(rows[y - 1], 230, 1490) == 1260;
            across += line && !before;
        }
        TIFFClose(tiff);
        if (across != 10)
            fail_msg("%s: %d of 10 lines across", qualities[q], across);
        const uint32_t top = (842 - 555) * first.rows / 842, end = (842 - 305) * first.rows / 842;
        for (uint32_t y = top; y < end; y++) {
            for (uint32_t i = 0; i < 5; i++) {
                const uint32_t x = (uint32_t)((90.7 + 80 * i) * 2.8353 + 20);
                if (black_between(rows[y], x - 4, x + 5) == 0)
                    fail_msg("%s: line down %u is broken in row %u", qualities[q], i, y);
            }
        }
    }
}

/* Lines that fall slowly, three quarters and one and a half points thick, in five greys: each of them is black from one
 * end to the other and equally thick, the light ones thinner. */
static void coloured_lines_are_whole(void **state)
{
    (void)state;
    static const struct {
        uint32_t min, max;
    } thickness[10] = { { 1, 3 }, { 3, 5 }, { 1, 3 }, { 3, 5 }, { 1, 3 }, { 3, 5 }, { 1, 3 }, { 3, 5 }, { 1, 2 }, { 1, 3 } };
    static uint8_t rows[2300][FW_RENDER_WIDTH / 8];
    struct fw_page_info first;
    CHECK_INT(RENDER(document("coloured-lines.pdf"), NULL), FW_RENDER_OK);
    CHECK_INT(page_count(&first), 1);
    TIFF *tiff = TIFFOpen(pages_path, "r");
    CHECK(tiff && first.rows <= ARRAY_LEN(rows));
    for (uint32_t y = 0; y < first.rows; y++)
        CHECK_INT(TIFFReadScanline(tiff, rows[y], y, 0), 1);
    TIFFClose(tiff);
    for (uint32_t i = 0; i < 10; i++) {
        for (uint32_t x = 230; x < 1490; x++) { /* 72 to 520 points, falling by 20 */
            const double at = (842 - 700 + 50 * i + 20 * (x - 224) / 1270.0) * first.rows / 842;
            uint32_t black = 0;
            for (uint32_t y = (uint32_t)at - 6; y <= (uint32_t)at + 6; y++)
                black += black_between(rows[y], x, x + 1);
            if (black < thickness[i].min || black > thickness[i].max)
                fail_msg("line %u, column %u: %u pixels", i, x, black);
        }
    }
}

/* Black and white, bits and greys lie over one another as they were drawn, wherever a band of the page turns grey: the
 * pages are those of a document that is grey from its first thing on. */
static void bands_keep_the_order(void **state)
{
    (void)state;
    static const char *const qualities[] = { "normal", "high", "ultra_dark" };
    for (size_t q = 0; q < ARRAY_LEN(qualities); q++) {
        char quality[20];
        struct fw_buf some CLEANUP(fw_buf_done) = { 0 }, all CLEANUP(fw_buf_done) = { 0 };
        snprintf(quality, sizeof quality, "%s", qualities[q]);
        CHECK_INT(RENDER(document("order.pdf"), ARG("--quality"), quality, NULL), FW_RENDER_OK);
        CHECK_INT(fw_file_read(pages_path, 8 * 1024 * 1024, &some), FW_OK);
        CHECK_INT(RENDER(document("order-grey.pdf"), ARG("--quality"), quality, NULL), FW_RENDER_OK);
        CHECK_INT(fw_file_read(pages_path, 8 * 1024 * 1024, &all), FW_OK);
        if (some.size != all.size || memcmp(some.data, all.data, all.size) != 0)
            fail_msg("%s: the pages differ", qualities[q]);
    }
}

static void tints_keep_their_grey(void **state)
{
    (void)state;
    CHECK_INT(RENDER(document("grey.pdf"), NULL), FW_RENDER_OK);
    const uint32_t mixed = share(pages_path, 600, 700, 200);
    CHECK(mixed >= 45 && mixed <= 55);
    /* A threshold of 95 % makes all that is not white black, one of 40 % nothing of half grey. */
    CHECK_INT(RENDER(document("grey.pdf"), ARG("--monochrome"), NULL), FW_RENDER_OK);
    CHECK_INT(share(pages_path, 600, 700, 200), 100);
    CHECK_INT(RENDER(document("grey.pdf"), ARG("--monochrome"), ARG("--black-threshold"), ARG("40"),
                     NULL),
              FW_RENDER_OK);
    CHECK_INT(share(pages_path, 600, 700, 200), 0);
}

/* Asked of the kernel while the program works on a document that keeps it busy. */
static void it_works_locked_in(void **state)
{
    (void)state;
    char status_path[64];
    const pid_t child =
        render_start(document("bomb-time.pdf"),
                     (char *[]){ ARG("faxwire-render"), ARG("--seconds-max"), ARG("2"), NULL });
    snprintf(status_path, sizeof status_path, "/proc/%d/status", (int)child);
    bool filtered = false, no_new_privs = false;
    for (int i = 0; i < 1000 && !(filtered && no_new_privs); i++) {
        struct fw_buf status;
        if (fw_file_read(status_path, 16384, &status))
            break;
        filtered = memmem(status.data, status.size, "\nSeccomp:\t2\n", 12) != NULL;
        no_new_privs = memmem(status.data, status.size, "\nNoNewPrivs:\t1\n", 15) != NULL;
        fw_buf_done(&status);
        usleep(5000);
    }
    CHECK_INT(exit_of(child), FW_RENDER_LIMITS);
    CHECK(filtered && no_new_privs);
}

/* Black pixels of a whole page of one grey, in percent. */
static double page_share(struct fw_tone *t, uint8_t *grey, uint8_t value)
{
    double black = 0;
    memset(grey, value, (size_t)t->rows * FW_RENDER_WIDTH);
    memset(t->tiles, FW_TILE_LOOK, (size_t)(t->rows / FW_TONE_TILE) * FW_TONE_TILES);
    fw_tone_start(t);
    for (uint32_t y = 0; y < t->rows; y++) {
        uint8_t row[FW_RENDER_WIDTH / 8];
        fw_tone_row(t, y, row);
        black += black_between(row, 0, FW_RENDER_WIDTH);
    }
    return black * 100 / (t->rows * FW_RENDER_WIDTH);
}

static void greys_keep_their_share_of_black(void **state)
{
    (void)state;
    enum { TONE_ROWS = 160 };
    static uint8_t grey[TONE_ROWS * FW_RENDER_WIDTH],
        tiles[TONE_ROWS / FW_TONE_TILE * FW_TONE_TILES];
    static struct fw_tone t = { .mode = FW_TONE_MIXED,
                                .threshold = 144,
                                .grey = grey,
                                .rows = TONE_ROWS,
                                .y_dpi = 196,
                                .tiles = tiles };
    for (int screened = 0; screened < 2; screened++) {
        t.screened = screened;
        for (int value = 30; value < 236; value += 10) {
            const double black = page_share(&t, grey, (uint8_t)value), want = 100 - value / 2.55;
            if (black < want - 3 || black > want + 3)
                fail_msg("screened %d, grey %d: %.1f %% instead of %.1f", screened, value, black,
                         want);
        }
        CHECK(page_share(&t, grey, 0) == 100);
        CHECK(page_share(&t, grey, 255) == 0);
    }
}

static void thresholds_are_exact(void **state)
{
    (void)state;
    static uint8_t grey[FW_RENDER_WIDTH], tiles[FW_TONE_TILES], row[FW_RENDER_WIDTH / 8];
    static struct fw_tone t = {
        .mode = FW_TONE_THRESHOLD, .grey = grey, .rows = 1, .y_dpi = 98, .tiles = tiles
    };
    for (uint32_t x = 0; x < FW_RENDER_WIDTH; x++)
        grey[x] = (uint8_t)(x * 7);
    for (t.threshold = 0; t.threshold <= 256; t.threshold++) {
        fw_tone_start(&t);
        fw_tone_row(&t, 0, row);
        for (uint32_t x = 0; x < FW_RENDER_WIDTH; x++)
            CHECK_INT(black_between(row, x, x + 1), grey[x] < t.threshold);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_becomes_pages),
        cmocka_unit_test(only_some_pages),
        cmocka_unit_test(bad_documents_are_named),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(every_shape_fits_the_paper),
        cmocka_unit_test(hairlines_survive),
        cmocka_unit_test(coloured_lines_are_whole),
        cmocka_unit_test(bands_keep_the_order),
        cmocka_unit_test(tints_keep_their_grey),
        cmocka_unit_test(it_works_locked_in),
        cmocka_unit_test(greys_keep_their_share_of_black),
        cmocka_unit_test(thresholds_are_exact),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
