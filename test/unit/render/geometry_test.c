/* Where pages of any size go, and what is on them besides their content: looked at pixel by pixel. */
#include "program.h"
#include "render/geometry.h"
#include <tiffio.h>

enum { PAGES_MAX = 8, ROWS_MAX = 2740 };
static uint8_t rows[PAGES_MAX][ROWS_MAX][FW_RENDER_WIDTH / 8];
static uint32_t row_counts[PAGES_MAX];

/* Renders a made document into `rows`; the number of its fax pages. */
static uint32_t pages_of(const char *name)
{
    struct fw_page_info first;
    CHECK_INT(RENDER(document(name), NULL), FW_RENDER_OK);
    const uint32_t count = page_count(&first);
    CHECK(count <= PAGES_MAX);
    TIFF *tiff = TIFFOpen(pages_path, "r");
    CHECK(tiff != NULL);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(TIFFSetDirectory(tiff, (uint16_t)i));
        CHECK(TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &row_counts[i]));
        CHECK(row_counts[i] <= ROWS_MAX);
        for (uint32_t y = 0; y < row_counts[i]; y++)
            CHECK_INT(TIFFReadScanline(tiff, rows[i][y], y, 0), 1);
    }
    TIFFClose(tiff);
    return count;
}

/* The black share, in percent, of a box of the first page given in points from the lower left of a
 * page of 595 by 842. */
static uint32_t ink(uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1)
{
    const uint32_t left = (uint32_t)(x0 * 2.8353 + 20.5), right = (uint32_t)(x1 * 2.8353 + 20.5);
    const uint32_t top = (842 - y1) * row_counts[0] / 842, end = (842 - y0) * row_counts[0] / 842;
    uint32_t black = 0;
    for (uint32_t y = top; y < end; y++)
        black += black_between(rows[0][y], left, right);
    return black * 100 / ((right - left) * (end - top));
}

static void geometry_never_leaves_the_paper(void **state)
{
    (void)state;
    static const double sizes[] = { -1,  0,    0.5,  1,    30,   100,   421, 595,
                                    612, 842,  1008, 1009, 5000, 14400, 1e8, 1e300 };
    static const uint32_t dpis[] = { 98, 196, 391 };
    for (size_t w = 0; w < ARRAY_LEN(sizes); w++) {
        for (size_t h = 0; h < ARRAY_LEN(sizes); h++) {
            for (size_t d = 0; d < ARRAY_LEN(dpis); d++) {
                const struct fw_geometry g = fw_geometry_of(sizes[w], sizes[h], dpis[d]);
                CHECK(g.rows >= 1 && g.rows <= fw_geometry_rows_max(dpis[d]));
                CHECK(g.x_at >= -0.5 && g.x_at <= FW_RENDER_WIDTH / 2.0);
                CHECK(g.x_scale > 0 && g.y_scale > 0);
                CHECK(g.parts >= 1 && g.parts <= FW_GEOMETRY_PARTS_MAX);
                CHECK((g.parts == 1) == (g.step == 0) && g.step < g.rows);
            }
        }
    }
    CHECK(fw_geometry_of(842, 595, 98).turned);
    CHECK(!fw_geometry_of(595, 842, 98).turned);
    CHECK(!fw_geometry_of(300, 200, 98).turned);
}

/* 7.7 rows and 8.04 dots a millimetre, and the middle of the page in the middle of the paper. */
static void pages_keep_their_size(void **state)
{
    (void)state;
    static const struct {
        double width, height; /* points */
        uint32_t rows;
        int parts;
    } cases[] = { { 595.28, 841.89, 2287, 1 }, { 612, 792, 2142, 1 },      { 612, 1008, 2726, 1 },
                  { 612, 1009, 2729, 1 },      { 297.64, 419.53, 1140, 1 }, { 595, 1020, 1405, 2 },
                  { 595, 1684, 2306, 2 },      { 595, 2600, 1794, 4 } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct fw_geometry g = fw_geometry_of(cases[i].width, cases[i].height, 196);
        const double mm = 25.4 / 72, width = cases[i].width * g.x_scale;
        CHECK_INT(g.parts, cases[i].parts);
        if (g.rows + 2 < cases[i].rows || g.rows > cases[i].rows + 2)
            fail_msg("%.0f points: %u rows", cases[i].height, g.rows);
        CHECK(g.y_scale > 7.66 * mm &&
              g.y_scale < 7.71 * mm); /* letter shrinks by half a percent at most */
        CHECK(g.x_scale > 7.99 * mm && g.x_scale < 8.05 * mm);
        CHECK(g.x_at + width / 2 > 863 && g.x_at + width / 2 < 865);
    }
}

