/* TIFF and WebP files of anyone's making as documents: opened, counted, their first pages drawn small; or refused. */
#include "render/image.h"
#include <stdlib.h>

enum { BLOCK_MAX = 64 * 1024 * 1024, PAGES = 2 };

/* The renderer counts all of it; a ceiling for each block is enough to keep the harness fast. */
static void *block_resize(void *arg, void *old, size_t size)
{
    (void)arg;
    return size > BLOCK_MAX ? NULL : realloc(old, size);
}

static void *block_new(void *arg, size_t size)
{
    return block_resize(arg, NULL, size);
}

static void block_free(void *arg, void *old)
{
    (void)arg;
    free(old);
}

static void draw(fz_context *ctx, fz_document *doc, int index)
{
    fz_page *page = NULL;
    fz_pixmap *pixels = NULL;
    fz_var(page);
    fz_var(pixels);
    fz_try(ctx)
    {
        page = fz_load_page(ctx, doc, index);
        const fz_rect box = fz_bound_page(ctx, page);
        fw_assert(box.x1 > box.x0 && box.y1 > box.y0 && box.y1 < 2000);
        pixels = fz_new_pixmap_from_page(ctx, page, fz_scale(0.1F, 0.1F), fz_device_gray(ctx), 0);
    }
    fz_always(ctx)
    {
        fz_drop_pixmap(ctx, pixels);
        fz_drop_page(ctx, page);
    }
    fz_catch(ctx) fw_assert(fz_caught(ctx) != FZ_ERROR_NONE);
}

static void quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fz_alloc_context alloc = { NULL, block_new, block_resize, block_free };
    fz_context *ctx = size > 1 ? fz_new_context(&alloc, NULL, 1 << 20) : NULL;
    fz_document *doc = NULL;
    int pages = 0;
    if (!ctx)
        return 0;
    fz_set_error_callback(ctx, quiet, NULL);
    fz_set_warning_callback(ctx, quiet, NULL);
    fz_var(doc);
    fz_var(pages);
    fz_try(ctx)
    {
        doc = fw_image_document(ctx, data[0] & 1 ? FW_KIND_WEBP : FW_KIND_TIFF, (struct fw_span){ data + 1, size - 1 });
        pages = fz_count_pages(ctx, doc);
    }
    fz_catch(ctx) pages = 0;
    for (int i = 0; i < pages && i < PAGES; i++)
        draw(ctx, doc, i);
    fz_drop_document(ctx, doc);
    fz_drop_context(ctx);
    return 0;
}
