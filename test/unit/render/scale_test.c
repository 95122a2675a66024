/* Scaling by area: the twins agree, white stays white, sums keep, and every row comes out once. */
#include "chance.h"
#include "test.h"
#include "render/scale.h"
#include "render/scale_kernel.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 700 };

static uint8_t page[SIDE * SIDE], source[4096 + FW_SCALE_ROW_SLACK];
static uint32_t rows_put;

static void put(void *arg, uint32_t x, uint32_t y, const uint8_t *grey, uint32_t count)
{
    (void)arg;
    CHECK(x + count <= SIDE && y < SIDE);
    memcpy(page + (size_t)y * SIDE + x, grey, count);
    rows_put++;
}

static struct fw_scale *open_scale(uint32_t width, uint32_t rows, double x0, double y0, double x1,
                                   double y1)
{
    struct fw_scale *s = NULL;
    const struct fw_scale_want want = { width, rows, x0, y0, x1, y1, SIDE, SIDE, put, NULL };
    CHECK_INT(fw_scale_new(&want, &s), FW_OK);
    memset(page, 7, sizeof page);
    rows_put = 0;
    return s;
}

static void twins_are_equal(void **state)
{
    (void)state;
    enum { WIDTH_MAX = 900 };
    static uint16_t sums_a[WIDTH_MAX + 64], sums_b[WIDTH_MAX + 64];
    static uint8_t narrow_a[WIDTH_MAX + 64], narrow_b[WIDTH_MAX + 64], places[64 * 16];
    static int8_t weights[64 * 16];
    const struct fw_scale_kernel *fast = fw_scale_kernel_choose();
    for (uint64_t round = 1; round <= 300; round++) {
        seed = round;
        const uint32_t width = 1 + chance(WIDTH_MAX);
        memset(sums_a, 0, sizeof sums_a);
        memset(sums_b, 0, sizeof sums_b);
        for (uint32_t left = 256; left > 0;) {
            const uint32_t weight = 1 + chance(left);
            for (size_t i = 0; i < sizeof source; i++)
                source[i] = (uint8_t)(chance(3) ? chance(256) : 255);
            const bool bits = chance(2);
            (bits ? fast->add_bits : fast->add_grey)(source, width, weight, sums_a);
            (bits ? fw_scale_plain.add_bits : fw_scale_plain.add_grey)(source, width, weight,
                                                                       sums_b);
            left -= weight;
        }
        assert_memory_equal(sums_a, sums_b, width * sizeof *sums_a);
        fast->narrow(sums_a, width, narrow_a);
        fw_scale_plain.narrow(sums_b, width, narrow_b);
        assert_memory_equal(narrow_a, narrow_b, width);
        uint32_t from[64];
        uint8_t out_a[64 * 4 + 64], out_b[64 * 4 + 64];
        for (size_t g = 0; g < 64; g++) {
            from[g] = chance(width);
            for (size_t i = 0; i < 16; i += 4) {
                const int first = (int)chance(65), second = (int)chance((uint32_t)(65 - first));
                const int all[4] = { first, second, 64 - first - second, 0 };
                for (size_t tap = 0; tap < 4; tap++) {
                    places[g * 16 + i + tap] = (uint8_t)chance(16);
                    weights[g * 16 + i + tap] = (int8_t)all[tap];
                }
            }
        }
        fast->across(narrow_a, from, places, weights, 64, out_a);
        fw_scale_plain.across(narrow_a, from, places, weights, 64, out_b);
        assert_memory_equal(out_a, out_b, 64 * 4);
    }
}

/* Any size onto any box: white is white and black is black to the last pixel, nothing beside the
 * box is touched, and each row of it comes once. */
