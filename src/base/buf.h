/* buf.h - a growable byte buffer that cannot pass its limit, and a bounded reader.
 *
 * Sizes are in bytes. A buffer owns its memory; a span only borrows it. Every
 * write may fail with FW_LIMIT or FW_NO_MEMORY and then leaves the buffer as it was.
 */
#ifndef FW_BUF_H
#define FW_BUF_H
#include "base/base.h"

struct fw_span { const uint8_t *data; size_t size; };   /* borrowed, may be empty */

struct fw_buf {
    uint8_t *data;      /* owned */
    size_t   size;      /* bytes in use */
    size_t   capacity;  /* bytes allocated */
    size_t   size_max;  /* set once by fw_buf_init, never passed */
};

void           fw_buf_init(struct fw_buf *b, size_t size_max);
void           fw_buf_done(struct fw_buf *b);                 /* safe on a zeroed buf */
MUST_USE enum fw_err fw_buf_put(struct fw_buf *b, struct fw_span s);
struct fw_span fw_buf_span(const struct fw_buf *b);           /* until the next put */
MUST_USE enum fw_err fw_buf_put_u8(struct fw_buf *b, uint8_t value);
MUST_USE enum fw_err fw_buf_put_be16(struct fw_buf *b, uint16_t value);
MUST_USE enum fw_err fw_buf_put_be32(struct fw_buf *b, uint32_t value);
MUST_USE enum fw_err fw_buf_put_be64(struct fw_buf *b, uint64_t value);
MUST_USE enum fw_err fw_buf_put_text(struct fw_buf *b, const char *text);   /* without its NUL */
MUST_USE enum fw_err fw_buf_putf(struct fw_buf *b, const char *fmt, ...) PRINTF(2, 3);

struct fw_span fw_span_of(const char *text);                  /* without its NUL */

/* Reader: after the first short read `ok` stays false and every get returns 0,
 * so that a parser reads all its fields and tests `ok` once. */
struct fw_reader { struct fw_span rest; bool ok; };

struct fw_reader fw_reader_of(struct fw_span s);
uint8_t          fw_get_u8(struct fw_reader *r);
uint16_t         fw_get_be16(struct fw_reader *r);
uint32_t         fw_get_be32(struct fw_reader *r);
uint64_t         fw_get_be64(struct fw_reader *r);
struct fw_span   fw_get_span(struct fw_reader *r, size_t size);
#endif
