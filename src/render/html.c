/* The edge to MuPDF's HTML layout. */
#include "render/html.h"
#include "render/charset.h"
#include "render/text.h"

extern const fz_document_handler html_document_handler;

enum { HTML_MAX = 64 * 1024 * 1024 };
static const float page_width = 595, page_height = 842, em = 11;

/* The layout of tables counts neither padding nor borders: with them lines run through the words. */
static const char styles[] = "@page{margin:40pt 45pt}"
                             "pre{white-space:pre-wrap}"
                             "td,th{padding:0 !important;border-width:0 !important}";

/* MuPDF would look for pictures and styles beside the document, in a folder it wants to open first.
 * The linker puts this in its place (meson.build): the folder of every document is empty. */
fz_archive *__wrap_fz_open_directory(fz_context *ctx, const char *path);
fz_archive *__wrap_fz_open_directory(fz_context *ctx, const char *path)
{
    (void)path;
    return fz_new_tree_archive(ctx, NULL);
}

/* As UTF-8, which is all the layout reads. */
static enum fw_err to_utf8(struct fw_span bytes, struct fw_buf *ret)
{
    struct fw_characters from = fw_characters_of(bytes);
    uint32_t c = 0;
    enum fw_err err = FW_OK;
    while (!err && fw_character_next(&from, &c)) {
        if (c != 0)
            err = fw_character_put(ret, c);
    }
    return err;
}

/* The stream's bytes are copied by MuPDF before this returns. */
static fz_document *open_html(fz_context *ctx, struct fw_span html)
{
    fz_stream *stream = fz_open_memory(ctx, html.data, html.size);
    fz_document *doc = NULL;
    fz_var(doc);
    fz_try(ctx)
    {
        doc = html_document_handler.open_with_stream(ctx, stream);
        fz_layout_document(ctx, doc, page_width, page_height, em);
    }
    fz_always(ctx) fz_drop_stream(ctx, stream);
    fz_catch(ctx)
    {
        fz_drop_document(ctx, doc);
        fz_rethrow(ctx);
    }
    return doc;
}

static void check(fz_context *ctx, enum fw_err err)
{
    if (err)
        fz_throw(ctx,
                 err == FW_LIMIT       ? FZ_ERROR_ABORT
                 : err == FW_NO_MEMORY ? FZ_ERROR_MEMORY
                 : err == FW_INVALID   ? FZ_ERROR_MINOR
                                       : FZ_ERROR_GENERIC,
                 "the text cannot be laid out");
}

static fz_document *open_made(fz_context *ctx, struct fw_buf *html, enum fw_err err)
{
    fz_document *doc = NULL;
    fz_var(doc);
    fz_try(ctx)
    {
        check(ctx, err);
        doc = open_html(ctx, fw_buf_span(html));
    }
    fz_always(ctx) fw_buf_done(html);
    fz_catch(ctx) fz_rethrow(ctx);
    return doc;
}

fz_document *fw_html_document(fz_context *ctx, struct fw_span bytes)
{
    struct fw_buf html;
    fw_buf_init(&html, HTML_MAX);
    fz_set_user_css(ctx, styles);
    return open_made(ctx, &html, to_utf8(bytes, &html));
}

fz_document *fw_text_document(fz_context *ctx, struct fw_span bytes, int pages_max)
{
    struct fw_buf html;
    fw_buf_init(&html, HTML_MAX);
    return open_made(ctx, &html, fw_text_layout(bytes, pages_max, &html));
}
