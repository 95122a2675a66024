/* Millimetres of paper and points of a page, brought together. */
#include "render/geometry.h"

#define MM_A_POINT (25.4 / 72)

static const double x_dots_a_mm = FW_RENDER_WIDTH / 215.0;
static const double paper_height_mm = 355.6; /* of the longest sheet, legal */

static double rows_a_mm(uint32_t y_dpi)
{
    fw_assert(y_dpi == 98 || y_dpi == 196 || y_dpi == 391);
    return y_dpi == 98 ? 3.85 : y_dpi == 196 ? 7.7 : 15.4;
}

/* How much a page must grow or shrink to touch the edge of the paper. */
static double fit(double width_mm, double height_mm)
{
    const double by_width = 215.0 / width_mm, by_height = paper_height_mm / height_mm;
    return by_width < by_height ? by_width : by_height;
}

struct fw_geometry fw_geometry_of(double width, double height, uint32_t y_dpi)
{
    const bool sane = width > 1e-3 && height > 1e-3 && width < 1e9 && height < 1e9;
    double width_mm = (sane ? width : 612) * MM_A_POINT;
    double height_mm = (sane ? height : 792) * MM_A_POINT;
    struct fw_geometry g = { .turned = width_mm > height_mm && fit(width_mm, height_mm) < 1 };
    if (g.turned) {
        const double kept = width_mm;
        width_mm = height_mm;
        height_mm = kept;
    }
    double scale = fit(width_mm, height_mm);
    if (scale > 1) /* A4, letter, legal and all that is smaller keep their size */
        scale = 1;
    g.x_scale = scale * MM_A_POINT * x_dots_a_mm;
    g.y_scale = scale * MM_A_POINT * rows_a_mm(y_dpi);
    g.x_at = (FW_RENDER_WIDTH - width_mm * scale * x_dots_a_mm) / 2;

    /* 842 points are a hair more than A4: no row more for that. */
    const double height_kept = height_mm * scale;
    const double rows =
        (height_kept > 297 && height_kept < 297.5 ? 297 : height_kept) * rows_a_mm(y_dpi);
    const uint32_t rows_max = (uint32_t)(paper_height_mm * rows_a_mm(y_dpi));
    g.rows = rows < 1 ? 1 : rows > rows_max ? rows_max : (uint32_t)rows;
    return g;
}
