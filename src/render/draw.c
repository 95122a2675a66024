/* Draws pages of documents as fax pages, one after the other in the same memory. */
#include "render/draw.h"
#include "render/draw_device.h"
#include "render/letters.h"
#include <mupdf/pdf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 2 * 1024 * 1024 };

/* A letter touches twenty rows, and two rows hardly share a page of memory: with large ones the processor finds
 * them without a walk through its tables. NULL: no memory. */
static uint8_t *pixels_new(size_t size)
{
    const size_t whole = (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    uint8_t *pixels = aligned_alloc(LARGE_PAGE, whole);
    if (pixels)
        (void)madvise(pixels, whole, MADV_HUGEPAGE); /* a wish */
    return pixels;
}

void fw_drawing_init(fz_context *ctx, struct fw_drawing *d, uint32_t y_dpi, enum fw_tone_mode mode, uint32_t threshold)
{
    *d = (struct fw_drawing){ .rows = fw_geometry_rows_max(y_dpi), .threshold = threshold };
    const size_t bands = (d->rows + FW_PLANE_BAND - 1) / FW_PLANE_BAND;
    d->tiles_size = (size_t)((d->rows + FW_TONE_TILE - 1) / FW_TONE_TILE) * FW_TONE_TILES;
    d->tiles = fz_malloc(ctx, d->tiles_size);
    d->plane.bits = fz_malloc(ctx, (size_t)d->rows * FW_PLANE_ROW + FW_PLANE_SLACK);
    d->plane.bands = fz_malloc(ctx, bands);
    d->plane.grey = pixels_new((size_t)d->rows * FW_RENDER_WIDTH);
    if (!d->plane.grey)
        fz_throw(ctx, FZ_ERROR_MEMORY, "no room for a page");
    d->grey = fz_new_pixmap_with_data(ctx, fz_device_gray(ctx), FW_RENDER_WIDTH, (int)d->rows, NULL, 0,
                                      FW_RENDER_WIDTH, d->plane.grey);
    if (mode != FW_TONE_DIFFUSE)
        d->letters = fw_letters_new(ctx, threshold);
}

void fw_drawing_done(fz_context *ctx, struct fw_drawing *d)
{
    fw_letters_free(ctx, d->letters);
    fz_drop_pixmap(ctx, d->grey);
    free(d->plane.grey);
    fz_free(ctx, d->plane.bits);
    fz_free(ctx, d->plane.bands);
    fz_free(ctx, d->tiles);
    *d = (struct fw_drawing){ 0 };
}

static fz_matrix matrix_of(fz_rect box, const struct fw_geometry *g, int part)
{
    fz_matrix m = fz_translate(-box.x0, -box.y0);
    if (g->turned) /* clockwise: the left edge goes up */
        m = fz_concat(m, fz_make_matrix(0, 1, -1, 0, box.y1 - box.y0, 0));
    m = fz_concat(m, fz_scale((float)g->x_scale, (float)g->y_scale));
    return fz_concat(m, fz_translate((float)g->x_at, -(float)g->step * (float)part));
}

static struct fw_geometry geometry_of(fz_rect box, uint32_t y_dpi)
{
    return fw_geometry_of((double)(box.x1 - box.x0), (double)(box.y1 - box.y0), y_dpi);
}

/* From the page's dictionary alone: what is on the page does not matter, nor that it can be drawn. */
int fw_drawing_parts(fz_context *ctx, fz_document *doc, int index, uint32_t y_dpi)
{
    pdf_document *pdf = pdf_specifics(ctx, doc);
    int parts = 1;
    fz_var(parts);
    fz_try(ctx)
    {
        if (pdf) {
            fz_rect box;
            fz_matrix m;
            pdf_page_obj_transform(ctx, pdf_lookup_page_obj(ctx, pdf, index), &box, &m);
            parts = geometry_of(fz_transform_rect(box, m), y_dpi).parts;
        }
    }
    fz_catch(ctx) parts = 1; /* drawing it says what is wrong */
    return parts;
}

/* What a form's fields looked like before they were filled is of no use, where the form says so:
 * ISO 32000-1 clause 12.7.2, NeedAppearances. */
static void drop_old_appearances(fz_context *ctx, pdf_document *pdf, int index)
{
    pdf_obj *root = pdf_dict_get(ctx, pdf_trailer(ctx, pdf), PDF_NAME(Root));
    if (!pdf_to_bool(ctx, pdf_dict_getp(ctx, root, "AcroForm/NeedAppearances")))
        return;
    pdf_obj *annots = pdf_dict_get(ctx, pdf_lookup_page_obj(ctx, pdf, index), PDF_NAME(Annots));
    const int count = pdf_array_len(ctx, annots);
    for (int i = 0; i < count; i++) {
        pdf_obj *annot = pdf_array_get(ctx, annots, i);
        pdf_obj *type = pdf_dict_get_inheritable(ctx, annot, PDF_NAME(FT));
        if (pdf_name_eq(ctx, type, PDF_NAME(Tx)) || pdf_name_eq(ctx, type, PDF_NAME(Ch)))
            pdf_dict_del(ctx, annot, PDF_NAME(AP));
    }
}

static fz_page *load_page(fz_context *ctx, fz_document *doc, int index)
{
    pdf_document *pdf = pdf_specifics(ctx, doc);
    fz_try(ctx)
    {
        if (pdf)
            drop_old_appearances(ctx, pdf, index);
    }
    fz_catch(ctx) fz_rethrow_if(ctx, FZ_ERROR_MEMORY);
    return fz_load_page(ctx, doc, index);
}

/* Fields and marks that have no looks of their own get those of MuPDF. One that is too broken for
 * that is left as it is. */
static void make_appearances(fz_context *ctx, pdf_page *page)
{
    fz_try(ctx)
    {
        if (page)
            pdf_update_page(ctx, page);
    }
    fz_catch(ctx) fz_rethrow_if(ctx, FZ_ERROR_MEMORY);
}

void fw_drawing_page(fz_context *ctx, struct fw_drawing *d, fz_document *doc, int index, int part,
                     uint32_t y_dpi)
{
    fz_page *page = NULL;
    fz_device *dev = NULL;
    fz_cookie cookie = { 0 };
    fz_var(page);
    fz_var(dev);
    fz_try(ctx)
    {
        page = load_page(ctx, doc, index);
        /* MuPDF shows a blank page where a page is missing; a fax must not. */
        pdf_page *pdf = pdf_page_from_fz_page(ctx, page);
        if (pdf && !pdf_is_dict(ctx, pdf->obj))
            fz_throw(ctx, FZ_ERROR_GENERIC, "page missing");
        make_appearances(ctx, pdf);
        const fz_rect box = fz_bound_page(ctx, page);
        const struct fw_geometry g = geometry_of(box, y_dpi);
        fw_assert(part < g.parts);
        fw_assert(g.rows <= (uint32_t)d->grey->h);
        d->rows = d->plane.rows = g.rows;
        fw_plane_start(&d->plane, !d->letters);
        memset(d->tiles, 0, d->tiles_size);
        /* The page ends where the paper does, whatever its content thinks. */
        const fz_irect paper = fz_make_irect(0, 0, FW_RENDER_WIDTH, (int)g.rows);
        dev = fz_new_draw_device_with_bbox(ctx, fz_identity, d->grey, &paper);
        fw_draw_device_wrap(dev, d);
        fz_run_page(ctx, page, dev, matrix_of(box, &g, part), &cookie);
        fz_close_device(ctx, dev);
        d->complaints = cookie.errors;
    }
    fz_always(ctx)
    {
        fz_drop_device(ctx, dev);
        fz_drop_page(ctx, page);
    }
    fz_catch(ctx) fz_rethrow(ctx);
}
