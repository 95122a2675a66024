/* Bits and greys of a page are the same picture, whatever is laid on it and whenever its bands turn
 * grey. */
#include "chance.h"
#include "test.h"
#include "render/plane.h"
#include <stdlib.h>
#include <string.h>

enum { ROWS = 75 }; /* the last band is a short one */

struct page {
    struct fw_plane plane;
    uint8_t bits[ROWS * FW_PLANE_ROW + FW_PLANE_SLACK], grey[ROWS * FW_RENDER_WIDTH];
    uint8_t bands[(ROWS + FW_PLANE_BAND - 1) / FW_PLANE_BAND];
};
static struct page drawn;
static bool wanted[ROWS][FW_RENDER_WIDTH]; /* what is black, pixel by pixel */

static void start(bool grey)
{
    memset(drawn.grey, 77, sizeof drawn.grey); /* what the page before left */
    drawn.plane = (struct fw_plane){ drawn.bits, drawn.grey, drawn.bands, ROWS };
    fw_plane_start(&drawn.plane, grey);
    memset(wanted, 0, sizeof wanted);
}

static void fill(void)
{
    const struct fw_plane_box b = { (int)chance(1900) - 80, (int)chance(100) - 10,
                                    (int)chance(1900) - 80, (int)chance(100) - 10 };
    const bool black = chance(2);
    fw_plane_fill(&drawn.plane, b, black);
    for (int y = b.y0 < 0 ? 0 : b.y0; y < b.y1 && y < ROWS; y++) {
        for (int x = b.x0 < 0 ? 0 : b.x0; x < b.x1 && x < FW_RENDER_WIDTH; x++)
            wanted[y][x] = black;
    }
}

static void stamp(void)
{
    const uint32_t width = 1 + chance(150), rows = 1 + chance(30),
                   strips = (width + FW_PLANE_STRIP - 1) / FW_PLANE_STRIP;
    struct fw_stamp *s = calloc(1, sizeof *s + sizeof(uint64_t) * strips * rows);
    CHECK(s != NULL);
    *s = (struct fw_stamp){ .x = (int16_t)((int)chance(9) - 4),
                            .y = (int16_t)((int)chance(9) - 4),
                            .width = (uint16_t)width,
                            .rows = (uint16_t)rows,
                            .strips = (uint16_t)strips };
    const uint32_t left = chance(8) ? chance(FW_RENDER_WIDTH - width + 1) : FW_RENDER_WIDTH - width,
                   top = chance(ROWS - rows + 1);
    for (uint32_t y = 0; y < rows; y++) {
        for (uint32_t x = 0; x < width; x++) {
            const bool black = chance(2);
            s->words[x / FW_PLANE_STRIP * rows + y] |= (uint64_t)black << (63 - x % FW_PLANE_STRIP);
            wanted[top + y][left + x] = wanted[top + y][left + x] || black;
        }
    }
    fw_plane_stamp(&drawn.plane, s, (int)left - s->x, (int)top - s->y);
    free(s);
}

static void check(uint64_t round)
{
    for (uint32_t y = 0; y < ROWS; y++) {
        for (uint32_t x = 0; x < FW_RENDER_WIDTH; x++) {
            const size_t at = (size_t)y * FW_RENDER_WIDTH + x;
            const bool grey = fw_plane_is_grey(&drawn.plane, y);
            const bool black =
                grey ? drawn.grey[at] == 0 : (drawn.bits[at / 8] >> (7 - at % 8) & 1) != 0;
            if (black != wanted[y][x] || (grey && !black && drawn.grey[at] != 255))
                fail_msg("round %llu: %s pixel %u %u", (unsigned long long)round,
                         grey ? "grey" : "bit", x, y);
        }
    }
    for (size_t i = 0; i < FW_PLANE_SLACK; i++)
        CHECK_INT(drawn.bits[ROWS * FW_PLANE_ROW + i], 0);
}

static void bits_and_greys_are_one_picture(void **state)
{
    (void)state;
    int grey_bands = 0;
    for (uint64_t round = 1; round <= 60; round++) {
        seed = round;
        start(chance(5) == 0);
        for (int step = 0; step < 40; step++) {
            const uint32_t what = chance(12);
            if (what == 0) {
                const int from = (int)chance(120) - 30;
                fw_plane_turn_grey(&drawn.plane, from, from + (int)chance(20) - 2);
            } else if (what < 3) {
                fill();
            } else {
                stamp();
            }
        }
        check(round);
        for (size_t i = 0; i < sizeof drawn.bands; i++)
            grey_bands += drawn.bands[i];
    }
    CHECK(grey_bands > 30 && grey_bands < 60 * (int)sizeof drawn.bands - 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(bits_and_greys_are_one_picture) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
