/* tone.h - from grey to black and white. Pure.
 *
 * A fax page has no grey. Text and lines become crisp by a threshold, pictures and tints readable
 * by error diffusion; both on one page, told apart by tiles of 16 x 16 pixels. Where diffusion makes
 * a page that takes minutes to send, a screen of growing dots shows the same greys in a fifth of
 * the bytes. Tiles under a picture are marked by the caller, and those where something lies that is
 * neither black nor white; tints are found in these, as areas of even grey that the smoothed edges of
 * black text never have.
 */
#ifndef FW_TONE_H
#define FW_TONE_H
#include "base/base.h"
#include "render/plane.h"

enum fw_tone_mode {
    FW_TONE_MIXED,     /* per tile, as above */
    FW_TONE_DIFFUSE,   /* all of the page: for pictures */
    FW_TONE_THRESHOLD, /* none of it: for text, or because the customer wants it */
};

enum { FW_TONE_TILE = 16, FW_TONE_TILES = FW_RENDER_WIDTH / FW_TONE_TILE };
_Static_assert(FW_RENDER_WIDTH % FW_TONE_TILE == 0, "a row is whole tiles");

enum fw_tile {
    FW_TILE_PLAIN,   /* black on white, with smoothed edges */
    FW_TILE_PICTURE, /* its greys are meant */
    FW_TILE_MAYBE,   /* found in between: the rim of a tint, or nothing */
    FW_TILE_LOOK,    /* there may be a tint */
};

struct fw_tone_kernel;

struct fw_tone {
    enum fw_tone_mode mode;
    uint32_t          threshold; /* grey below this is black; 0 to 256 */
    const uint8_t    *grey;      /* FW_RENDER_WIDTH bytes a row, 255 is white */
    const struct fw_plane *plane; /* where the page is bits already; NULL: nowhere. No mark on a tile there */
    uint32_t          rows, y_dpi;
    bool              screened;  /* dots instead of diffusion; may be changed before row 0 */
    uint8_t          *tiles;     /* FW_TONE_TILES a row of tiles, enum fw_tile. Overwritten */
    int16_t           errors[2][FW_RENDER_WIDTH + 2]; /* of diffusion, for this row and the next */
    bool              errors_dirty, levelled; /* levels differ from the greys */
    bool              has_greys; /* after the start: some of the page is not by the threshold alone */
    uint8_t           row[FW_RENDER_WIDTH]; /* one, levelled */
    uint8_t           levels[256];                    /* grey to grey, inside pictures */
    const struct fw_tone_kernel *kernel; /* NULL: what suits this processor */
};

/* Looks over the page whose fields above `errors` the caller has set. */
void fw_tone_start(struct fw_tone *t);
/* Row `y`, which must be 0, 1, 2, ...: packed, the leftmost pixel in the top bit, 1 is black. */
void fw_tone_row(struct fw_tone *t, uint32_t y, uint8_t ret[FW_RENDER_WIDTH / 8]);
#endif
