/* JPEGs of anyone's making row by row: as many rows as were told, none wider, and no jump past us. */
#include "render/jpeg_rows.h"

enum { WIDTH_MAX = 4096 };

struct seen {
    uint32_t width, rows, count;
    uint32_t sum; /* every byte of a row must be there */
};

static bool start(void *arg, uint32_t width, uint32_t rows)
{
    struct seen *s = arg;
    fw_assert(s->width == 0 && width > 0 && width <= WIDTH_MAX && rows > 0);
    s->width = width;
    s->rows = rows;
    return rows <= 4096; /* what is taller is only slow */
}

static void row(void *arg, const uint8_t *grey)
{
    struct seen *s = arg;
    fw_assert(s->count < s->rows);
    s->count++;
    for (uint32_t x = 0; x < s->width; x++)
        s->sum += grey[x];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct seen seen = { 0 };
    const struct fw_jpeg_rows want = { .width_wanted = data[0] * 16U, .width_max = WIDTH_MAX,
                                       .planes = data[1] & 1 ? 3 : 1, .start = start, .row = row, .arg = &seen };
    if (fw_jpeg_rows((struct fw_span){ data + 2, size - 2 }, &want))
        fw_assert(seen.width > 0 && seen.count == seen.rows);
    return 0;
}
