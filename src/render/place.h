/* place.h - where an image goes on fax paper. Pure.
 *
 * An image keeps its true size when it says a believable one, and shrinks when it is wider than the
 * paper; it never grows. What is wider than high and does not fit is turned. A scroll, such as a
 * long screenshot, becomes several pages that overlap by a line of text. What is only somewhat
 * longer than the longest page is cut too when it says its size, and shrinks to one page when not.
 */
#ifndef FW_PLACE_H
#define FW_PLACE_H
#include "base/base.h"

#define FW_PAPER_WIDTH 609.45F  /* points: 215 mm, all 1728 dots */
#define FW_PAPER_HEIGHT 841.89F /* A4 */

struct fw_placing {
    bool   turned;        /* by 90 degrees, clockwise */
    double width, height; /* of the image on paper, after turning, in points */
    double left;          /* of the image */
    double top;           /* on the first page */
    double page_height;   /* of every page */
    double step;          /* further pages show the image moved up by this much each */
    int    pages;         /* INT_MAX: more than can be counted */
};

/* Pixels as they are to be seen; dots an inch, 0 when not known. Pixels need not be square. */
struct fw_placing fw_place(uint32_t width, uint32_t height, double x_dpi, double y_dpi);
#endif
