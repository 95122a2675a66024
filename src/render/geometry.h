/* geometry.h - where a page of any size goes on fax paper. Pure.
 *
 * The paper is as wide as A4 is for fax, 1728 dots on 215 mm, and as long as the page, with 3.85, 7.7
 * or 15.4 rows a millimetre, up to the 355.6 mm of legal. A longer page becomes several of equal
 * length that overlap by 5 mm, so that a line of text on the cut is whole on one of them. Pages keep
 * their proportions and their size; only what is wider than the paper shrinks to its width, after it
 * was turned if it is wider than high.
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
    uint32_t rows;             /* of each fax page */
    uint32_t step;             /* rows by which each fax page begins below the one before */
    int      parts;            /* fax pages; FW_GEOMETRY_PARTS_MAX also when it would be more */
};

enum { FW_GEOMETRY_PARTS_MAX = 100000 };

/* `width` and `height` in points; nonsense counts as US letter. `y_dpi` is 98, 196 or 391. */
struct fw_geometry fw_geometry_of(double width, double height, uint32_t y_dpi);
/* The most rows a fax page has. */
uint32_t fw_geometry_rows_max(uint32_t y_dpi);
#endif
