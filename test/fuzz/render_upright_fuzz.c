/* Paths of any lines and curves, filled and stroked: boxes are as many as there is room for, none is turned inside out or
 * thinner than a pixel, and all of them can be filled on a page. */
#include <math.h>
#include <string.h>

#include "render/upright.h"

enum { ROWS = 64, STEP = 5 };

static uint8_t bits[ROWS * FW_PLANE_ROW + FW_PLANE_SLACK], grey[ROWS * FW_RENDER_WIDTH];
static uint8_t bands[ROWS / FW_PLANE_BAND];

static float number(const uint8_t *p)
{
    int16_t value;
    memcpy(&value, p, sizeof value);
    return value == INT16_MAX ? INFINITY : value == INT16_MIN ? NAN : value > 32000 ? 1e30F : (float)value * 0.125F;
}

/* Mostly level and plumb: a step changes one of the two. */
static void add(fz_context *ctx, fz_path *path, const uint8_t *p, fz_point *at)
{
    const fz_point to = { p[0] & 8 ? at->x : number(p + 1), p[0] & 16 ? at->y : number(p + 3) };
    switch (p[0] & 7) {
    case 0:
        fz_moveto(ctx, path, to.x, to.y);
        break;
    case 1:
        fz_closepath(ctx, path);
        break;
    case 2:
        fz_rectto(ctx, path, at->x, at->y, to.x, to.y);
        break;
    case 3:
        fz_curveto(ctx, path, at->x, to.y, to.x, at->y, to.x, to.y);
        break;
    default:
        fz_lineto(ctx, path, to.x, to.y);
        break;
    }
    *at = to;
}

static void check(const struct fw_upright *u)
{
    struct fw_plane plane = { bits, grey, bands, ROWS };
    fw_assert(u->count > 0 && u->count <= FW_UPRIGHT_MAX);
    fw_plane_start(&plane, false);
    for (int i = 0; i < u->count; i++) {
        const struct fw_plane_box b = u->boxes[i];
        fw_assert(b.x1 > b.x0 && b.y1 > b.y0);
        if (i % 3 == 2)
            fw_plane_turn_grey(&plane, b.y0, b.y1);
        fw_plane_fill(&plane, b, i % 4 != 3);
    }
    for (size_t i = 0; i < FW_PLANE_SLACK; i++)
        fw_assert(bits[ROWS * FW_PLANE_ROW + i] == 0);
}

static void draw(fz_context *ctx, fz_path *path, const uint8_t *data, size_t size)
{
    static const fz_matrix ways[] = { { 1, 0, 0, 1, 0, 0 }, { 0, 2.8F, 2.7F, 0, 20, 9 }, { -2.8F, 0, 0, -2.7F, 900, 60 },
                                      { 1, 0.1F, 0, 1, 0, 0 } };
    const fz_matrix m = ways[data[0] % 4];
    fz_point at = { 0, 0 };
    struct fw_upright u;
    fz_stroke_state pen = { .refs = 1, .start_cap = (fz_linecap)(data[0] >> 2 & 3), .linejoin = (fz_linejoin)(data[0] >> 4 & 3),
                            .linewidth = number(data + 1), .miterlimit = 10, .dash_len = data[0] >> 7 };
    pen.end_cap = data[0] & 64 ? FZ_LINECAP_BUTT : pen.start_cap;
    for (size_t i = 3; i + STEP <= size; i += STEP)
        add(ctx, path, data + i, &at);
    if (fw_upright_fill(ctx, path, data[0] & 8, m, data[2] + 1U, &u))
        check(&u);
    if (fw_upright_stroke(ctx, path, &pen, m, &u))
        check(&u);
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
    if (!ctx) {
        ctx = fz_new_context(NULL, NULL, 1 << 20);
        fz_set_warning_callback(ctx, quiet, NULL);
        fz_set_error_callback(ctx, quiet, NULL);
    }
    if (size < 3)
        return 0;
    fz_path *path = fz_new_path(ctx);
    fz_try(ctx) draw(ctx, path, data, size);
    fz_always(ctx) fz_drop_path(ctx, path);
    fz_catch(ctx) fw_assert(fz_caught(ctx) != FZ_ERROR_NONE);
    return 0;
}
