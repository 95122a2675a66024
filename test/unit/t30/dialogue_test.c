/* A call in words, and the bounds of it. */
#include "t30/dialogue.h"
#include "test.h"
#include <string.h>

static void frame(struct fw_dialogue *d, uint64_t ms, bool in, const uint8_t *data, size_t size)
{
    fw_dialogue_frame(d, ms, in, (struct fw_span){ data, size });
}
#define FRAME(d, ms, in, ...)                                                                      \
    do {                                                                                           \
        const uint8_t bytes_[] = { 0xFF, 0x13, __VA_ARGS__ };                                      \
        frame(d, ms, in, bytes_, sizeof bytes_);                                                   \
    } while (0)

static void a_call_is_told(void **state)
{
    (void)state;
    static const char expected[] = "3.100 far CSI its number 00105550021\n"
                                   "3.500 far DIS can to 14400 bit/s, fine, MH MR MMR, ECM, A4 wide\n"
                                   "5.000 us  DCS will send 9600 bit/s V.29, standard, MH, no ECM, A4 wide\n"
                                   "7.000 far CFR trained, go on\n"
                                   "8.000 us  FCD 3 coded frames\n"
                                   "20.000 us  PPS-EOP end of block\n"
                                   "21.000 far MCF received\n"
                                   "22.000 us  DCN goodbye\n";
    struct fw_dialogue d;
    fw_dialogue_init(&d);
    FRAME(&d, 3100, true, 0x40, '1', '2', '0', '0', '5', '5', '5', '0', '1', '0', '0');
    FRAME(&d, 3500, true, 0x80, 0x00, 0x2C | 0xC0, 0x00, 0x44);
    FRAME(&d, 5000, false, 0x83, 0x00, 0x04);
    FRAME(&d, 7000, true, 0x84);
    for (unsigned i = 0; i < 3; i++)
        FRAME(&d, 8000 + i, false, 0x06, 0x00, 0x55);
    FRAME(&d, 9000, false, 0x86);
    FRAME(&d, 20000, false, 0xBF, 0x2F, 0, 0, 3);
    FRAME(&d, 21000, true, 0x8C);
    FRAME(&d, 22000, false, 0xFB);
    fw_dialogue_end(&d, 23000);
    CHECK(fw_buf_put_u8(&d.text, 0) == FW_OK);
    CHECK_TEXT((const char *)d.text.data, expected);
    CHECK_INT(d.phase_ms[FW_PHASE_A], 3100);
    CHECK_INT(d.phase_ms[FW_PHASE_B], 7000 - 3100);
    CHECK_INT(d.phase_ms[FW_PHASE_C], 13000);
    CHECK_INT(d.phase_ms[FW_PHASE_D], 1000);
    CHECK_INT(d.phase_ms[FW_PHASE_E], 2000);
    fw_dialogue_done(&d);
}

static void nothing_passes_the_bounds(void **state)
{
    (void)state;
    struct fw_dialogue d;
    fw_dialogue_init(&d);
    uint8_t odd[300] = { 0xFF, 0x03 };
    for (unsigned i = 0; i < 5000; i++) {
        for (size_t k = 2; k < sizeof odd; k++)
            odd[k] = (uint8_t)(i * 7 + k * 13);
        frame(&d, i, i % 2, odd, i % sizeof odd);
    }
    fw_dialogue_end(&d, 5000);
    CHECK(d.full);
    CHECK(d.text.size <= FW_DIALOGUE_BYTES_MAX);
    for (size_t i = 0; i < d.text.size; i++)
        CHECK(d.text.data[i] == '\n' || (d.text.data[i] >= 0x20 && d.text.data[i] < 0x7F));
    CHECK_INT(d.text.data[d.text.size - 1], '\n');
    fw_dialogue_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_told),
        cmocka_unit_test(nothing_passes_the_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