/* However long, all of it is on some fax page, none of which is longer than A4 and a line. */
static void the_parts_are_the_whole(void **state)
{
    (void)state;
    static const uint32_t dpis[] = { 98, 196, 391 };
    for (size_t d = 0; d < ARRAY_LEN(dpis); d++) {
        for (double height = 1010; height < 1e7; height *= 1.013) {
            const struct fw_geometry g = fw_geometry_of(400, height, dpis[d]);
            if (g.parts == FW_GEOMETRY_PARTS_MAX)
                continue;
            const double whole = height * g.y_scale;
            CHECK(g.parts >= 2 && (g.parts - 1) * (double)g.step + g.rows >= whole - 1);
            CHECK((g.parts - 1) * (double)g.step + g.rows < whole + g.parts + 2);
            CHECK(g.rows <= 302 * 15.4 * dpis[d] / 391 + 4);
        }
    }
}

/* A bar an inch along the page, all across: how far apart, in rows, and how many, each part told from
 * the next by the rows they share. */
static void check_ladder(const char *name, uint32_t parts, uint32_t height, double row_a_point, uint32_t width)
{
    CHECK_INT(pages_of(name), parts);
    const uint32_t step = row_counts[0] - (uint32_t)(parts > 1 ? 5 * 7.7 : 0);
    const uint32_t whole = (uint32_t)(height * row_a_point);
    uint32_t bars = 0;
    for (uint32_t y = 0; y < whole; y++) {
        const uint32_t part = y / step < parts ? y / step : parts - 1;
        const uint8_t *row = rows[part][y - part * step];
        /* The bars begin 4, 76, 148 … points below the top and are 6 points high. */
        const double point = y / row_a_point - 4;
        const double into = point < 0 ? -1 : point - (double)((uint32_t)point / 72 * 72);
        const bool inside = into > 0.8 && into < 5.2, outside = point < -0.8 || (into > 6.8 && into < 71.2);
        if (inside && black_between(row, (FW_RENDER_WIDTH - width) / 2 + 3, (FW_RENDER_WIDTH + width) / 2 - 3) != width - 6)
            fail_msg("%s: row %u is not black", name, y);
        if (outside && black_between(row, 0, FW_RENDER_WIDTH) != 0)
            fail_msg("%s: row %u is not white", name, y);
        bars += inside && into < 0.8 + 1 / row_a_point;
        if (part > 0 && y - part * step < 30) /* what two parts share is the same on both */
            CHECK(memcmp(row, rows[part - 1][y - (part - 1) * step], sizeof rows[0][0]) == 0);
    }
    CHECK_INT(bars, (height - 10) / 72 + 1);
}

static void long_pages_are_cut_at_their_size(void **state)
{
    (void)state;
    const double mm = 25.4 / 72;
    check_ladder("ladder.pdf", 3, 2000, 7.7 * mm, 1687);
    check_ladder("ladder-wide.pdf", 3, 2000, 7.7 * mm, 1687); /* turned: its left edge is up */
    check_ladder("ladder-a3.pdf", 1, 1190, 7.7 * mm * 215 / (842 * mm), 1728);
}

