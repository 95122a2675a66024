/* open.h - from the bytes of a document to a MuPDF document with pages. */
#ifndef FW_OPEN_H
#define FW_OPEN_H
#include "base/buf.h"
#include "render/render_exit.h"
#include <mupdf/fitz.h>

enum { FW_WHY_SIZE = 256 };

/* `bytes` must outlive `ret_doc`, which is the caller's to drop, also after a refusal. `why` is set
 * on refusal: a clause for the sender of the document, of our own words only; the kind's
 * extension with FW_RENDER_OFFICE. */
MUST_USE enum fw_render_exit fw_open(fz_context *ctx, struct fw_span bytes, int pages_max,
                                     fz_document **ret_doc, int *ret_pages, char why[FW_WHY_SIZE]);
#endif
