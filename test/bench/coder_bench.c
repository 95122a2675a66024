/* Measures our coders beside libtiff's on the pages of TIFF and PBM files: coder_bench ROUNDS
 * FILE...
 *
 * All pages are in memory before the clock starts; the coders take turns on each page, so that load
 * on the machine meets all alike, and the best round of each page counts. Everything libtiff is
 * asked for is the cheapest form: whole strips, written to memory.
 */
#include "page/t4.h"
#include "page/t6.h"
#include "page/tiff_read.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <time.h>

enum { PAGE_BYTES_MAX = 64 * 1024 * 1024, CODINGS = 3 };

struct picture {
    uint32_t width, rows, row_size;
    uint8_t *pixels;
};

struct sink {
    uint8_t *bytes;
    tmsize_t at, size;
};

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static tmsize_t sink_read(thandle_t h, void *dst, tmsize_t size)
{
    struct sink *s = h;
    const tmsize_t got = size < s->size - s->at ? size : s->size - s->at;
    memcpy(dst, s->bytes + s->at, (size_t)got);
    s->at += got;
    return got;
}

static tmsize_t sink_write(thandle_t h, void *src, tmsize_t size)
{
    struct sink *s = h;
    if (size > PAGE_BYTES_MAX - s->at)
        return -1;
    memcpy(s->bytes + s->at, src, (size_t)size);
    s->at += size;
    s->size = s->at > s->size ? s->at : s->size;
    return size;
}

static toff_t sink_seek(thandle_t h, toff_t at, int whence)
{
    struct sink *s = h;
    s->at = (tmsize_t)at + (whence == SEEK_CUR ? s->at : whence == SEEK_END ? s->size : 0);
    return (toff_t)s->at;
}

static int sink_close(thandle_t h)
{
    (void)h;
    return 0;
}

static toff_t sink_size(thandle_t h)
{
    return (toff_t)((struct sink *)h)->size;
}

/* Bytes of the strip. */
static size_t code_theirs(const struct picture *p, int coding, struct sink *sink)
{
    sink->at = sink->size = 0;
    TIFF *tiff = TIFFClientOpen("memory", "wm", sink, sink_read, sink_write, sink_seek, sink_close,
                                sink_size, NULL, NULL);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, p->width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, p->rows);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, p->rows);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION,
                 coding == 2 ? COMPRESSION_CCITT_T6 : COMPRESSION_CCITT_T4);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 196.0);
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    if (coding < 2)
        TIFFSetField(tiff, TIFFTAG_GROUP3OPTIONS, coding == 1 ? GROUP3OPT_2DENCODING : 0);
    TIFFWriteEncodedStrip(tiff, 0, p->pixels, (tmsize_t)p->rows * p->row_size);
    TIFFFlushData(tiff);
    const size_t bytes = (size_t)TIFFRawStripSize(tiff, 0);
    TIFFClose(tiff);
    return bytes;
}

static enum fw_err code_t4(struct fw_t4 *t4, const struct picture *p, struct fw_buf *ret)
{
    enum fw_err err = FW_OK;
    for (uint32_t y = 0; !err && y < p->rows; y++)
        err = fw_t4_row(t4, p->pixels + (size_t)y * p->row_size, ret);
    return err ? err : fw_t4_end(t4, ret);
}

static size_t code_ours(const struct picture *p, int coding, struct fw_buf *out)
{
    struct fw_t6 *t6 = NULL;
    struct fw_t4 *t4 = NULL;
    out->size = 0;
    enum fw_err err =
        coding == 2 ? fw_t6_new(p->width, &t6) : fw_t4_new(p->width, coding == 1 ? 4 : 1, &t4);
    if (!err && t4)
        err = code_t4(t4, p, out);
    for (uint32_t y = 0; !err && t6 && y < p->rows; y++)
        err = fw_t6_row(t6, p->pixels + (size_t)y * p->row_size, out);
    if (!err && t6)
        err = fw_t6_end(t6, out);
    fw_t6_free(t6);
    fw_t4_free(t4);
    return err ? 0 : out->size;
}

