/* Letters of any size, turn and place from a font that is built in: what there is of one lies within its own box, is the
 * same when it is asked for again, and goes onto a page without reaching beyond it. */
#include <math.h>
#include <string.h>

#include "render/letters.h"

enum { ROWS = 64, LETTERS_MAX = 24, STEP = 16 };

static uint8_t bits[ROWS * FW_PLANE_ROW + FW_PLANE_SLACK], grey[ROWS * FW_RENDER_WIDTH];
static uint8_t bands[ROWS / FW_PLANE_BAND];

static void check_stamp(const struct fw_stamp *s)
{
    fw_assert(s->strips == (s->width + FW_PLANE_STRIP - 1) / FW_PLANE_STRIP);
    for (uint32_t strip = 0; strip < s->strips; strip++) {
        const uint32_t rest = s->width - strip * FW_PLANE_STRIP;
        const uint32_t width = rest < FW_PLANE_STRIP ? rest : FW_PLANE_STRIP;
        for (uint32_t row = 0; row < s->rows; row++)
            fw_assert(s->words[strip * s->rows + row] << width == 0);
    }
}

static void put(struct fw_plane *plane, const struct fw_stamp *s)
{
    if (s->width > FW_RENDER_WIDTH || s->rows > ROWS)
        return;
    fw_plane_stamp(plane, s, FW_RENDER_WIDTH - s->width - s->x, ROWS - s->rows - s->y);
    for (size_t i = 0; i < FW_PLANE_SLACK; i++)
        fw_assert(bits[ROWS * FW_PLANE_ROW + i] == 0);
}

static float number(const uint8_t *p, float unit)
{
    int16_t value;
    memcpy(&value, p, sizeof value);
    return value == INT16_MAX ? INFINITY : value == INT16_MIN ? NAN : (float)value * unit;
}

static void letter(fz_context *ctx, struct fw_letters *l, struct fw_plane *plane, fz_font *font, const uint8_t *p)
{
    const fz_matrix m = fz_make_matrix(number(p, 0.01F), number(p + 2, 0.01F), number(p + 4, 0.01F), number(p + 6, 0.01F),
                                       0, 0);
    const fz_point at = { number(p + 8, 0.1F), number(p + 10, 0.1F) };
    const int glyph = (int8_t)p[12] * (p[13] & 1 ? 4000 : 1);
    int x[2] = { 0 }, y[2] = { 0 };
    const struct fw_letters_face *face = fw_letters_face(ctx, l, font, m);
    const struct fw_stamp *s = face ? fw_letters_get(ctx, l, face, glyph, at, &x[0], &y[0]) : NULL;
    if (!s)
        return;
    check_stamp(s);
    put(plane, s);
    const struct fw_stamp *again = fw_letters_get(ctx, l, fw_letters_face(ctx, l, font, m), glyph, at, &x[1], &y[1]);
    fw_assert(again == s && x[0] == x[1] && y[0] == y[1]);
}

static void quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fz_context *ctx;
    static fz_font *font;
    if (!ctx) {
        ctx = fz_new_context(NULL, NULL, 1 << 20);
        fz_set_warning_callback(ctx, quiet, NULL);
        fz_set_error_callback(ctx, quiet, NULL);
        font = fz_new_base14_font(ctx, "Times-Roman");
    }
    if (size < 1)
        return 0;
    struct fw_letters *l = fw_letters_new(ctx, data[0] + 1U);
    struct fw_plane plane = { bits, grey, bands, ROWS };
    fw_plane_start(&plane, false);
    for (size_t i = 0; i < LETTERS_MAX && 1 + (i + 1) * STEP <= size; i++) {
        fz_try(ctx) letter(ctx, l, &plane, font, data + 1 + i * STEP);
        fz_catch(ctx) fw_assert(fz_caught(ctx) != FZ_ERROR_NONE);
    }
    fw_letters_free(ctx, l);
    return 0;
}
