/* What the library keeps of a page that it does not need any more goes back to the kernel.
 *
 * Measured with a page of 24 KB in T.6: a receiver keeps the bitmap (475 KB) of a page that is in its file until the
 * call is over, a sender keeps what libtiff read (27 KB) and the spare half of its buffer of coded bytes. The library's
 * struct is private, and another version may have another one: it is believed only where it says the same as the
 * library says in public.
 */
#include "base/memory.h"
#include "t30/guards_inside.h"
#include <tiffio.h>

#include <spandsp.h>
#include <spandsp/expose.h>

enum { RAW_BYTES = 1024 }; /* the least that libtiff takes */

static bool known(const struct t4_state_s *s, const t4_stats_t *told)
{
    return s->image_width == told->width && s->x_resolution == told->x_resolution &&
           s->y_resolution == told->y_resolution && s->image_buffer && s->image_size >= 0 &&
           s->image_size <= s->image_buffer_size;
}

void fw_guards_page_written(t4_rx_state_t *s)
{
    t4_stats_t told;
    t4_rx_get_transfer_statistics(s, &told);
    if (known(s, &told) && s->image_size == 0)
        fw_memory_give_back(s->image_buffer, (size_t)s->image_buffer_size);
}

void fw_guards_page_coded(t4_tx_state_t *s)
{
    t4_stats_t told;
    t4_tx_get_transfer_statistics(s, &told);
    if (!known(s, &told))
        return;
    const size_t used = (size_t)s->image_size;
    fw_memory_give_back(s->image_buffer + used, (size_t)s->image_buffer_size - used);
    /* libtiff makes it larger again when it reads the next page. */
    if (s->tiff.tiff_file)
        (void)TIFFReadBufferSetup(s->tiff.tiff_file, NULL, RAW_BYTES);
}
