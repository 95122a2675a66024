/* Scaling by area: down first, row upon row, then across. */
#include "render/scale.h"
#include "render/scale_kernel.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fw_scale {
    struct fw_scale_want want;
    const struct fw_scale_kernel *kernel;
    int32_t left, right, top, bottom; /* of the image on the page, cut to it */
    uint32_t source_row;              /* the next */
    int32_t page_row;                 /* the one being filled */
    uint32_t filled;                  /* 256ths of it */
    double rows_a_row;                /* source rows a row of the page */
    uint16_t *sums;                   /* a source row, times 256 */
    uint8_t *narrow;                  /* the same, as greys */
    uint8_t *out;
    uint32_t *from;      /* for each four pixels of the page: where their taps begin */
    uint8_t *tap_places; /* 16 a group: bytes from there */
    int8_t *tap_weights; /* 16 a group: 64ths */
    uint32_t groups;
};

void fw_scale_free(struct fw_scale *s)
{
    if (!s)
        return;
    free(s->sums);
    free(s->narrow);
    free(s->out);
    free(s->from);
    free(s->tap_places);
    free(s->tap_weights);
    free(s);
}

static bool sane(const struct fw_scale_want *w)
{
    const double width = w->x1 - w->x0, height = w->y1 - w->y0;
    return w->source_width > 0 && w->source_rows > 0 && w->source_width <= FW_SCALE_SOURCE_MAX &&
           isfinite(w->x0) && isfinite(w->y0) && fabs(w->x0) < 1e6 && fabs(w->y0) < 1e6 &&
           width >= 1 && height >= 1 && width < 1e5 && height < 1e5 &&
           w->source_width <= width * FW_SCALE_RATIO_MAX;
}

static int32_t at_least(double value, int32_t min)
{
    return value < min ? min : (int32_t)value;
}

/* The four taps of pixel `x`: the part of each source pixel that lies in it, adding up to 64. */
static void taps_of(const struct fw_scale *s, int32_t x, uint32_t *ret_from, int8_t ret[4])
{
    const struct fw_scale_want *w = &s->want;
    const double ratio = w->source_width / (w->x1 - w->x0);
    double from = (x - w->x0) * ratio, to = (x + 1 - w->x0) * ratio;
    from = from < 0 ? 0 : from > w->source_width - 1 ? w->source_width - 1 : from;
    to = to > w->source_width ? w->source_width : to <= from ? from + 1e-3 : to;
    const uint32_t first = (uint32_t)from;
    double done = 0;
    int given = 0;
    for (uint32_t i = 0; i < 4; i++) {
        const double left = first + i > from ? first + i : from;
        const double right = first + i + 1 < to ? first + i + 1 : to;
        done += right > left ? (right - left) / (to - from) : 0;
        const int sum = i == 3 ? 64 : (int)(done * 64 + 0.5); /* what rounding leaves over */
        ret[i] = (int8_t)(sum - given);
        given = sum;
    }
    *ret_from = first;
}

static void plan_across(struct fw_scale *s)
{
    for (uint32_t g = 0; g < s->groups; g++) {
        uint32_t base = 0;
        for (uint32_t i = 0; i < 4; i++) {
            uint32_t from;
            int8_t weights[4];
            taps_of(s, s->left + (int32_t)(g * 4 + i), &from, weights);
            base = i == 0 ? from : base;
            for (uint32_t tap = 0; tap < 4; tap++) {
                const uint32_t place = from - base + tap;
                s->tap_places[g * 16 + i * 4 + tap] = (uint8_t)(place < 16 ? place : 15);
                s->tap_weights[g * 16 + i * 4 + tap] = weights[tap];
            }
        }
        s->from[g] = base;
    }
}

