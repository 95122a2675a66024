/* Follows the clips, groups, masks and patterns of the draw device, to know when the page itself is drawn on. */
#include "render/draw_clip.h"

enum { DEPTH_MAX = 64 };

/* What the device does now: a stack of clips, groups, masks and patterns. As in draw.c, the program
 * has one page at a time. */
static struct {
    fz_device device; /* its functions before we took their place */
    struct fw_plane *plane;
    int depth;
    bool closed[DEPTH_MAX];  /* drawing past the device is wrong at this depth */
    fz_rect area[DEPTH_MAX]; /* and elsewhere only within this */
} state;

static void push(bool closed, fz_rect area)
{
    const int from = state.depth < DEPTH_MAX ? state.depth : DEPTH_MAX - 1;
    state.depth++;
    if (state.depth >= DEPTH_MAX)
        return;
    state.closed[state.depth] = state.closed[from] || closed;
    state.area[state.depth] = fz_intersect_rect(state.area[from], area);
}

static void pop(void)
{
    state.depth -= state.depth > 0;
}

bool fw_draw_clip_on_page(fz_rect *ret_area)
{
    const int at = state.depth < DEPTH_MAX ? state.depth : DEPTH_MAX - 1;
    *ret_area = state.area[at];
    return state.depth < DEPTH_MAX && !state.closed[at];
}

bool fw_draw_clip_open(fz_rect box)
{
    fz_rect a;
    return fw_draw_clip_on_page(&a) && a.x0 <= box.x0 + 1 && a.y0 <= box.y0 + 1 && a.x1 >= box.x1 - 1 &&
           a.y1 >= box.y1 - 1;
}

void fw_draw_clip_needs_grey(fz_rect box)
{
    enum { ROUNDING = 2 };
    fz_rect area;
    if (!fw_draw_clip_on_page(&area))
        return;
    box = fz_intersect_rect(box, area);
    if (box.y0 <= box.y1)
        fw_plane_turn_grey(state.plane, (int)box.y0 - ROUNDING, (int)box.y1 + ROUNDING);
}

/* Before the device begins to draw elsewhere what will be laid over this part of the page. */
static void leave_page(fz_rect area)
{
    fw_draw_clip_needs_grey(state.depth + 1 < DEPTH_MAX ? area : fz_infinite_rect);
}

/* Whether a path is one upright rectangle: four sides, each level or plumb. */
struct sides {
    fz_matrix ctm;
    fz_point at;
    int count;
    bool other;
};

static void on_move(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    struct sides *s = arg;
    s->other = s->other || s->count > 0;
    s->at = fz_transform_point_xy(x, y, s->ctm);
}

static void on_line(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    struct sides *s = arg;
    const fz_point to = fz_transform_point_xy(x, y, s->ctm);
    s->other = s->other || (to.x != s->at.x && to.y != s->at.y);
    s->count++;
    s->at = to;
}

static void on_curve(fz_context *ctx, void *arg, float x1, float y1, float x2, float y2, float x3,
                     float y3)
{
    (void)ctx, (void)x1, (void)y1, (void)x2, (void)y2, (void)x3, (void)y3;
    ((struct sides *)arg)->other = true;
}

static void on_close(fz_context *ctx, void *arg)
{
    (void)ctx;
    (void)arg;
}

static void clip_path(fz_context *ctx, fz_device *dev, const fz_path *path, int even_odd,
                      fz_matrix ctm, fz_rect scissor)
{
    static const fz_path_walker walker = {
        .moveto = on_move, .lineto = on_line, .curveto = on_curve, .closepath = on_close
    };
    struct sides sides = { .ctm = ctm };
    fz_walk_path(ctx, path, &walker, &sides);
    const bool rectangle = !sides.other && (sides.count == 3 || sides.count == 4);
    const fz_rect area = fz_bound_path(ctx, path, NULL, ctm);
    if (!rectangle || state.depth + 1 >= DEPTH_MAX)
        leave_page(area);
    state.device.clip_path(ctx, dev, path, even_odd, ctm, scissor);
    push(!rectangle, area);
}

static void clip_stroke_path(fz_context *ctx, fz_device *dev, const fz_path *path,
                             const fz_stroke_state *stroke, fz_matrix ctm, fz_rect scissor)
{
    leave_page(fz_infinite_rect);
    state.device.clip_stroke_path(ctx, dev, path, stroke, ctm, scissor);
    push(true, fz_infinite_rect);
}

static void clip_text(fz_context *ctx, fz_device *dev, const fz_text *text, fz_matrix ctm,
                      fz_rect scissor)
{
    leave_page(fz_infinite_rect);
    state.device.clip_text(ctx, dev, text, ctm, scissor);
    push(true, fz_infinite_rect);
}

static void clip_stroke_text(fz_context *ctx, fz_device *dev, const fz_text *text,
                             const fz_stroke_state *stroke, fz_matrix ctm, fz_rect scissor)
{
    leave_page(fz_infinite_rect);
    state.device.clip_stroke_text(ctx, dev, text, stroke, ctm, scissor);
    push(true, fz_infinite_rect);
}

static void clip_image_mask(fz_context *ctx, fz_device *dev, fz_image *image, fz_matrix ctm,
                            fz_rect scissor)
{
    leave_page(fz_transform_rect(fz_unit_rect, ctm));
    state.device.clip_image_mask(ctx, dev, image, ctm, scissor);
    push(true, fz_infinite_rect);
}

static void pop_clip(fz_context *ctx, fz_device *dev)
{
    pop();
    state.device.pop_clip(ctx, dev);
}

/* Ends as a clip: its pop_clip takes it from the stack. */
static void begin_mask(fz_context *ctx, fz_device *dev, fz_rect area, int luminosity,
                       fz_colorspace *space, const float *color, fz_color_params params)
{
    leave_page(area);
    state.device.begin_mask(ctx, dev, area, luminosity, space, color, params);
    push(true, fz_infinite_rect);
}

static void begin_group(fz_context *ctx, fz_device *dev, fz_rect area, fz_colorspace *space,
                        int isolated, int knockout, int blendmode, float alpha)
{
    leave_page(area);
    state.device.begin_group(ctx, dev, area, space, isolated, knockout, blendmode, alpha);
    push(true, fz_infinite_rect);
}

static void end_group(fz_context *ctx, fz_device *dev)
{
    pop();
    state.device.end_group(ctx, dev);
}

static int begin_tile(fz_context *ctx, fz_device *dev, fz_rect area, fz_rect view, float xstep,
                      float ystep, fz_matrix ctm, int id)
{
    leave_page(fz_infinite_rect);
    push(true, fz_infinite_rect);
    return state.device.begin_tile(ctx, dev, area, view, xstep, ystep, ctm, id);
}

static void end_tile(fz_context *ctx, fz_device *dev)
{
    pop();
    state.device.end_tile(ctx, dev);
}

void fw_draw_clip_wrap(fz_device *dev, struct fw_plane *plane)
{
    state.plane = plane;
    state.device = *dev;
    state.depth = 0;
    state.closed[0] = false;
    state.area[0] = fz_make_rect(0, 0, FW_RENDER_WIDTH, (float)plane->rows);
    dev->clip_path = clip_path;
    dev->clip_stroke_path = clip_stroke_path;
    dev->clip_text = clip_text;
    dev->clip_stroke_text = clip_stroke_text;
    dev->clip_image_mask = clip_image_mask;
    dev->pop_clip = pop_clip;
    dev->begin_mask = begin_mask;
    dev->begin_group = begin_group;
    dev->end_group = end_group;
    dev->begin_tile = begin_tile;
    dev->end_tile = end_tile;
}
