/* Pixels and dots an inch to points of paper. */
#include "render/place.h"
#include <limits.h>

static const double dpi_min = 50, dpi_max = 2400;
static const double dpi_unknown = 96;    /* what browsers take a pixel for */
static const double aspect_max = 10;     /* of a pixel: beyond is nonsense */
static const double margin = 28;         /* points: 10 mm, around what is not a page itself */
static const double like_a_page = 540;   /* points wide: a scan, with margins of its own */
static const double longest = 1009;      /* points: legal and a hair, the longest page there is */
static const double scroll = 2.5;        /* times the paper's width: beyond, it is cut */
static const double overlap = 14;        /* points: 5 mm */

static bool believable(double dpi)
{
    return dpi >= dpi_min && dpi <= dpi_max;
}

/* Cuts what is too long for one page of any paper. */
static void cut(struct fw_placing *p)
{
    p->top = 0;
    p->page_height = (double)FW_PAPER_HEIGHT;
    p->step = p->page_height - overlap;
    const double pages = (p->height - overlap) / p->step;
    p->pages = pages > 1e6 ? INT_MAX : (int)pages + (pages > (double)(int)pages);
}

static void shrink(struct fw_placing *p, double scale)
{
    if (scale >= 1)
        return;
    p->width *= scale;
    p->height *= scale;
}

struct fw_placing fw_place(uint32_t width, uint32_t height, double x_dpi, double y_dpi)
{
    const double paper = (double)FW_PAPER_WIDTH;
    const bool known = believable(x_dpi) && believable(y_dpi) && x_dpi / y_dpi < aspect_max &&
                       y_dpi / x_dpi < aspect_max;
    struct fw_placing p = { .width = width * 72.0 / (known ? x_dpi : dpi_unknown),
                            .height = height * 72.0 / (known ? y_dpi : dpi_unknown),
                            .pages = 1 };
    p.turned = p.width > p.height && p.width > paper;
    if (p.turned) {
        const double kept = p.width;
        p.width = p.height;
        p.height = kept;
    }
    shrink(&p, paper / p.width);
    if (p.turned)
        shrink(&p, (double)FW_PAPER_HEIGHT / p.height);
    if (!known && p.height <= scroll * paper) /* a telephone's picture is one page */
        shrink(&p, longest / p.height);
    p.left = (paper - p.width) / 2;
    if (p.height > longest) {
        cut(&p);
    } else if (p.width >= like_a_page || p.turned) {
        p.page_height = p.height;
    } else {
        p.top = margin;
        const double needed = p.height + 2 * margin, a4 = (double)FW_PAPER_HEIGHT;
        p.page_height = needed > longest ? longest : needed > a4 ? needed : a4;
        if (p.top + p.height > p.page_height)
            p.top = (p.page_height - p.height) / 2;
    }
    return p;
}
