/* html.h - HTML pages and plain text as documents of MuPDF: on A4, nothing fetched, nothing run. */
#ifndef FW_HTML_H
#define FW_HTML_H
#include "base/buf.h"
#include <mupdf/fitz.h>

/* Throw as MuPDF does; FZ_ERROR_ABORT: more than `pages_max` pages, FZ_ERROR_MINOR:
 * nothing but spaces. */
fz_document *fw_html_document(fz_context *ctx, struct fw_span bytes);
fz_document *fw_text_document(fz_context *ctx, struct fw_span bytes, int pages_max);
#endif
