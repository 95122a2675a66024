/* geometry.h - where a page of any size goes on fax paper. Pure.
 *
 * The paper is as wide as A4 is for fax, 1728 dots on 215 mm, and as long as the page, with 3.85, 7.7
 * or 15.4 rows a millimetre, up to the 355.6 mm of legal. Pages keep their proportions and are never
 * cut; all that fit keep their size, larger ones shrink, wide ones are turned when they do not fit.
 *
 * Source: ITU-T T.4 (07/2003) clauses 2 and 4 (dimensions of apparatus).
 */
#ifndef FW_GEOMETRY_H
#define FW_GEOMETRY_H
#include "base/base.h"

enum { FW_RENDER_WIDTH = 1728 };

struct fw_geometry {
    bool     turned;           /* by 90 degrees, clockwise */
    double   x_scale, y_scale; /* dots a point (1/72 inch), after turning */
    double   x_at;             /* dots left of the page */
    uint32_t rows;
};

/* `width` and `height` in points; nonsense counts as US letter. `y_dpi` is 98, 196 or 391. */
struct fw_geometry fw_geometry_of(double width, double height, uint32_t y_dpi);
#endif
