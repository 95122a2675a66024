/* A document of MuPDF whose pages are images: placed on paper, turned as cameras and papers want. */
#include "render/image.h"
#include "render/place.h"
#include <limits.h>
#include <string.h>

struct sheet {
    struct fw_frame frame;
    struct fw_placing placing;
};

struct image_document {
    fz_document super;
    enum fw_kind kind;
    struct fw_span bytes;
    struct sheet *sheets;
    int sheet_count;
    fz_image *image; /* of the sheet last looked at */
    int image_of;    /* -1: none */
};

struct image_page {
    fz_page super;
    fz_image *image;
    struct sheet sheet;
    int part; /* of a scroll */
};

/* How the stored image, as a unit square with its first row on top, is to be seen (exif.h). */
static fz_matrix orientation_matrix(int orientation)
{
    static const fz_matrix matrices[] = {
        { 1, 0, 0, 1, 0, 0 }, { -1, 0, 0, 1, 1, 0 }, { -1, 0, 0, -1, 1, 1 }, { 1, 0, 0, -1, 0, 1 },
        { 0, 1, 1, 0, 0, 0 }, { 0, 1, -1, 0, 1, 0 }, { 0, -1, -1, 0, 1, 1 }, { 0, -1, 1, 0, 0, 1 },
    };
    return matrices[orientation >= 1 && orientation <= 8 ? orientation - 1 : 0];
}

static void page_run(fz_context *ctx, fz_page *page, fz_device *dev, fz_matrix ctm,
                     fz_cookie *cookie)
{
    (void)cookie;
    const struct image_page *p = (struct image_page *)page;
    const struct fw_placing *at = &p->sheet.placing;
    fz_matrix m = orientation_matrix(p->sheet.frame.orientation);
    if (at->turned)
        m = fz_concat(m, orientation_matrix(6));
    m = fz_concat(m, fz_scale((float)at->width, (float)at->height));
    m = fz_concat(m, fz_translate((float)at->left, (float)(at->top - at->step * p->part)));
    fz_fill_image(ctx, dev, p->image, fz_concat(m, ctm), 1, fz_default_color_params);
}

static fz_rect page_bound(fz_context *ctx, fz_page *page)
{
    (void)ctx;
    const struct image_page *p = (struct image_page *)page;
    return fz_make_rect(0, 0, FW_PAPER_WIDTH, (float)p->sheet.placing.page_height);
}

static void page_drop(fz_context *ctx, fz_page *page)
{
    fz_drop_image(ctx, ((struct image_page *)page)->image);
}

static int page_count(fz_context *ctx, fz_document *doc, int chapter)
{
    (void)ctx;
    (void)chapter;
    const struct image_document *d = (struct image_document *)doc;
    int count = 0;
    for (int i = 0; i < d->sheet_count; i++) {
        if (d->sheets[i].placing.pages > INT_MAX - count)
            return INT_MAX;
        count += d->sheets[i].placing.pages;
    }
    return count;
}

/* The image of a sheet; one is kept, as a scroll asks for it again and again. */
static fz_image *sheet_image(fz_context *ctx, struct image_document *d, int sheet)
{
    if (d->image_of != sheet) {
        fz_drop_image(ctx, d->image);
        d->image = NULL;
        d->image_of = -1;
        d->image = fw_tiff_image(ctx, d->bytes, &d->sheets[sheet].frame);
        d->image_of = sheet;
    }
    return fz_keep_image(ctx, d->image);
}

/* The sheet on which a page lies; `part` is then which of its pages. */
static int sheet_of(const struct image_document *d, int number, int *ret_part)
{
    int sheet = 0;
    while (sheet < d->sheet_count && number >= d->sheets[sheet].placing.pages)
        number -= d->sheets[sheet++].placing.pages;
    *ret_part = number;
    return sheet;
}

static void page_take_image(fz_context *ctx, struct image_document *d, struct image_page *page,
                            int sheet)
{
    fz_try(ctx) page->image = sheet_image(ctx, d, sheet);
    fz_catch(ctx)
    {
        fz_drop_page(ctx, &page->super);
        fz_rethrow(ctx);
    }
}

static fz_page *page_load(fz_context *ctx, fz_document *doc, int chapter, int number)
{
    (void)chapter;
    struct image_document *d = (struct image_document *)doc;
    int part = 0;
    const int sheet = sheet_of(d, number, &part);
    if (number < 0 || sheet == d->sheet_count)
        fz_throw(ctx, FZ_ERROR_GENERIC, "no such page");
    struct image_page *page = fz_new_derived_page(ctx, struct image_page, doc);
    page->sheet = d->sheets[sheet];
    page->part = part;
    page->super.drop_page = page_drop;
    page_take_image(ctx, d, page, sheet);
    page->super.bound_page = page_bound;
    page->super.run_page_contents = page_run;
    return &page->super;
}

