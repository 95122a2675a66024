/* libjpeg ends on errors by a jump, which stays within this file. */
#include "render/jpeg_rows.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>

struct guard {
    struct jpeg_error_mgr errors; /* first: libjpeg hands it back */
    jmp_buf out;
    uint8_t *row; /* owned; here, because a local is lost in a jump */
};

_Noreturn static void on_error(j_common_ptr j)
{
    struct guard *g = (struct guard *)(void *)j->err;
    longjmp(g->out, 1);
}

static void on_message(j_common_ptr j, int level)
{
    (void)j; /* warnings: MuPDF shows what is left of a damaged image, and so do we */
    (void)level;
}

static bool known(const struct jpeg_decompress_struct *j, const struct fw_jpeg_rows *want)
{
    return (want->planes == 1 && j->num_components == 1 && j->jpeg_color_space == JCS_GRAYSCALE) ||
           (want->planes == 3 && j->num_components == 3 && j->jpeg_color_space == JCS_YCbCr);
}

/* Everything that may jump. `row` is the caller's to free. */
static bool decode(struct jpeg_decompress_struct *j, struct fw_span jpeg,
                   const struct fw_jpeg_rows *want, uint8_t **row)
{
    jpeg_mem_src(j, jpeg.data, jpeg.size);
    if (jpeg_read_header(j, TRUE) != JPEG_HEADER_OK || !known(j, want))
        return false;
    j->out_color_space = JCS_GRAYSCALE;
    j->dct_method = JDCT_IFAST;
    j->scale_num = 1;
    j->scale_denom = 1;
    while (j->scale_denom < 8 && j->image_width / (j->scale_denom * 2) >= want->width_wanted)
        j->scale_denom *= 2;
    jpeg_calc_output_dimensions(j);
    if (j->output_width == 0 || j->output_width > want->width_max)
        return false;
    *row = malloc(j->output_width);
    if (!*row || !want->start(want->arg, j->output_width, j->output_height))
        return false;
    jpeg_start_decompress(j);
    while (j->output_scanline < j->output_height) {
        JSAMPROW rows[1] = { *row };
        if (jpeg_read_scanlines(j, rows, 1) != 1)
            return false;
        want->row(want->arg, *row);
    }
    return true;
}

bool fw_jpeg_rows(struct fw_span jpeg, const struct fw_jpeg_rows *want)
{
    struct jpeg_decompress_struct j;
    struct guard g = { .row = NULL };
    volatile bool done = false;
    j.err = jpeg_std_error(&g.errors);
    g.errors.error_exit = on_error;
    g.errors.emit_message = on_message;
    if (setjmp(g.out) == 0) {
        jpeg_create_decompress(&j);
        done = decode(&j, jpeg, want, &g.row);
    }
    jpeg_destroy_decompress(&j);
    free(g.row);
    return done;
}
