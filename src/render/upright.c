/* Walks a path and gives up at the first side that is neither level nor plumb. */
#include "render/upright.h"
#include <math.h>

enum { CORNERS = 5 };
static const float far = 1e6F, round_pen_max = 4, pen_max = 24;

struct walk {
    struct fw_upright *ret;
    fz_matrix ctm;
    bool other; /* something else was met */
    /* of a fill */
    fz_point corners[CORNERS];
    int count, turn; /* turn: which way round the rectangles before went */
    float edge;      /* how far a shape reaches into a pixel that is still black */
    /* of a stroke */
    fz_point start, at;
    float across, down; /* the pen's extent, in pixels */
    bool caps;
};

static void put(struct walk *w, float x0, float y0, float x1, float y1)
{
    w->other = w->other || w->ret->count == FW_UPRIGHT_MAX ||
               !(fabsf(x0) < far && fabsf(x1) < far && fabsf(y0) < far && fabsf(y1) < far);
    if (!w->other)
        w->ret->boxes[w->ret->count++] =
            (struct fw_plane_box){ (int)x0, (int)y0, (int)x1, (int)y1 };
}

/* From the one edge to the other, in whole pixels. */
static void span(float from, float to, float edge, float *ret_from, float *ret_to)
{
    *ret_from = to - from < 1 ? floorf((from + to) / 2) : ceilf(from - edge);
    *ret_to = to - from < 1 ? *ret_from + 1 : floorf(to + edge);
}

static void rectangle_end(struct walk *w)
{
    const fz_point *p = w->corners;
    const int count = w->count;
    w->count = 0;
    if (count <= 1 || w->other)
        return;
    const bool closed = count == 4 || (count == 5 && p[4].x == p[0].x && p[4].y == p[0].y);
    const bool level_first =
        p[0].y == p[1].y && p[1].x == p[2].x && p[2].y == p[3].y && p[3].x == p[0].x;
    const bool plumb_first =
        p[0].x == p[1].x && p[1].y == p[2].y && p[2].x == p[3].x && p[3].y == p[0].y;
    if (!closed || (!level_first && !plumb_first)) {
        w->other = true;
        return;
    }
    const float area =
        (p[1].x - p[0].x) * (p[2].y - p[1].y) - (p[1].y - p[0].y) * (p[2].x - p[1].x);
    const int turn = area > 0 ? 1 : area < 0 ? -1 : w->turn;
    w->other = w->turn != 0 && turn != w->turn; /* the second may cut a hole into the first */
    w->turn = turn;
    const float x0 = fminf(p[0].x, p[2].x), x1 = fmaxf(p[0].x, p[2].x), y0 = fminf(p[0].y, p[2].y),
                y1 = fmaxf(p[0].y, p[2].y);
    float left, right, top, bottom;
    w->ret->thin = w->ret->thin && (x1 - x0 < 1 || y1 - y0 < 1);
    span(x0, x1, w->edge, &left, &right);
    span(y0, y1, w->edge, &top, &bottom);
    put(w, left, top, right, bottom);
}

static void fill_move(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    struct walk *w = arg;
    rectangle_end(w);
    w->corners[0] = fz_transform_point_xy(x, y, w->ctm);
    w->count = 1;
}

static void fill_line(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    struct walk *w = arg;
    w->other = w->other || w->count == 0 || w->count == CORNERS;
    if (!w->other)
        w->corners[w->count++] = fz_transform_point_xy(x, y, w->ctm);
}

static void on_curve(fz_context *ctx, void *arg, float x1, float y1, float x2, float y2, float x3,
                     float y3)
{
    (void)ctx, (void)x1, (void)y1, (void)x2, (void)y2, (void)x3, (void)y3;
    ((struct walk *)arg)->other = true;
}

static void fill_close(fz_context *ctx, void *arg)
{
    (void)ctx;
    rectangle_end(arg);
}

bool fw_upright_fill(fz_context *ctx, const fz_path *path, bool even_odd, fz_matrix ctm,
                     uint32_t threshold, struct fw_upright *ret)
{
    static const fz_path_walker walker = {
        .moveto = fill_move, .lineto = fill_line, .curveto = on_curve, .closepath = fill_close
    };
    const float wider = ((float)threshold - 16) / 256;
    struct walk w = { .ret = ret, .ctm = ctm, .edge = wider > 0.5F ? wider : 0.5F };
    ret->count = 0;
    ret->thin = true;
    fz_walk_path(ctx, path, &walker, &w);
    rectangle_end(&w);
    return !w.other && ret->count > 0 && (ret->count == 1 || !even_odd);
}