static void measure(const char *name, const struct picture *p, size_t count, int rounds)
{
    static const char *const names[CODINGS] = { "MH", "MR", "T.6" };
    struct sink sink = { malloc(PAGE_BYTES_MAX), 0, 0 };
    struct fw_buf out;
    fw_buf_init(&out, PAGE_BYTES_MAX);
    for (int coding = 0; coding < CODINGS; coding++) {
        double ours = 0, theirs = 0;
        size_t bytes[2] = { 0, 0 };
        for (size_t i = 0; i < count; i++) {
            double best[2] = { 1e9, 1e9 };
            size_t size[2] = { 0, 0 };
            for (int round = 0; round < rounds; round++) {
                const double t0 = cpu_ms();
                size[0] = code_ours(&p[i], coding, &out);
                const double t1 = cpu_ms();
                size[1] = code_theirs(&p[i], coding, &sink);
                const double t2 = cpu_ms();
                best[0] = t1 - t0 < best[0] ? t1 - t0 : best[0];
                best[1] = t2 - t1 < best[1] ? t2 - t1 : best[1];
            }
            ours += best[0];
            theirs += best[1];
            bytes[0] += size[0];
            bytes[1] += size[1];
        }
        printf("| %s | %zu | %s | %.3f | %.3f | %.1f | %zu | %.3f |\n", name, count, names[coding],
               ours / (double)count, theirs / (double)count, theirs / ours, bytes[0] / count,
               (double)bytes[0] / (double)bytes[1]);
    }
    free(sink.bytes);
    fw_buf_done(&out);
}

static size_t read_pbm(const char *path, struct picture *ret)
{
    FILE *f = fopen(path, "rb");
    struct picture p = { 0 };
    if (!f || fscanf(f, "P4 %u %u", &p.width, &p.rows) != 2 || p.width > 16384 || p.rows > 40000)
        return 0;
    fgetc(f);
    p.row_size = (p.width + 7) / 8;
    p.pixels = malloc((size_t)p.row_size * p.rows);
    const size_t got = fread(p.pixels, p.row_size, p.rows, f);
    fclose(f);
    *ret = p;
    return got == p.rows;
}

static size_t read_tiff(const char *path, struct picture *ret, size_t max)
{
    struct fw_tiff_reader *r CLEANUP(fw_tiff_reader_free_p) = NULL;
    struct fw_fault fault;
    enum fw_err err = fw_tiff_reader_open(path, &r, &fault);
    size_t count = 0;
    for (; !err && count < max; err = fw_tiff_reader_next(r, &fault)) {
        struct fw_page_info info;
        if (fw_tiff_reader_page(r, &info, &fault))
            break;
        struct picture p = { info.width, info.rows, (info.width + 7) / 8, NULL };
        p.pixels = malloc((size_t)p.row_size * p.rows);
        for (uint32_t y = 0; y < p.rows; y++) {
            const uint8_t *row = NULL;
            if (fw_tiff_reader_row(r, &row, &fault))
                return count;
            memcpy(p.pixels + (size_t)y * p.row_size, row, p.row_size);
        }
        ret[count++] = p;
    }
    return count;
}

/* What a received fax costs to become a PDF. */
static void measure_pdf(const char *tiff)
{
    struct fw_fault fault = { "", "" };
    uint32_t pages = 0;
    const enum fw_err err = fw_page_file_info(tiff, 0, &pages, NULL, &fault);
    double best = 1e9;
    for (int round = 0; !err && round < 5; round++) {
        const double start = cpu_ms();
        if (fw_page_to_pdf(tiff, "/dev/shm/fw-coder-bench.pdf", PAGE_BYTES_MAX, &fault))
            return;
        const double ms = cpu_ms() - start;
        best = ms < best ? ms : best;
    }
    if (!err)
        printf("\n%u pages of TIFF to PDF: %.1f ms.\n", pages, best);
    remove("/dev/shm/fw-coder-bench.pdf");
}

int main(int argc, char **argv)
{
    static struct picture pictures[400];
    const int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    printf(
        "| pages | count | coding | ours ms/page | libtiff ms/page | libtiff / ours | bytes/page | ours / libtiff bytes |\n"
        "|---|---|---|---|---|---|---|---|\n");
    for (int i = 2; i < argc; i++) {
        const size_t size = strlen(argv[i]);
        const bool pbm = size > 4 && strcmp(argv[i] + size - 4, ".pbm") == 0;
        const size_t count = pbm ? read_pbm(argv[i], pictures) : read_tiff(argv[i], pictures, 60);
        const char *slash = strrchr(argv[i], '/');
        if (count > 0 && rounds > 0)
            measure(slash ? slash + 1 : argv[i], pictures, count, rounds);
        for (size_t j = 0; j < count; j++)
            free(pictures[j].pixels);
        if (!pbm && count > 0)
            measure_pdf(argv[i]);
    }
    return 0;
}
