/* Two terminals and the line between them, at the speed of the processor. */
#include "pair.h"
#include "base/file.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <unistd.h>

struct packet {
    uint16_t seq;
    uint16_t size;
    uint8_t data[FW_TERMINAL_IFP_MAX];
};

enum { WIDTH = 1728, ROW_BYTES = WIDTH / 8, BLOCK = 160 };

static void row_make(uint8_t row[ROW_BYTES], int page, uint32_t y, bool dense)
{
    memset(row, 0, ROW_BYTES);
    if (dense) {
        uint64_t x = (uint64_t)page * 1000003 + y * 7919 + 1;
        for (int i = 0; i < ROW_BYTES; i++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            row[i] = (uint8_t)(x >> 33 & x >> 41);
        }
    } else if (y % 40 > 20) { /* bars whose places tell page and row */
        for (int i = 8; i < ROW_BYTES - 8; i += 4 + page % 5)
            row[i] = (uint8_t)(0x18 + (y / 40 + (unsigned)i) % 7);
    }
}

/* Each row `times` over. */
static void write_pages(const char *path, int pages, uint32_t rows, bool dense, uint32_t times)
{
    TIFF *tiff = TIFFOpen(path, "w");
    CHECK(tiff != NULL);
    for (int page = 0; page < pages; page++) {
        TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, WIDTH);
        TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, rows);
        TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 1);
        TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
        TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
        TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows);
        TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
        TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 204.0);
        TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 196.0);
        TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE);
        TIFFSetField(tiff, TIFFTAG_PAGENUMBER, page, pages);
        for (uint32_t y = 0; y < rows; y++) {
            uint8_t row[ROW_BYTES];
            row_make(row, page, y / times, dense);
            CHECK_INT(TIFFWriteScanline(tiff, row, y, 0), 1);
        }
        CHECK_INT(TIFFWriteDirectory(tiff), 1);
    }
    TIFFClose(tiff);
}

void page_file_make(const char *path, int pages, uint32_t rows, bool dense)
{
    write_pages(path, pages, rows, dense, 1);
}

void page_file_make_doubled(const char *path, uint32_t rows)
{
    write_pages(path, 1, rows, true, 2);
}

static void on_ifp(void *arg, struct fw_span ifp, int copies)
{
    struct side *s = arg;
    CHECK(copies >= 1 && copies <= 3 && ifp.size <= FW_TERMINAL_IFP_MAX);
    if (s->sent_count == s->sent_size) {
        s->sent_size = s->sent_size ? s->sent_size * 2 : 64;
        s->sent = realloc(s->sent, s->sent_size * sizeof *s->sent);
        CHECK(s->sent != NULL);
    }
    struct packet *p = &s->sent[s->sent_count++];
    p->seq = s->seq++;
    p->size = (uint16_t)ifp.size;
    memcpy(p->data, ifp.data, ifp.size);
}

static void on_event(void *arg, enum fw_terminal_event_kind kind,
                     const struct fw_terminal_result *now)
{
    struct side *s = arg;
    s->told[kind]++;
    s->last = *now;
    if (kind == FW_TERMINAL_PAGE_SENT || kind == FW_TERMINAL_PAGE_RECEIVED) {
        CHECK_INT(now->pages, s->pages_told + 1);
        s->pages_told = now->pages;
        if (s->on_page)
            s->on_page(s->on_page_arg);
    }
    if (kind == FW_TERMINAL_DONE)
        CHECK_INT(s->told[kind], 1);
}

void pair_config(const struct pair *p, bool ecm, struct fw_terminal_config *a,
                 struct fw_terminal_config *b)
{
    *a = (struct fw_terminal_config){
        .calling = true, .tx_path = p->tx, .ident = "+12005550199", .ecm = ecm
    };
    *b = (struct fw_terminal_config){ .rx_path = p->rx, .ident = "12005550100", .ecm = ecm };
}