static void document_drop(fz_context *ctx, fz_document *doc)
{
    struct image_document *d = (struct image_document *)doc;
    fz_drop_image(ctx, d->image);
    fz_free(ctx, d->sheets);
}

/* MuPDF counts counter-clockwise and from the other end. */
static int exif_of(uint8_t mupdf)
{
    static const int values[] = { 1, 1, 8, 3, 6, 2, 5, 4, 7 };
    return mupdf < ARRAY_LEN(values) ? values[mupdf] : 1;
}

/* Markers cannot stand in the coded data, so a whole file has an end after its last beginning. */
static bool jpeg_is_whole(struct fw_span s)
{
    for (size_t i = s.size; i >= 2; i--) {
        if (s.data[i - 2] == 0xFF && s.data[i - 1] == 0xD9)
            return true;
        if (s.data[i - 2] == 0xFF && s.data[i - 1] == 0xDA)
            return false;
    }
    return false;
}

static bool is_whole(enum fw_kind kind, struct fw_span s)
{
    if (kind == FW_KIND_JPEG)
        return jpeg_is_whole(s);
    return kind != FW_KIND_PNG || memmem(s.data, s.size, "IEND", 4);
}

static fz_image *mupdf_image(fz_context *ctx, struct fw_span bytes, struct fw_frame *ret)
{
    fz_buffer *buffer = fz_new_buffer_from_shared_data(ctx, bytes.data, bytes.size);
    fz_image *image = NULL;
    fz_try(ctx) image = fz_new_image_from_buffer(ctx, buffer);
    fz_always(ctx) fz_drop_buffer(ctx, buffer);
    fz_catch(ctx) fz_rethrow(ctx);
    *ret = (struct fw_frame){ .width = (uint32_t)image->w,
                              .height = (uint32_t)image->h,
                              .x_dpi = image->xres,
                              .y_dpi = image->yres,
                              .orientation = exif_of(fz_image_orientation(ctx, image)) };
    return image;
}

static void sheets_place(struct image_document *d)
{
    for (int i = 0; i < d->sheet_count; i++) {
        const struct fw_frame *f = &d->sheets[i].frame;
        d->sheets[i].placing = f->orientation < 5
                                   ? fw_place(f->width, f->height, f->x_dpi, f->y_dpi)
                                   : fw_place(f->height, f->width, f->y_dpi, f->x_dpi);
    }
}

static void open_tiff(fz_context *ctx, struct image_document *d)
{
    struct fw_frame *frames = NULL;
    fz_var(frames);
    fz_try(ctx)
    {
        const int count = fw_tiff_frames(ctx, d->bytes, &frames);
        d->sheets = fz_calloc(ctx, (size_t)count, sizeof *d->sheets);
        for (int i = 0; i < count; i++)
            d->sheets[i].frame = frames[i];
        d->sheet_count = count;
    }
    fz_always(ctx) fz_free(ctx, frames);
    fz_catch(ctx) fz_rethrow(ctx);
}

static void open_single(fz_context *ctx, struct image_document *d)
{
    if (!is_whole(d->kind, d->bytes))
        fz_throw(ctx, FZ_ERROR_GENERIC, "the end is missing");
    d->sheets = fz_calloc(ctx, 1, sizeof *d->sheets);
    d->image = d->kind == FW_KIND_WEBP ? fw_webp_image(ctx, d->bytes, &d->sheets->frame)
                                       : mupdf_image(ctx, d->bytes, &d->sheets->frame);
    d->image_of = 0;
    d->sheet_count = 1;
}

fz_document *fw_image_document(fz_context *ctx, enum fw_kind kind, struct fw_span bytes)
{
    struct image_document *d = fz_new_derived_document(ctx, struct image_document);
    d->kind = kind;
    d->bytes = bytes;
    d->image_of = -1;
    d->super.drop_document = document_drop;
    d->super.count_pages = page_count;
    d->super.load_page = page_load;
    fz_try(ctx)
    {
        if (kind == FW_KIND_TIFF)
            open_tiff(ctx, d);
        else
            open_single(ctx, d);
        sheets_place(d);
    }
    fz_catch(ctx)
    {
        fz_drop_document(ctx, &d->super);
        fz_rethrow(ctx);
    }
    return &d->super;
}