static void flat_stays_flat(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 400; round++) {
        seed = round;
        const uint32_t width = 1 + chance(1500), rows = 1 + chance(1500);
        const uint32_t left = chance(100), top = chance(100);
        const uint32_t across = (width + 2) / 3 + chance(500), down = 1 + chance(590);
        const double off_x = chance(1000) / 1000.0 - 0.5, off_y = chance(1000) / 1000.0 - 0.5;
        const bool bits = chance(2);
        const uint8_t level = chance(2) ? 255 : 0;
        struct fw_scale *s = open_scale(width, rows, left + off_x, top + off_y,
                                        left + across + off_x, top + down + off_y);
        memset(source, level, sizeof source);
        for (uint32_t y = 0; y < rows; y++) {
            if (bits)
                fw_scale_bits(s, source);
            else
                fw_scale_grey(s, source);
        }
        fw_scale_free(s);
        uint32_t right = left + across, bottom = top + down;
        right = right < SIDE ? right : SIDE;
        bottom = bottom < SIDE ? bottom : SIDE;
        for (uint32_t y = 0; y < SIDE; y++) {
            for (uint32_t x = 0; x < SIDE; x++) {
                const bool inside = x >= left && x < right && y >= top && y < bottom;
                if (page[y * SIDE + x] != (inside ? level : 7))
                    fail_msg("seed %llu at %u %u: %u", (unsigned long long)round, x, y,
                             page[y * SIDE + x]);
            }
        }
        CHECK_INT(rows_put, bottom - top);
    }
}

/* At its own size an image is itself; at half of it each pixel is the mean of four. */
static void pixels_are_means(void **state)
{
    (void)state;
    static uint8_t image[400 * 400 + FW_SCALE_ROW_SLACK];
    seed = 3;
    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)chance(256);
    struct fw_scale *s = open_scale(400, 400, 10, 20, 410, 420);
    for (size_t y = 0; y < 400; y++)
        fw_scale_grey(s, image + y * 400);
    fw_scale_free(s);
    for (size_t y = 0; y < 400; y++)
        assert_memory_equal(page + (20 + y) * SIDE + 10, image + y * 400, 400);
    s = open_scale(400, 400, 0, 0, 200, 200);
    for (size_t y = 0; y < 400; y++)
        fw_scale_grey(s, image + y * 400);
    fw_scale_free(s);
    for (size_t i = 0; i < 200 * 200; i++) {
        const uint8_t *p = image + i / 200 * 800 + i % 200 * 2;
        const int mean = (p[0] + p[1] + p[400] + p[401]) / 4, got = page[i / 200 * SIDE + i % 200];
        CHECK(abs(mean - got) <= 1);
    }
}

/* A line of one pixel at 300 dpi leaves a mark in every row it crosses at 204. */
static void thin_lines_leave_a_mark(void **state)
{
    (void)state;
    struct fw_scale *s = open_scale(900, 900, 0, 0, 612, 588);
    for (uint32_t y = 0; y < 900; y++) {
        memset(source, 0xff, 900 / 8 + 1);
        source[50] ^= 0x10; /* column 403 */
        fw_scale_bits(s, source);
    }
    fw_scale_free(s);
    for (uint32_t y = 0; y < 588; y++) {
        int dark = 0;
        for (uint32_t x = 270; x < 278; x++)
            dark += 255 - page[y * SIDE + x];
        CHECK(dark > 160);
    }
}

static void other_shapes_are_refused(void **state)
{
    (void)state;
    static const struct fw_scale_want bad[] = {
        { 0, 10, 0, 0, 10, 10, SIDE, SIDE, put, NULL },
        { 10, 0, 0, 0, 10, 10, SIDE, SIDE, put, NULL },
        { 100, 100, 0, 0, 20, 20, SIDE, SIDE, put, NULL },
        { 10, 10, 5, 5, 5.2, 60, SIDE, SIDE, put, NULL },
        { 20000, 10, 0, 0, 9000, 10, SIDE, SIDE, put, NULL },
        { 10, 10, 800, 0, 900, 50, SIDE, SIDE, put, NULL },
        { 10, 10, -100, -90, -2, -5, SIDE, SIDE, put, NULL },
        { 10, 10, 0, 0, 1e9, 1e9, SIDE, SIDE, put, NULL },
        { 10, 10, (double)NAN, 0, 20, 20, SIDE, SIDE, put, NULL },
        { 10, 10, 20, 20, 0, 0, SIDE, SIDE, put, NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fw_scale *s = NULL;
        CHECK_INT(fw_scale_new(&bad[i], &s), FW_LIMIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twins_are_equal),          cmocka_unit_test(flat_stays_flat),
        cmocka_unit_test(pixels_are_means),         cmocka_unit_test(thin_lines_leave_a_mark),
        cmocka_unit_test(other_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
