/* A table of letters by face, glyph and part of a pixel, emptied when it is full. */
#include "render/letters.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/rim.h"

enum {
    FACES_MAX = 128,
    SLOTS = 8192, /* a power of two; three quarters of it are used */
    BYTES_MAX = 3 * 1024 * 1024,
    PIXELS_MAX = 256, /* the size up to which letters are bitmaps; MuPDF's own limit */
};

static const float settled_min = 10; /* pixels of a font's size, the shorter way */

struct slot {
    uint64_t key;           /* 0: free */
    struct fw_stamp *stamp; /* NULL: cannot be had */
};

struct fw_letters {
    int cover_min; /* a pixel covered by this much of 255 is black */
    struct fw_letters_face faces[FACES_MAX];
    uint32_t face_count, last;
    size_t used, bytes;
    struct slot slots[SLOTS];
};

struct fw_letters *fw_letters_new(fz_context *ctx, uint32_t threshold)
{
    struct fw_letters *l = fz_calloc(ctx, 1, sizeof *l);
    for (l->cover_min = 0; l->cover_min < 256; l->cover_min++) {
        const int amount = l->cover_min + (l->cover_min >> 7);
        if ((uint32_t)((255 * 256 - 255 * amount) >> 8) < threshold)
            break;
    }
    l->cover_min = l->cover_min < 1 ? 1 : l->cover_min;
    return l;
}

static void drop_all(fz_context *ctx, struct fw_letters *l)
{
    for (size_t i = 0; i < SLOTS; i++)
        fz_free(ctx, l->slots[i].stamp);
    for (uint32_t i = 0; i < l->face_count; i++)
        fz_drop_font(ctx, l->faces[i].font);
}

static void empty(fz_context *ctx, struct fw_letters *l)
{
    drop_all(ctx, l);
    memset(l->slots, 0, sizeof l->slots);
    l->face_count = l->last = 0;
    l->used = l->bytes = 0;
}

void fw_letters_free(fz_context *ctx, struct fw_letters *l)
{
    if (!l)
        return;
    drop_all(ctx, l);
    fz_free(ctx, l);
}

/* The larger a letter, the less it matters where in a pixel it begins; across the line it matters
 * least. The steps are those of MuPDF, so that letters look alike however they are drawn. */
static void set_steps(struct fw_letters_face *f, float size)
{
    const int along = size >= 48   ? 0
                      : size >= 24 ? 128
                                   : 192,
              across = size >= 8   ? 0
                       : size >= 4 ? 128
                                   : 192;
    f->settles = fminf(hypotf(f->matrix.a, f->matrix.b), hypotf(f->matrix.c, f->matrix.d)) >= settled_min;
    f->x_mask = f->matrix.a == 0 && f->matrix.d == 0 ? across : along;
    f->y_mask = f->matrix.b == 0 && f->matrix.c == 0 ? across : along;
    f->x_round = f->x_mask == 0 ? 0.5F : f->x_mask == 128 ? 0.25F : 0.125F;
    f->y_round = f->y_mask == 0 ? 0.5F : f->y_mask == 128 ? 0.25F : 0.125F;
}

static bool is_face(const struct fw_letters_face *f, const fz_font *font, fz_matrix m)
{
    return f->font == font && f->matrix.a == m.a && f->matrix.b == m.b && f->matrix.c == m.c &&
           f->matrix.d == m.d;
}

const struct fw_letters_face *fw_letters_face(fz_context *ctx, struct fw_letters *l, fz_font *font,
                                              fz_matrix m)
{
    const float size = fz_matrix_expansion(m);
    if (!(size <= PIXELS_MAX))
        return NULL;
    if (l->face_count > 0 && is_face(&l->faces[l->last], font, m))
        return &l->faces[l->last];
    for (uint32_t i = 0; i < l->face_count; i++) {
        if (is_face(&l->faces[i], font, m))
            return &l->faces[l->last = i];
    }
    if (l->face_count == FACES_MAX)
        empty(ctx, l);
    struct fw_letters_face *f = &l->faces[l->last = l->face_count];
    *f = (struct fw_letters_face){ .font = fz_keep_font(ctx, font),
                                   .matrix = fz_make_matrix(m.a, m.b, m.c, m.d, 0, 0),
                                   .number = l->face_count++ };
    set_steps(f, size);
    return f;
}

/* The smallest box of what is black; false: nothing is. */
static bool ink_box(const fz_pixmap *p, int cover_min, fz_irect *ret)
{
    fz_irect box = { p->w, p->h, 0, 0 };
    for (int y = 0; p->w > 0 && y < p->h; y++) { /* a space has no samples */
        const uint8_t *row = p->samples + (ptrdiff_t)y * p->stride;
        for (int x = 0; x < p->w; x++) {
            if (row[x] < cover_min)
                continue;
            box.x0 = x < box.x0 ? x : box.x0;
            box.x1 = x >= box.x1 ? x + 1 : box.x1;
            box.y0 = y < box.y0 ? y : box.y0;
            box.y1 = y + 1;
        }
    }
    *ret = box;
    return box.x0 < box.x1;
}

