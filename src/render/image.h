/* image.h - images as documents of MuPDF: each image one page, or several when it is a scroll.
 *
 * So they go the same way as a PDF. Functions throw as MuPDF's own do. `bytes` stays the caller's
 * and must outlive the document.
 */
#ifndef FW_IMAGE_H
#define FW_IMAGE_H
#include "base/buf.h"
#include "render/sniff.h"
#include <mupdf/fitz.h>

/* One image of a file, before it is decoded. */
struct fw_frame {
    uint32_t width, height; /* as stored, pixels */
    double   x_dpi, y_dpi;  /* 0: not known */
    int      orientation;   /* 1 to 8, as in exif.h */
    uint32_t index;         /* in the file: of a TIFF's directories */
};

fz_document *fw_image_document(fz_context *ctx, enum fw_kind kind, struct fw_span bytes);

/* What reads the kinds MuPDF does not, or does not well. `frames` is fz_malloc'ed. */
int       fw_tiff_frames(fz_context *ctx, struct fw_span bytes, struct fw_frame **frames);
fz_image *fw_tiff_image(fz_context *ctx, struct fw_span bytes, const struct fw_frame *frame);
fz_image *fw_webp_image(fz_context *ctx, struct fw_span bytes, struct fw_frame *ret);
#endif
