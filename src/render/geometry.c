/* Millimetres of paper and points of a page, brought together. */
#include "render/geometry.h"

#define MM_A_POINT (25.4 / 72)

static const double x_dots_a_mm = FW_RENDER_WIDTH / 215.0;
static const double paper_height_mm = 355.6; /* of the longest sheet, legal */
static const double overlap_mm = 5;          /* a line of text */
static const double part_height_mm = 302;    /* A4 and an overlap: two A4 pages in one become two */

static double rows_a_mm(uint32_t y_dpi)
{
    fw_assert(y_dpi == 98 || y_dpi == 196 || y_dpi == 391);
    return y_dpi == 98 ? 3.85 : y_dpi == 196 ? 7.7 : 15.4;
}

uint32_t fw_geometry_rows_max(uint32_t y_dpi)
{
    return (uint32_t)(paper_height_mm * rows_a_mm(y_dpi));
}

/* As few parts of equal length as fit. */
static void cut(struct fw_geometry *g, double rows, uint32_t y_dpi)
{
    const double overlap = (double)(uint32_t)(overlap_mm * rows_a_mm(y_dpi));
    const double longest = part_height_mm * rows_a_mm(y_dpi);
    const double parts = (rows - overlap) / (longest - overlap);
    const int whole = parts < FW_GEOMETRY_PARTS_MAX ? (int)parts : FW_GEOMETRY_PARTS_MAX;
    g->parts = (double)whole < parts && whole < FW_GEOMETRY_PARTS_MAX ? whole + 1 : whole;
    const double each = (rows + (g->parts - 1) * overlap) / g->parts;
    g->rows = each < longest ? (uint32_t)each + 1 : (uint32_t)longest;
    g->step = g->rows - (uint32_t)overlap;
}

struct fw_geometry fw_geometry_of(double width, double height, uint32_t y_dpi)
{
    const bool sane = width > 1e-3 && height > 1e-3 && width < 1e9 && height < 1e9;
    double width_mm = (sane ? width : 612) * MM_A_POINT;
    double height_mm = (sane ? height : 792) * MM_A_POINT;
    struct fw_geometry g = { .turned = width_mm > height_mm && width_mm > 215, .parts = 1 };
    if (g.turned) {
        const double kept = width_mm;
        width_mm = height_mm;
        height_mm = kept;
    }
    /* A4, letter, legal and all that is narrower keep their size. */
    const double scale = width_mm > 215 ? 215 / width_mm : 1;
    g.x_scale = scale * MM_A_POINT * x_dots_a_mm;
    g.y_scale = scale * MM_A_POINT * rows_a_mm(y_dpi);
    g.x_at = (FW_RENDER_WIDTH - width_mm * scale * x_dots_a_mm) / 2;

    /* 842 points are a hair more than A4, and 1008.4 than legal: no row or page more for that. */
    const double height_kept = height_mm * scale;
    const bool a4 = height_kept > 297 && height_kept < 297.5;
    const bool legal = height_kept > paper_height_mm && height_kept < paper_height_mm + 0.5;
    const double rows = (a4 ? 297 : legal ? paper_height_mm : height_kept) * rows_a_mm(y_dpi);
    if (rows > paper_height_mm * rows_a_mm(y_dpi))
        cut(&g, rows, y_dpi);
    else
        g.rows = rows < 1 ? 1 : (uint32_t)rows;
    return g;
}