static struct fw_stamp *stamp_of(fz_context *ctx, const fz_pixmap *p, int cover_min, bool settles,
                                 size_t *ret_bytes)
{
    fz_irect box = { 0, 0, 0, 0 };
    if (!ink_box(p, cover_min, &box))
        box = fz_make_irect(0, 0, 0, 0);
    const int width = box.x1 - box.x0, rows = box.y1 - box.y0;
    const int strips = (width + FW_PLANE_STRIP - 1) / FW_PLANE_STRIP;
    *ret_bytes = sizeof(struct fw_stamp) + (size_t)(strips * rows) * sizeof(uint64_t);
    struct fw_stamp *s = fz_calloc(ctx, 1, *ret_bytes);
    s->x = (int16_t)(p->x + box.x0);
    s->y = (int16_t)(p->y + box.y0);
    s->width = (uint16_t)width;
    s->rows = (uint16_t)rows;
    s->strips = (uint16_t)strips;
    for (int y = 0; y < rows; y++) {
        const uint8_t *row = p->samples + (ptrdiff_t)(box.y0 + y) * p->stride + box.x0;
        for (int x = 0; x < width; x++)
            s->words[x / FW_PLANE_STRIP * rows + y] |= (uint64_t)(row[x] >= cover_min)
                                                       << (63 - x % FW_PLANE_STRIP);
    }
    if (settles && width > 0 && width <= FW_RIM_WIDTH_MAX && rows <= FW_RIM_ROWS_MAX) {
        const uint8_t *cover = p->samples + (ptrdiff_t)box.y0 * p->stride + box.x0;
        const struct fw_rim rim = { cover, p->stride, width, rows, cover_min };
        fw_rim_settle(&rim, s->words);
    }
    return s;
}

/* NULL: MuPDF has no grey picture of it, or one that is no letter's. */
static struct fw_stamp *make(fz_context *ctx, struct fw_letters *l,
                             const struct fw_letters_face *face, int glyph, int x_part, int y_part,
                             size_t *ret_bytes)
{
    enum { FAR = 4096 };
    fz_matrix m = face->matrix;
    m.e = (float)x_part / 256;
    m.f = (float)y_part / 256;
    struct fw_stamp *stamp = NULL;
    fz_pixmap *p = fz_render_glyph_pixmap(ctx, face->font, glyph, &m, &fz_infinite_irect, 8);
    fz_var(stamp);
    fz_try(ctx)
    {
        const bool fits = p && p->n == 1 && p->w <= 2 * PIXELS_MAX && p->h <= 2 * PIXELS_MAX &&
                          abs(p->x) < FAR && abs(p->y) < FAR;
        if (fits)
            stamp = stamp_of(ctx, p, l->cover_min, face->settles, ret_bytes);
    }
    fz_always(ctx) fz_drop_pixmap(ctx, p);
    fz_catch(ctx) fz_rethrow(ctx);
    return stamp;
}

static struct slot *find(struct fw_letters *l, uint64_t key)
{
    size_t at = (size_t)((key * 0x9e3779b97f4a7c15U) >> 40) % SLOTS;
    while (l->slots[at].key != 0 && l->slots[at].key != key)
        at = (at + 1) % SLOTS;
    return &l->slots[at];
}

const struct fw_stamp *fw_letters_get(fz_context *ctx, struct fw_letters *l,
                                      const struct fw_letters_face *face, int glyph, fz_point at,
                                      int *ret_x, int *ret_y)
{
    const float x = at.x + face->x_round, y = at.y + face->y_round;
    if (!(fabsf(x) < 1e6F && fabsf(y) < 1e6F) || glyph < 0 || glyph > 0xffffff)
        return NULL;
    const float x_floor = floorf(x), y_floor = floorf(y);
    const int x_part = (int)((x - x_floor) * 256) & face->x_mask,
              y_part = (int)((y - y_floor) * 256) & face->y_mask;
    *ret_x = (int)x_floor;
    *ret_y = (int)y_floor;
    const uint64_t key = (uint64_t)face->number << 40 | (uint64_t)(uint32_t)glyph << 8 |
                         (uint64_t)(uint32_t)(x_part >> 6) << 4 |
                         (uint64_t)(uint32_t)(y_part >> 6) << 2 | 1;
    struct slot *slot = find(l, key);
    if (slot->key == key)
        return slot->stamp;
    size_t bytes = 0;
    struct fw_stamp *stamp = make(ctx, l, face, glyph, x_part, y_part, &bytes);
    if (l->used >= SLOTS / 4 * 3 || l->bytes + bytes > BYTES_MAX) {
        /* The letters go, the faces stay: one of them is in use. */
        for (size_t i = 0; i < SLOTS; i++)
            fz_free(ctx, l->slots[i].stamp);
        memset(l->slots, 0, sizeof l->slots);
        l->used = l->bytes = 0;
    }
    slot = find(l, key);
    *slot = (struct slot){ key, stamp };
    l->used++;
    l->bytes += bytes;
    return stamp;
}
