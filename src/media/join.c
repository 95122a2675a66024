/* Page files joined by copying bytes and moving the offsets in their directories. */
#include "media/join.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/file.h"

enum {
    HEADER_SIZE = 8,
    FIELD_SIZE = 12,
    FIELDS_MAX = 64,
    STRIPS_MAX = 65536,
    FILE_MAX = 0x7fffffff,
    TAG_STRIP_OFFSETS = 273,
    TAG_PAGE_NUMBER = 297,
    TYPE_SHORT = 3,
    TYPE_LONG = 4,
};

struct directory {
    uint8_t  bytes[2 + FIELDS_MAX * FIELD_SIZE + 4];
    uint32_t at, fields, next;
    size_t   size;
};

static uint32_t get16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t get32(const uint8_t *p) { return get16(p) | get16(p + 2) << 16; }

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value & 0xffff);
    put16(p + 2, value >> 16);
}

static enum fw_err read_at(int fd, void *dst, size_t size, uint64_t at)
{
    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(fd, (uint8_t *)dst + done, size - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? FW_IO : FW_INVALID;
        done += (size_t)got;
    }
    return FW_OK;
}

static enum fw_err write_at(int fd, const void *src, size_t size, uint64_t at)
{
    for (size_t done = 0; done < size;) {
        const ssize_t put =
            pwrite(fd, (const uint8_t *)src + done, size - done, (off_t)(at + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return FW_IO;
        done += (size_t)put;
    }
    return FW_OK;
}

static enum fw_err size_of(int fd, uint32_t *ret)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return FW_IO;
    if (!S_ISREG(st.st_mode) || st.st_size < HEADER_SIZE)
        return FW_INVALID;
    if (st.st_size > FILE_MAX)
        return FW_LIMIT;
    *ret = (uint32_t)st.st_size;
    return FW_OK;
}

/* Where the first directory is. */
static enum fw_err read_header(int fd, uint32_t *ret)
{
    uint8_t header[HEADER_SIZE];
    const enum fw_err err = read_at(fd, header, sizeof header, 0);
    if (err)
        return err;
    if (memcmp(header, "II\x2a\0", 4) != 0)
        return FW_INVALID;
    *ret = get32(header + 4);
    return FW_OK;
}

static enum fw_err read_directory(int fd, uint32_t at, struct directory *ret)
{
    uint8_t count[2];
    enum fw_err err = at < HEADER_SIZE ? FW_INVALID : read_at(fd, count, sizeof count, at);
    if (err)
        return err;
    ret->at = at;
    ret->fields = get16(count);
    if (ret->fields == 0 || ret->fields > FIELDS_MAX)
        return FW_INVALID;
    ret->size = 2 + ret->fields * FIELD_SIZE + 4;
    err = read_at(fd, ret->bytes, ret->size, at);
    if (!err)
        ret->next = get32(ret->bytes + ret->size - 4);
    return err;
}

static uint8_t *field_of(struct directory *d, uint32_t index)
{
    return d->bytes + 2 + (size_t)index * FIELD_SIZE;
}

/* Bytes of a field's values; 0 for a type we do not write, or too many. */
static uint32_t values_size(const uint8_t *field)
{
    static const uint8_t sizes[] = { 0, 1, 1, 2, 4, 8 };
    const uint32_t type = get16(field + 2), count = get32(field + 4);
    return type < ARRAY_LEN(sizes) && count <= STRIPS_MAX ? sizes[type] * count : 0;
}

/* Fields whose values are places in the file, other than strips. */
static bool points_elsewhere(uint32_t tag)
{
    return tag == 288 || tag == 324 || tag == 330 || tag == 513 || tag >= 32768;
}

static enum fw_err check_directory(struct directory *d, uint32_t size)
{
    bool strips = false;
    for (uint32_t i = 0; i < d->fields; i++) {
        const uint8_t *field = field_of(d, i);
        const uint32_t bytes = values_size(field), at = get32(field + 8);
        if (bytes == 0 || points_elsewhere(get16(field)))
            return FW_INVALID;
        if (bytes > 4 && (at < HEADER_SIZE || at > size || bytes > size - at))
            return FW_INVALID;
        if (get16(field) == TAG_STRIP_OFFSETS) {
            if (strips || get16(field + 2) != TYPE_LONG || (bytes == 4 && at >= size))
                return FW_INVALID;
            strips = true;
        }
    }
    return strips ? FW_OK : FW_INVALID;
}

/* Goes through all directories; `ret_last` (may be NULL) is the last one. */
static enum fw_err walk(int fd, int page_max, int *ret_count, struct directory *ret_last)
{
    uint32_t size = 0, at = 0;
    enum fw_err err = size_of(fd, &size);
    if (!err)
        err = read_header(fd, &at);
    struct directory d = { .next = at };
    int count = 0;
    while (!err && d.next) {
        if (count >= page_max)
            return FW_LIMIT;
        err = read_directory(fd, d.next, &d);
        if (!err)
            err = check_directory(&d, size);
        count++;
    }
    if (!err && count == 0)
        err = FW_INVALID;
    *ret_count = count;
    if (ret_last)
        *ret_last = d;
    return err;
}

enum fw_err fw_join_count(int fd, int page_max, int *ret) { return walk(fd, page_max, ret, NULL); }

static enum fw_err copy_bytes(int dst, uint32_t dst_at, int src, uint32_t size)
{
    static const size_t part_size = 65536;
    uint8_t part[65536];
    for (uint32_t done = 0; done < size;) {
        const size_t want = size - done < part_size ? size - done : part_size;
        enum fw_err err = read_at(src, part, want, done);
        if (!err)
            err = write_at(dst, part, want, (uint64_t)dst_at + done);
        if (err)
            return err;
        done += (uint32_t)want;
    }
    return FW_OK;
}

/* An array of strip offsets outside of the directory; already copied to `dst` at `at`. */
static enum fw_err move_strips(int dst, uint32_t at, uint32_t bytes, uint32_t base,
                               uint32_t src_size)
{
    for (uint32_t done = 0; done < bytes; done += 4) {
        uint8_t value[4];
        enum fw_err err = read_at(dst, value, sizeof value, (uint64_t)at + done);
        if (err)
            return err;
        const uint32_t strip = get32(value);
        if (strip >= src_size)
            return FW_INVALID;
        put32(value, strip + base);
        err = write_at(dst, value, sizeof value, (uint64_t)at + done);
        if (err)
            return err;
    }
    return FW_OK;
}

/* `d` as it stands in the source; written moved by `base`. */
static enum fw_err move_directory(int dst, struct directory *d, uint32_t base, uint32_t src_size)
{
    for (uint32_t i = 0; i < d->fields; i++) {
        uint8_t *field = field_of(d, i);
        const uint32_t bytes = values_size(field), at = get32(field + 8);
        const bool strips = get16(field) == TAG_STRIP_OFFSETS;
        if (bytes <= 4 && !strips)
            continue;
        if (bytes > 4 && strips) {
            const enum fw_err err = move_strips(dst, at + base, bytes, base, src_size);
            if (err)
                return err;
        }
        put32(field + 8, at + base);
    }
    if (d->next)
        put32(d->bytes + d->size - 4, d->next + base);
    return write_at(dst, d->bytes, d->size, (uint64_t)d->at + base);
}

enum fw_err fw_join_append(int dst, int src, int page_max)
{
    uint32_t dst_size = 0, src_size = 0, first = 0;
    int have = 0, more = 0;
    struct directory last, d;
    enum fw_err err = walk(dst, page_max, &have, &last);
    if (!err)
        err = walk(src, page_max - have, &more, NULL);
    if (!err)
        err = size_of(dst, &dst_size);
    if (!err)
        err = size_of(src, &src_size);
    if (!err)
        err = read_header(src, &first);
    if (err)
        return err;
    const uint32_t base = dst_size + (dst_size & 1); /* directories begin on a word */
    if (src_size > FILE_MAX - base)
        return FW_LIMIT;