/* Lines of one thickness get as many pixels wherever they lie. */
static void thickness(float at, float pen, float *ret_from, float *ret_to)
{
    const float pixels = fmaxf(1, floorf(pen + 0.5F));
    *ret_from = floorf(at - pixels / 2 + 0.5F);
    *ret_to = *ret_from + pixels;
}

static void stroke_move(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    struct walk *w = arg;
    w->start = w->at = fz_transform_point_xy(x, y, w->ctm);
}

/* A line with its caps, or, where it meets the next, with what a corner needs. */
static void segment(struct walk *w, fz_point to)
{
    const fz_point from = w->at;
    float x0 = fminf(from.x, to.x), x1 = fmaxf(from.x, to.x), y0 = fminf(from.y, to.y),
          y1 = fmaxf(from.y, to.y);
    w->at = to;
    if (x0 < x1 && y0 < y1)
        w->other = true;
    if (w->other || (x0 == x1 && y0 == y1))
        return;
    const bool level = y0 == y1;
    const float more = w->caps ? (level ? w->across : w->down) / 2 : 0;
    if (level) {
        thickness(y0, w->down, &y0, &y1);
        span(x0 - more, x1 + more, 0.5F, &x0, &x1);
    } else {
        thickness(x0, w->across, &x0, &x1);
        span(y0 - more, y1 + more, 0.5F, &y0, &y1);
    }
    put(w, x0, y0, x1, y1);
}

static void stroke_line(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    struct walk *w = arg;
    segment(w, fz_transform_point_xy(x, y, w->ctm));
}

static void stroke_close(fz_context *ctx, void *arg)
{
    (void)ctx;
    struct walk *w = arg;
    segment(w, w->start);
}

/* How many lines a path has, and whether they follow on one another. */
struct lines {
    int in_part;
    bool joined;
};

static void count_move(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx, (void)x, (void)y;
    ((struct lines *)arg)->in_part = 0;
}

static void count_line(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx, (void)x, (void)y;
    struct lines *l = arg;
    l->joined = l->joined || l->in_part > 0;
    l->in_part++;
}

static void count_curve(fz_context *ctx, void *arg, float x1, float y1, float x2, float y2,
                        float x3, float y3)
{
    (void)x1, (void)y1, (void)x2, (void)y2;
    count_line(ctx, arg, x3, y3);
}

static void count_close(fz_context *ctx, void *arg)
{
    count_line(ctx, arg, 0, 0);
}

bool fw_upright_stroke(fz_context *ctx, const fz_path *path, const fz_stroke_state *pen,
                       fz_matrix ctm, struct fw_upright *ret)
{
    static const fz_path_walker counter = {
        .moveto = count_move, .lineto = count_line, .curveto = count_curve, .closepath = count_close
    };
    static const fz_path_walker walker = {
        .moveto = stroke_move, .lineto = stroke_line, .curveto = on_curve, .closepath = stroke_close
    };
    struct walk w = { .ret = ret,
                      .ctm = ctm,
                      .across = pen->linewidth * hypotf(ctm.a, ctm.c),
                      .down = pen->linewidth * hypotf(ctm.b, ctm.d) };
    const float size = fmaxf(w.across, w.down);
    if (pen->dash_len > 0 || pen->start_cap != pen->end_cap || !(size < pen_max))
        return false;
    struct lines lines = { 0, false };
    fz_walk_path(ctx, path, &counter, &lines);
    const bool round = pen->start_cap != FZ_LINECAP_BUTT && pen->start_cap != FZ_LINECAP_SQUARE;
    const bool blunt = pen->linejoin != FZ_LINEJOIN_MITER && pen->linejoin != FZ_LINEJOIN_MITER_XPS;
    if (size >= round_pen_max && (round || (lines.joined && blunt)))
        return false;
    w.caps = lines.joined || pen->start_cap != FZ_LINECAP_BUTT;
    ret->count = 0;
    ret->thin = true;
    fz_walk_path(ctx, path, &walker, &w);
    return !w.other && ret->count > 0;
}