void pair_start(struct pair *p, const struct fw_terminal_config *a,
                const struct fw_terminal_config *b)
{
    const struct fw_terminal_callbacks ca = { on_ifp, on_event, &p->a };
    const struct fw_terminal_callbacks cb = { on_ifp, on_event, &p->b };
    CHECK_INT(fw_terminal_new(a, &ca, &p->a.t), FW_OK);
    CHECK_INT(fw_terminal_new(b, &cb, &p->b.t), FW_OK);
    p->a.seq = 65500; /* so that it wraps in every test */
}

void pair_init(struct pair *p, int pages, uint32_t rows, bool ecm)
{
    memset(p, 0, sizeof *p);
    p->seed = 1;
    (void)snprintf(p->folder, sizeof p->folder, "/tmp/t30_test.XXXXXX");
    CHECK(mkdtemp(p->folder) != NULL);
    (void)snprintf(p->tx, sizeof p->tx, "%s/tx.tif", p->folder);
    (void)snprintf(p->rx, sizeof p->rx, "%s/rx.tif", p->folder);
    page_file_make(p->tx, pages, rows, false);
    struct fw_terminal_config a, b;
    pair_config(p, ecm, &a, &b);
    pair_start(p, &a, &b);
}

void pair_done(struct pair *p)
{
    fw_terminal_free(p->a.t);
    fw_terminal_free(p->b.t);
    free(p->a.sent);
    free(p->b.sent);
    fw_dir_remove(p->folder, 2);
}

void pair_switch(struct pair *p, bool unpaced)
{
    const struct fw_terminal_t38 t38 = { .unpaced = unpaced };
    CHECK_INT(fw_terminal_switch(p->a.t, &t38), FW_OK);
    CHECK_INT(fw_terminal_switch(p->b.t, &t38), FW_OK);
}

static uint32_t chance(struct pair *p)
{
    p->seed = p->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(p->seed >> 36);
}

static bool lost(struct pair *p, int permille)
{
    return permille > 0 && (int)(chance(p) % 1000) < permille;
}

void side_deliver(struct pair *p, struct side *from, struct side *to, int lose_permille)
{
    for (size_t i = 0; i < from->sent_count; i++) {
        struct packet *k = &from->sent[i];
        if (lost(p, p->mutate_permille))
            k->data[chance(p) % k->size] ^= (uint8_t)(1u << chance(p) % 8);
        if (!lost(p, lose_permille))
            fw_terminal_ifp(to->t, k->seq, (struct fw_span){ k->data, k->size });
    }
    from->sent_count = 0;
}

void pair_tick(struct pair *p)
{
    fw_terminal_tick(p->a.t, BLOCK);
    side_deliver(p, &p->a, &p->b, p->lose_permille);
    fw_terminal_tick(p->b.t, BLOCK);
    side_deliver(p, &p->b, &p->a, 0);
    p->samples += BLOCK;
}

static bool both_done(const struct pair *p)
{
    return fw_terminal_done(p->a.t) && fw_terminal_done(p->b.t);
}

void pair_run_t38(struct pair *p, uint32_t seconds)
{
    const uint64_t end = p->samples + (uint64_t)seconds * FW_TERMINAL_SECOND;
    while (!both_done(p) && p->samples < end)
        pair_tick(p);
}

void pair_run_audio(struct pair *p, uint32_t seconds)
{
    pair_run_audio_for(p, (uint64_t)seconds * FW_TERMINAL_SECOND);
}

void pair_run_audio_for(struct pair *p, uint64_t samples)
{
    int16_t from_a[BLOCK];
    const uint64_t end = p->samples + samples;
    while (!both_done(p) && p->samples < end) {
        fw_terminal_audio(p->a.t, p->from_b, from_a, BLOCK);
        fw_terminal_audio(p->b.t, lost(p, p->lose_permille) ? NULL : from_a, p->from_b, BLOCK);
        p->samples += BLOCK;
    }
}