    err = copy_bytes(dst, base, src, src_size);
    uint32_t at = first;
    for (int page = 0; !err && page < more; page++) {
        err = read_directory(src, at, &d);
        at = d.next;
        if (!err)
            err = move_directory(dst, &d, base, src_size);
    }
    if (err)
        return err;
    uint8_t link[4];
    put32(link, first + base);
    return write_at(dst, link, sizeof link, (uint64_t)last.at + last.size - 4);
}

enum fw_err fw_join_number(int fd, int page_max)
{
    int count = 0;
    uint32_t at = 0;
    enum fw_err err = walk(fd, page_max, &count, NULL);
    if (!err)
        err = read_header(fd, &at);
    for (int page = 0; !err && page < count; page++) {
        struct directory d;
        err = read_directory(fd, at, &d);
        for (uint32_t i = 0; !err && i < d.fields; i++) {
            uint8_t *field = field_of(&d, i);
            if (get16(field) != TAG_PAGE_NUMBER || get16(field + 2) != TYPE_SHORT ||
                get32(field + 4) != 2)
                continue;
            put16(field + 8, (uint32_t)page);
            put16(field + 10, (uint32_t)count);
            err = write_at(fd, field, FIELD_SIZE, (uint64_t)at + (size_t)(field - d.bytes));
        }
        at = d.next;
    }
    return err;
}

enum fw_err fw_join_rest(int dst, int src, int skip, int page_max)
{
    uint32_t at = 0, size = 0;
    int count = 0;
    enum fw_err err = walk(src, page_max, &count, NULL);
    if (!err && (skip < 0 || skip >= count))
        err = FW_INVALID;
    if (!err)
        err = read_header(src, &at);
    for (int page = 0; !err && page < skip; page++) {
        struct directory d;
        err = read_directory(src, at, &d);
        at = d.next;
    }
    if (!err)
        err = size_of(src, &size);
    if (!err)
        err = copy_bytes(dst, 0, src, size);
    uint8_t first[4];
    put32(first, at);
    if (!err)
        err = write_at(dst, first, sizeof first, HEADER_SIZE - 4);
    return err ? err : fw_join_number(dst, page_max);
}

enum fw_err fw_join_rest_file(const char *from, const char *to, int skip)
{
    int src CLEANUP(fw_fd_close) = open(from, O_RDONLY | O_CLOEXEC);
    int dst CLEANUP(fw_fd_close) = src < 0 ? -1 : open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return dst < 0 ? FW_IO : fw_join_rest(dst, src, skip, FW_PAGES_MAX);
}

enum fw_err fw_join_read(int fd, void *dst, size_t size, uint64_t at) { return read_at(fd, dst, size, at); }

/* The value of a field of one; 0: it is not there. */
static uint32_t value_of(struct directory *d, uint32_t tag)
{
    for (uint32_t i = 0; i < d->fields; i++) {
        const uint8_t *field = field_of(d, i);
        if (get16(field) == tag && get32(field + 4) == 1)
            return get16(field + 2) == TYPE_SHORT ? get16(field + 8) : get32(field + 8);
    }
    return 0;
}

/* A whole number, which is how we write resolutions. */
static uint32_t rational_of(int fd, struct directory *d, uint32_t tag)
{
    uint8_t value[8];
    const uint32_t at = value_of(d, tag);
    return at > 0 && read_at(fd, value, sizeof value, at) == FW_OK && get32(value + 4) == 1 ? get32(value) : 0;
}

enum fw_err fw_join_page(int fd, uint32_t *at, struct fw_join_page *ret)
{
    enum { WIDTH = 256, ROWS = 257, COMPRESSION = 259, PHOTOMETRIC = 262, ORDER = 266, CODE_SIZE = 279, X = 282,
           Y = 283, T6 = 4, TOP_BIT_FIRST = 1 };
    struct directory d;
    uint32_t size = 0;
    enum fw_err err = size_of(fd, &size);
    if (!err && *at == 0)
        err = read_header(fd, at);
    if (!err)
        err = read_directory(fd, *at, &d);
    if (!err)
        err = check_directory(&d, size);
    if (err)
        return err;
    *at = d.next;
    *ret = (struct fw_join_page){ value_of(&d, WIDTH), value_of(&d, ROWS), rational_of(fd, &d, X),
                                  rational_of(fd, &d, Y), value_of(&d, TAG_STRIP_OFFSETS), value_of(&d, CODE_SIZE) };
    const bool plain = value_of(&d, COMPRESSION) == T6 && value_of(&d, PHOTOMETRIC) == 0 &&
                       value_of(&d, ORDER) == TOP_BIT_FIRST;
    const bool there = ret->width > 0 && ret->rows > 0 && ret->x_dpi > 0 && ret->y_dpi > 0 && ret->code_at > 0 &&
                       ret->code_size > 0 && ret->code_at < size && ret->code_size <= size - ret->code_at;
    return plain && there ? FW_OK : FW_INVALID;
}
