/* Sniffs a document, finds what reads it, and refuses what would not be faxed as it was meant. */
#include "render/open.h"
#include "render/html.h"
#include "render/image.h"
#include "render/sniff.h"
#include <mupdf/pdf.h>
#include <stdio.h>
#include <string.h>

extern const fz_document_handler pdf_document_handler;

enum { TAIL = 2048 }; /* bytes in which a whole PDF has its end mark */

static enum fw_render_exit refuse(char why[FW_WHY_SIZE], enum fw_render_exit code, const char *text)
{
    snprintf(why, FW_WHY_SIZE, "%s", text);
    return code;
}

static enum fw_render_exit refuse_kind(char why[FW_WHY_SIZE], enum fw_kind kind)
{
    snprintf(why, FW_WHY_SIZE, "this is %s, which cannot be faxed; taken are " FW_KINDS_TAKEN,
             fw_kind_shown(kind));
    return FW_RENDER_FORMAT_INVALID;
}

/* A file cut short can be patched up, but what it would show is not what was sent. */
static bool is_cut(fz_context *ctx, fz_document *doc, struct fw_span bytes)
{
    pdf_document *pdf = pdf_specifics(ctx, doc);
    const size_t size = bytes.size < TAIL ? bytes.size : TAIL;
    return pdf && pdf_was_repaired(ctx, pdf) &&
           !memmem(bytes.data + bytes.size - size, size, "%%EOF", 5);
}

static fz_document *open_pdf(fz_context *ctx, struct fw_span bytes)
{
    fz_stream *stream = fz_open_memory(ctx, bytes.data, bytes.size);
    fz_document *doc = NULL;
    fz_try(ctx) doc = pdf_document_handler.open_with_stream(ctx, stream);
    fz_always(ctx) fz_drop_stream(ctx, stream);
    fz_catch(ctx) fz_rethrow(ctx);
    return doc;
}

static fz_document *open_way(fz_context *ctx, enum fw_kind kind, struct fw_span bytes, int pages_max)
{
    switch (fw_kind_way(kind)) {
    case FW_WAY_IMAGE:
        return fw_image_document(ctx, kind, bytes);
    case FW_WAY_TEXT:
        return fw_text_document(ctx, bytes, pages_max);
    case FW_WAY_HTML:
        return fw_html_document(ctx, bytes);
    case FW_WAY_PDF:
    case FW_WAY_OFFICE:
    case FW_WAY_NONE:
        break;
    }
    return open_pdf(ctx, bytes);
}

/* What has just been thrown, on the way to the pages. */
static enum fw_render_exit not_opened(fz_context *ctx, enum fw_kind kind, char why[FW_WHY_SIZE])
{
    switch (fz_caught(ctx)) {
    case FZ_ERROR_MEMORY:
        return refuse(why, FW_RENDER_LIMITS, "the document needs too much memory to draw");
    case FZ_ERROR_ABORT:
        return refuse(why, FW_RENDER_PAGE_COUNT_LIMIT, "the document has too many pages");
    case FZ_ERROR_MINOR:
        return refuse(why, FW_RENDER_FORMAT_INVALID, "the document is blank");
    default:
        snprintf(why, FW_WHY_SIZE, "this is %s, but it is damaged and cannot be opened",
                 fw_kind_shown(kind));
        return FW_RENDER_FORMAT_INVALID;
    }
}

enum fw_render_exit fw_open(fz_context *ctx, struct fw_span bytes, int pages_max,
                            fz_document **ret_doc, int *ret_pages, char why[FW_WHY_SIZE])
{
    const enum fw_kind kind = fw_sniff(bytes);
    const enum fw_kind_way way = fw_kind_way(kind);
    if (way == FW_WAY_OFFICE)
        return refuse(why, FW_RENDER_OFFICE, fw_kind_extension(kind));
    if (way == FW_WAY_NONE)
        return refuse_kind(why, kind);
    bool locked = false, cut = false;
    fz_var(locked);
    fz_var(cut);
    fz_try(ctx)
    {
        *ret_doc = open_way(ctx, kind, bytes, pages_max);
        locked = fz_needs_password(ctx, *ret_doc);
        *ret_pages = locked ? 0 : fz_count_pages(ctx, *ret_doc);
        cut = is_cut(ctx, *ret_doc, bytes);
    }
    fz_catch(ctx) return not_opened(ctx, kind, why);
    if (locked)
        return refuse(why, FW_RENDER_FORMAT_INVALID, "the document is protected by a password");
    if (cut)
        return refuse(why, FW_RENDER_FORMAT_INVALID, "the document is cut short: its end is missing");
    if (*ret_pages <= 0)
        return refuse(why, FW_RENDER_FORMAT_INVALID, "the document has no pages");
    if (*ret_pages > pages_max)
        return refuse(why, FW_RENDER_PAGE_COUNT_LIMIT, "the document has too many pages");
    return FW_RENDER_OK;
}
