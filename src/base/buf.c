/* The bounded buffer and the reader that remembers a short read. */
#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fw_buf_init(struct fw_buf *b, size_t size_max)
{
    *b = (struct fw_buf){ .size_max = size_max };
}

void fw_buf_done(struct fw_buf *b)
{
    free(b->data);
    *b = (struct fw_buf){ 0 };
}

static enum fw_err reserve(struct fw_buf *b, size_t more)
{
    fw_assert(b->size <= b->size_max);
    if (more > b->size_max - b->size)
        return FW_LIMIT;

    const size_t need = b->size + more;
    if (need <= b->capacity)
        return FW_OK;

    size_t capacity = b->capacity < 64 ? 64 : b->capacity;
    while (capacity < need)
        capacity = capacity <= b->size_max / 2 ? capacity * 2 : b->size_max;

    uint8_t *data = realloc(b->data, capacity);
    if (!data)
        return FW_NO_MEMORY;
    b->data = data;
    b->capacity = capacity;
    return FW_OK;
}

enum fw_err fw_buf_put(struct fw_buf *b, struct fw_span s)
{
    const enum fw_err err = reserve(b, s.size);
    if (err)
        return err;
    if (s.size > 0)
        memcpy(b->data + b->size, s.data, s.size);
    b->size += s.size;
    return FW_OK;
}

struct fw_span fw_buf_span(const struct fw_buf *b)
{
    return (struct fw_span){ b->data, b->size };
}

struct fw_reader fw_reader_of(struct fw_span s)
{
    return (struct fw_reader){ .rest = s, .ok = true };
}

struct fw_span fw_get_span(struct fw_reader *r, size_t size)
{
    if (!r->ok || size > r->rest.size) {
        *r = (struct fw_reader){ .ok = false };
        return (struct fw_span){ 0 };
    }
    const struct fw_span s = { r->rest.data, size };
    r->rest.data += size;
    r->rest.size -= size;
    return s;
}

uint8_t fw_get_u8(struct fw_reader *r)
{
    const struct fw_span s = fw_get_span(r, 1);
    return s.data ? s.data[0] : 0;
}

uint16_t fw_get_be16(struct fw_reader *r)
{
    const struct fw_span s = fw_get_span(r, 2);
    if (!s.data)
        return 0;
    return (uint16_t)(s.data[0] << 8 | s.data[1]);
}

uint32_t fw_get_be32(struct fw_reader *r)
{
    const uint32_t high = fw_get_be16(r);
    return high << 16 | fw_get_be16(r);
}

uint64_t fw_get_be64(struct fw_reader *r)
{
    const uint64_t high = fw_get_be32(r);
    return high << 32 | fw_get_be32(r);
}

static enum fw_err put_be(struct fw_buf *b, uint64_t value, size_t size)
{
    uint8_t wire[8];
    for (size_t i = 0; i < size; i++)
        wire[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    return fw_buf_put(b, (struct fw_span){ wire, size });
}

enum fw_err fw_buf_put_u8(struct fw_buf *b, uint8_t value)
{
    return put_be(b, value, 1);
}

enum fw_err fw_buf_put_be16(struct fw_buf *b, uint16_t value)
{
    return put_be(b, value, 2);
}

enum fw_err fw_buf_put_be32(struct fw_buf *b, uint32_t value)
{
    return put_be(b, value, 4);
}

enum fw_err fw_buf_put_be64(struct fw_buf *b, uint64_t value)
{
    return put_be(b, value, 8);
}

struct fw_span fw_span_of(const char *text)
{
    return (struct fw_span){ (const uint8_t *)text, strlen(text) };
}

enum fw_err fw_buf_put_text(struct fw_buf *b, const char *text)
{
    return fw_buf_put(b, fw_span_of(text));
}

enum fw_err fw_buf_putf(struct fw_buf *b, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    const int size = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (size < 0 || (size_t)size >= sizeof text)
        return FW_LIMIT;
    return fw_buf_put(b, (struct fw_span){ (const uint8_t *)text, (size_t)size });
}
