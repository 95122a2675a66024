/* Interposed functions of spandsp's page coders: none is used before it is opened or after it is closed, and none for
 * a page without a width.
 *
 * The library keeps the receiver's and the sender's page in one union and trusts the order of what
 * the far end says. And a DCS with both bits of the width set (T.30 knows no such width; found by
 * one of 50,000 mutated calls) gives a width of -1, for which it reserves no row and then clears one. */
#include "t30/guards.h"
#include "page/page.h"
#include "t30/guards_inside.h"
#include <tiffio.h>

#include <spandsp.h>

enum { WIDTH_MIN = 8 };

static struct {
    t4_rx_state_t *(*rx_init)(t4_rx_state_t *s, const char *file, int output_encoding);
    int (*rx_release)(t4_rx_state_t *s);
    int (*rx_start)(t4_rx_state_t *s);
    int (*rx_end)(t4_rx_state_t *s);
    void (*rx_encoding)(t4_rx_state_t *s, int encoding);
    void (*rx_width)(t4_rx_state_t *s, int width);
    void (*rx_y)(t4_rx_state_t *s, int resolution);
    void (*rx_x)(t4_rx_state_t *s, int resolution);
    void (*rx_dcs)(t4_rx_state_t *s, const char *dcs);
    void (*rx_sub)(t4_rx_state_t *s, const char *sub_address);
    void (*rx_ident)(t4_rx_state_t *s, const char *ident);
    void (*rx_vendor)(t4_rx_state_t *s, const char *vendor);
    void (*rx_model)(t4_rx_state_t *s, const char *model);
    t4_tx_state_t *(*tx_init)(t4_tx_state_t *s, const char *file, int start_page, int stop_page);
    int (*tx_release)(t4_tx_state_t *s);
    int (*tx_start)(t4_tx_state_t *s);
    int (*tx_restart)(t4_tx_state_t *s);
    int (*tx_end)(t4_tx_state_t *s);
    int (*tx_chunk)(t4_tx_state_t *s, uint8_t buf[], int max_len);
    int (*tx_check)(t4_tx_state_t *s);
} library;

bool fw_guards_pages_ready(void)
{
    const bool all[] = {
        FW_GUARDS_FIND(t4_rx_init, library.rx_init),
        FW_GUARDS_FIND(t4_rx_release, library.rx_release),
        FW_GUARDS_FIND(t4_rx_start_page, library.rx_start),
        FW_GUARDS_FIND(t4_rx_end_page, library.rx_end),
        FW_GUARDS_FIND(t4_rx_set_rx_encoding, library.rx_encoding),
        FW_GUARDS_FIND(t4_rx_set_image_width, library.rx_width),
        FW_GUARDS_FIND(t4_rx_set_y_resolution, library.rx_y),
        FW_GUARDS_FIND(t4_rx_set_x_resolution, library.rx_x),
        FW_GUARDS_FIND(t4_rx_set_dcs, library.rx_dcs),
        FW_GUARDS_FIND(t4_rx_set_sub_address, library.rx_sub),
        FW_GUARDS_FIND(t4_rx_set_far_ident, library.rx_ident),
        FW_GUARDS_FIND(t4_rx_set_vendor, library.rx_vendor),
        FW_GUARDS_FIND(t4_rx_set_model, library.rx_model),
        FW_GUARDS_FIND(t4_tx_init, library.tx_init),
        FW_GUARDS_FIND(t4_tx_release, library.tx_release),
        FW_GUARDS_FIND(t4_tx_start_page, library.tx_start),
        FW_GUARDS_FIND(t4_tx_restart_page, library.tx_restart),
        FW_GUARDS_FIND(t4_tx_end_page, library.tx_end),
        FW_GUARDS_FIND(t4_tx_get_chunk, library.tx_chunk),
        FW_GUARDS_FIND(t4_tx_check_bit, library.tx_check),
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (!all[i])
            return false;
    }
    return true;
}

bool fw_guards_page_open(enum fw_page_use use)
{
    struct fw_guards *g = fw_guards_current();
    if (!g || g->page_use == use)
        return true;
    fw_guards_trip(g, FW_GUARD_PACKETS);
    return false;
}