/* A long page among short ones: they follow in order, and "pages" counts those of the document. */
static void parts_stand_where_the_page_did(void **state)
{
    (void)state;
    CHECK_INT(pages_of("ladders.pdf"), 4);
    CHECK(row_counts[0] == row_counts[3] && row_counts[1] == row_counts[2] && row_counts[0] < row_counts[1]);
    CHECK(result_has("{\"pages\":4,"));
    struct fw_page_info first;
    CHECK_INT(RENDER(document("ladders.pdf"), ARG("--pages"), ARG("2"), NULL), FW_RENDER_OK);
    CHECK_INT(page_count(&first), 2);
    CHECK_INT(RENDER(document("ladders.pdf"), ARG("--pages-max"), ARG("4"), NULL), FW_RENDER_OK);
    CHECK_INT(RENDER(document("ladders.pdf"), ARG("--pages-max"), ARG("3"), NULL), FW_RENDER_PAGE_COUNT_LIMIT);
    CHECK(result_has("long pages make too many fax pages"));
    CHECK_INT(RENDER(document("endless.pdf"), NULL), FW_RENDER_OK);
    CHECK(page_count(&first) > 100);
    CHECK_INT(RENDER(document("endless.pdf"), ARG("--pages-max"), ARG("99"), NULL), FW_RENDER_PAGE_COUNT_LIMIT);
}

/* A stamp, 200 points square: black within, white around. */
static void stamps_are_drawn(void **state)
{
    (void)state;
    CHECK_INT(pages_of("annotated.pdf"), 1);
    CHECK_INT(ink(101, 501, 299, 699), 100);
    CHECK_INT(ink(0, 0, 595, 498) + ink(0, 702, 595, 842) + ink(0, 498, 98, 702) + ink(302, 498, 595, 702), 0);
}

/* make-documents.py says what is where; the second form says that looks are to be made anew. */
static void fields_of_forms_are_drawn(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t x0, y0, x1, y1, least, most;
    } cases[] = {
        { "text without looks", 74, 720, 190, 740, 15, 60 },
        { "check mark without looks", 72, 640, 92, 660, 8, 60 },
        { "check mark with looks", 75, 603, 89, 617, 100, 100 },
        { "box not checked", 60, 550, 300, 590, 0, 0 },
        { "choice", 74, 520, 130, 540, 15, 60 },
        { "hidden field", 60, 470, 300, 510, 0, 0 },
        { "empty field", 60, 430, 300, 470, 0, 0 },
        { "the rest of the page", 0, 0, 595, 430, 0, 0 },
    };
    static const char *const forms[] = { "form.pdf", "form-needs.pdf" };
    for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
        CHECK_INT(pages_of(forms[f]), 1);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            const uint32_t got = ink(cases[i].x0, cases[i].y0, cases[i].x1, cases[i].y1);
            if (got < cases[i].least || got > cases[i].most)
                fail_msg("%s, %s: %u %% black", forms[f], cases[i].what, got);
        }
        const uint32_t looks = ink(74, 682, 270, 698); /* a bar, or three letters anew */
        CHECK(f == 0 ? looks == 100 : looks > 0 && looks < 10);
    }
}

static void marks_are_drawn(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t x0, y0, x1, y1, least, most;
    } cases[] = {
        { "words that are highlighted", 76, 702, 230, 718, 15, 60 },
        { "highlight beside words", 240, 702, 268, 718, 2, 40 },
        { "top of a box", 80, 677, 264, 678, 90, 100 },
        { "inside of a box", 80, 650, 264, 670, 0, 0 },
        { "line", 80, 599, 264, 601, 100, 100 },
        { "note", 74, 550, 160, 570, 15, 60 },
        { "drawn line", 80, 519, 264, 521, 100, 100 },
        { "strike-out", 80, 470, 264, 490, 2, 20 },
        { "hidden box", 60, 390, 300, 450, 0, 0 },
    };
    CHECK_INT(pages_of("marks.pdf"), 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const uint32_t got = ink(cases[i].x0, cases[i].y0, cases[i].x1, cases[i].y1);
        if (got < cases[i].least || got > cases[i].most)
            fail_msg("%s: %u %% black", cases[i].what, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(geometry_never_leaves_the_paper),
        cmocka_unit_test(pages_keep_their_size),
        cmocka_unit_test(the_parts_are_the_whole),
        cmocka_unit_test(long_pages_are_cut_at_their_size),
        cmocka_unit_test(parts_stand_where_the_page_did),
        cmocka_unit_test(stamps_are_drawn),
        cmocka_unit_test(fields_of_forms_are_drawn),
        cmocka_unit_test(marks_are_drawn),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
