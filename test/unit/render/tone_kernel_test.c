/* The loops over all pixels: AVX2 and plain C give the same bits, whatever the greys. */
#include "chance.h"
#include "test.h"
#include "render/tone_kernel.h"
#include <string.h>

enum { ROWS = FW_TONE_TILE };
static uint8_t grey[ROWS * FW_RENDER_WIDTH];

/* Noise, white, and boxes of nearly one grey around each limit, of any size and place. */
static void fill(void)
{
    const uint32_t kind = chance(3);
    for (size_t i = 0; i < sizeof grey; i++)
        grey[i] = (uint8_t)(kind == 0 ? chance(256) : kind == 1 ? 255 : 20 + chance(12));
    for (int box = 0; box < 60; box++) {
        static const uint8_t levels[] = {
            0, 23, 24, 25, 100, 128, 227, 228, 234, 235, 236, 254, 255
        };
        const uint8_t level = levels[chance(ARRAY_LEN(levels))];
        const uint32_t x = chance(FW_RENDER_WIDTH - 40), y = chance(ROWS);
        const uint32_t width = 1 + chance(40), height = 1 + chance(ROWS - y),
                       spread = 1 + chance(12);
        for (uint32_t i = 0; i < width * height; i++)
            grey[(y + i / width) * FW_RENDER_WIDTH + x + i % width] =
                (uint8_t)(level + chance(spread) > 255 ? 255 : level + chance(spread));
    }
}

static void twins_are_equal(void **state)
{
    (void)state;
    const struct fw_tone_kernel *fast = fw_tone_kernel_choose();
    int seen[3] = { 0 };
    for (uint64_t round = 1; round <= 400; round++) {
        uint8_t a[FW_TONE_TILES], b[FW_TONE_TILES], bits_a[FW_RENDER_WIDTH / 8],
            bits_b[FW_RENDER_WIDTH / 8];
        seed = round;
        fill();
        const uint32_t rows = 1 + chance(ROWS);
        fast->evenness(grey, rows, a);
        fw_tone_plain.evenness(grey, rows, b);
        if (memcmp(a, b, sizeof a) != 0)
            fail_msg("evenness, seed %llu", (unsigned long long)round);
        for (size_t i = 0; i < sizeof a; i++)
            seen[a[i]]++;
        for (uint32_t threshold = 1; threshold <= 255; threshold += 1 + chance(30)) {
            fast->threshold(grey, threshold, bits_a);
            fw_tone_plain.threshold(grey, threshold, bits_b);
            if (memcmp(bits_a, bits_b, sizeof bits_a) != 0)
                fail_msg("threshold %u, seed %llu", threshold, (unsigned long long)round);
        }
    }
    for (int i = 0; i < 3; i++)
        CHECK(seen[i] > 100);
}

/* Grey paper with noise and dark letters, all of it a picture: at monochrome's 95 % the paper is
 * white and the letters black. */
static void a_scan_is_not_black_at_a_high_threshold(void **state)
{
    (void)state;
    enum { PAGE_ROWS = 320 };
    static uint8_t scan[PAGE_ROWS * FW_RENDER_WIDTH],
        tiles[PAGE_ROWS / FW_TONE_TILE * FW_TONE_TILES];
    static struct fw_tone t;
    seed = 5;
    for (size_t i = 0; i < sizeof scan; i++)
        scan[i] = (uint8_t)(i % 60 < 4 ? 30 + chance(16) : 215 + chance(16));
    memset(tiles, 1, sizeof tiles);
    t = (struct fw_tone){ .mode = FW_TONE_THRESHOLD,
                          .threshold = 243,
                          .grey = scan,
                          .rows = PAGE_ROWS,
                          .y_dpi = 196,
                          .tiles = tiles };
    fw_tone_start(&t);
    for (uint32_t y = 0; y < PAGE_ROWS; y++) {
        uint8_t row[FW_RENDER_WIDTH / 8];
        fw_tone_row(&t, y, row);
        for (size_t x = 0; x < FW_RENDER_WIDTH; x++) {
            const bool black = row[x / 8] & (0x80U >> x % 8);
            const bool ink = ((size_t)y * FW_RENDER_WIDTH + x) % 60 < 4;
            if (ink && !black)
                fail_msg("ink lost at %zu %u", x, y);
            if (!ink && black && scan[(size_t)y * FW_RENDER_WIDTH + x] >= 218)
                fail_msg("paper black at %zu %u", x, y);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(twins_are_equal),
                                        cmocka_unit_test(a_scan_is_not_black_at_a_high_threshold) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