static void use_page(enum fw_page_use use)
{
    struct fw_guards *g = fw_guards_current();
    if (g)
        g->page_use = use;
}

t4_rx_state_t *t4_rx_init(t4_rx_state_t *s, const char *file, int output_encoding)
{
    t4_rx_state_t *made = library.rx_init(s, file, output_encoding);
    use_page(made ? FW_PAGE_RECEIVED : FW_PAGE_CLOSED);
    return made;
}

int t4_rx_release(t4_rx_state_t *s)
{
    struct fw_guards *g = fw_guards_current();
    if (g && g->page_use != FW_PAGE_RECEIVED)
        return -1; /* again: harmless, as the library says, when it is left out */
    use_page(FW_PAGE_CLOSED);
    return library.rx_release(s);
}

int t4_rx_start_page(t4_rx_state_t *s)
{
    return fw_guards_page_open(FW_PAGE_RECEIVED) ? library.rx_start(s) : -1;
}

int t4_rx_end_page(t4_rx_state_t *s)
{
    if (!fw_guards_page_open(FW_PAGE_RECEIVED))
        return -1;
    const int ended = library.rx_end(s);
    fw_guards_page_written(s);
    return ended;
}

#define SET(name, member, type)                                                                    \
    void name(t4_rx_state_t *s, type value)                                                        \
    {                                                                                              \
        if (fw_guards_page_open(FW_PAGE_RECEIVED))                                                 \
            library.member(s, value);                                                              \
    }
SET(t4_rx_set_rx_encoding, rx_encoding, int)
SET(t4_rx_set_y_resolution, rx_y, int)
SET(t4_rx_set_x_resolution, rx_x, int)
SET(t4_rx_set_dcs, rx_dcs, const char *)
SET(t4_rx_set_sub_address, rx_sub, const char *)
SET(t4_rx_set_far_ident, rx_ident, const char *)
SET(t4_rx_set_vendor, rx_vendor, const char *)
SET(t4_rx_set_model, rx_model, const char *)
#undef SET

void t4_rx_set_image_width(t4_rx_state_t *s, int width)
{
    struct fw_guards *g = fw_guards_current();
    if (g && (width < WIDTH_MIN || width > FW_PAGE_WIDTH_MAX))
        fw_guards_trip(g, FW_GUARD_PACKETS); /* the width before it stays, the call ends */
    else if (fw_guards_page_open(FW_PAGE_RECEIVED))
        library.rx_width(s, width);
}

t4_tx_state_t *t4_tx_init(t4_tx_state_t *s, const char *file, int start_page, int stop_page)
{
    t4_tx_state_t *made = library.tx_init(s, file, start_page, stop_page);
    use_page(made ? FW_PAGE_SENT : FW_PAGE_CLOSED);
    return made;
}

int t4_tx_release(t4_tx_state_t *s)
{
    struct fw_guards *g = fw_guards_current();
    if (g && g->page_use != FW_PAGE_SENT)
        return -1;
    use_page(FW_PAGE_CLOSED);
    return library.tx_release(s);
}

int t4_tx_start_page(t4_tx_state_t *s)
{
    if (!fw_guards_page_open(FW_PAGE_SENT))
        return -1;
    const int started = library.tx_start(s);
    if (started == 0)
        fw_guards_page_coded(s);
    return started;
}

int t4_tx_restart_page(t4_tx_state_t *s)
{
    return fw_guards_page_open(FW_PAGE_SENT) ? library.tx_restart(s) : -1;
}

int t4_tx_end_page(t4_tx_state_t *s)
{
    return fw_guards_page_open(FW_PAGE_SENT) ? library.tx_end(s) : -1;
}

int t4_tx_get_chunk(t4_tx_state_t *s, uint8_t buf[], int max_len)
{
    return fw_guards_page_open(FW_PAGE_SENT) ? library.tx_chunk(s, buf, max_len) : 0;
}

int t4_tx_check_bit(t4_tx_state_t *s)
{
    return fw_guards_page_open(FW_PAGE_SENT) ? library.tx_check(s) : SIG_STATUS_END_OF_DATA;
}
