/* plane.h - one page as bits, and as greys only where something lies on it that is neither black nor white. Pure.
 *
 * A page of text and lines needs no grey: letters and rules go straight into its bits, an eighth of the memory.
 * Bands of rows turn grey when something else is drawn on them, and stay so until the next page.
 */
#ifndef FW_PLANE_H
#define FW_PLANE_H
#include "base/base.h"
#include "render/geometry.h"

enum {
    FW_PLANE_BAND = 16,                  /* rows that turn grey together */
    FW_PLANE_ROW = FW_RENDER_WIDTH / 8,  /* bytes of a row of bits */
    FW_PLANE_STRIP = 56,                 /* pixels of a stamp side by side in one word */
    FW_PLANE_SLACK = 8,                  /* bytes behind the last row that a word may reach into, unchanged */
};

struct fw_plane {
    uint8_t *bits;  /* FW_PLANE_ROW a row and FW_PLANE_SLACK; the leftmost pixel in the top bit, 1 is black */
    uint8_t *grey;  /* FW_RENDER_WIDTH bytes a row, 255 is white; means something in grey bands only */
    uint8_t *bands; /* a byte a band: whether it is grey */
    uint32_t rows;
};

/* Black where a bit is set: a letter. */
struct fw_stamp {
    int16_t  x, y; /* of its top left pixel, from its origin */
    uint16_t width, rows, strips;
    uint64_t words[]; /* strip after strip from the left, each a word a row, its leftmost pixel in the top bit */
};

/* Pixels from and including x0, y0 to and excluding x1, y1; any part may lie outside of the page. */
struct fw_plane_box {
    int x0, y0, x1, y1;
};

/* White, and all of it bits or all of it grey. The caller has set the fields. */
void fw_plane_start(struct fw_plane *p, bool grey);
/* Turns the bands that hold rows `y0` to before `y1` grey. */
void fw_plane_turn_grey(struct fw_plane *p, int y0, int y1);
void fw_plane_fill(struct fw_plane *p, struct fw_plane_box box, bool black);
/* With its origin at `x`, `y`; all of it must lie on the page. */
void fw_plane_stamp(struct fw_plane *p, const struct fw_stamp *s, int x, int y);
static inline bool fw_plane_is_grey(const struct fw_plane *p, uint32_t y)
{
    return p->bands[y / FW_PLANE_BAND];
}
#endif