enum fw_err fw_scale_new(const struct fw_scale_want *want, struct fw_scale **ret)
{
    if (!sane(want))
        return FW_LIMIT;
    struct fw_scale *s = calloc(1, sizeof *s);
    if (!s)
        return FW_NO_MEMORY;
    s->want = *want;
    s->kernel = fw_scale_kernel_choose();
    /* A pixel belongs to the image when its middle does. */
    s->left = at_least(floor(want->x0 + 0.5), 0);
    s->top = at_least(floor(want->y0 + 0.5), 0);
    s->right = at_least(floor(want->x1 + 0.5), 0);
    s->bottom = at_least(floor(want->y1 + 0.5), 0);
    s->right = s->right > (int32_t)want->page_width ? (int32_t)want->page_width : s->right;
    s->bottom = s->bottom > (int32_t)want->page_rows ? (int32_t)want->page_rows : s->bottom;
    if (s->right <= s->left || s->bottom <= s->top) { /* nothing of it is on the page */
        fw_scale_free(s);
        return FW_LIMIT;
    }
    s->rows_a_row = want->source_rows / (want->y1 - want->y0);
    s->page_row = s->top;
    s->groups = ((uint32_t)(s->right - s->left) + 7) / 8 * 2; /* two at a time */
    const size_t row = want->source_width + FW_SCALE_ROW_SLACK;
    s->sums = calloc(row, sizeof *s->sums);
    s->narrow = calloc(row, 1);
    s->out = calloc((size_t)s->groups * 4 + FW_SCALE_ROW_SLACK, 1);
    s->from = calloc(s->groups, sizeof *s->from);
    s->tap_places = calloc(s->groups, 16);
    s->tap_weights = calloc(s->groups, 16);
    if (!s->sums || !s->narrow || !s->out || !s->from || !s->tap_places || !s->tap_weights) {
        fw_scale_free(s);
        return FW_NO_MEMORY;
    }
    plan_across(s);
    *ret = s;
    return FW_OK;
}

static void row_out(struct fw_scale *s)
{
    s->kernel->narrow(s->sums, s->want.source_width, s->narrow);
    s->kernel->across(s->narrow, s->from, s->tap_places, s->tap_weights, s->groups, s->out);
    s->want.put(s->want.arg, (uint32_t)s->left, (uint32_t)s->page_row, s->out,
                (uint32_t)(s->right - s->left));
    memset(s->sums, 0, (size_t)s->want.source_width * sizeof *s->sums);
    s->page_row++;
    s->filled = 0;
}

/* Where page row `y` ends, in source rows. */
static double end_of(const struct fw_scale *s, int32_t y)
{
    const double end = (y + 1 - s->want.y0) * s->rows_a_row;
    return end > s->want.source_rows ? s->want.source_rows : end;
}

/* How much of page row `y` the source rows up to `to` fill, in 256ths. */
static uint32_t filled_by(const struct fw_scale *s, int32_t y, double to)
{
    const double end = end_of(s, y);
    const double from = (y - s->want.y0) * s->rows_a_row;
    const double begin = from < 0 ? 0 : from;
    if (to >= end - 1e-6)
        return 256;
    return to <= begin ? 0 : (uint32_t)((to - begin) / (end - begin) * 256 + 0.5);
}

/* The source row goes into each page row that it touches. */
static void spread(struct fw_scale *s, void (*add)(const uint8_t *, uint32_t, uint32_t, uint16_t *),
                   const uint8_t *row)
{
    const double to = ++s->source_row;
    while (s->page_row < s->bottom) {
        const uint32_t filled = filled_by(s, s->page_row, to);
        if (filled > s->filled) {
            add(row, s->want.source_width, filled - s->filled, s->sums);
            s->filled = filled;
        }
        if (filled < 256)
            return;
        row_out(s);
    }
}

void fw_scale_grey(struct fw_scale *s, const uint8_t *row)
{
    spread(s, s->kernel->add_grey, row);
}

void fw_scale_bits(struct fw_scale *s, const uint8_t *row)
{
    spread(s, s->kernel->add_bits, row);
}
