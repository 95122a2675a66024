/* The painter of spans against the sentence that says what it does. */
#include "render/paint.h"
#include <string.h>
#include "test.h"

static void check(const uint8_t *to, const uint8_t *cover, size_t width, uint8_t grey)
{
    uint8_t wanted[80], got[80];
    memcpy(wanted, to, sizeof wanted);
    memcpy(got, to, sizeof got);
    for (size_t x = 0; x < width; x++) {
        const int amount = cover[x] == 255 ? 256 : cover[x] + (cover[x] > 127);
        wanted[x] = (uint8_t)(to[x] + ((grey - to[x]) * amount >> 8));
    }
    fw_paint_span(got, cover, width, grey);
    CHECK(memcmp(got, wanted, sizeof wanted) == 0); /* and nothing behind the width */
}

static void every_grey_over_every_grey(void **state)
{
    (void)state;
    uint8_t to[80], cover[80];
    for (unsigned grey = 0; grey < 256; grey += 3) {
        for (unsigned under = 0; under < 256; under++) {
            memset(to, (int)under, sizeof to);
            for (unsigned first = 0; first < 256; first += 64) {
                for (size_t x = 0; x < sizeof cover; x++)
                    cover[x] = (uint8_t)(first + x);
                check(to, cover, 64, (uint8_t)grey);
            }
        }
    }
}

static void every_width_on_random_pixels(void **state)
{
    (void)state;
    uint32_t seed = 1;
    uint8_t to[80], cover[80];
    for (int round = 0; round < 2000; round++) {
        for (size_t x = 0; x < sizeof to; x++) {
            seed = seed * 1664525 + 1013904223;
            to[x] = (uint8_t)(seed >> 24);
            cover[x] = seed >> 8 & 1 ? (uint8_t)(seed >> 16) : seed >> 9 & 1 ? 255 : 0;
        }
        check(to, cover, (size_t)round % 79 + 1, (uint8_t)(seed >> 10));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_grey_over_every_grey),
        cmocka_unit_test(every_width_on_random_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
