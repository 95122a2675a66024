/* What a document is, where an image goes on paper, which way up it was taken: without MuPDF. */
#include "test.h"
#include "render/exif.h"
#include "render/place.h"
#include "render/sniff.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

static void kinds_come_from_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum fw_kind kind;
    } cases[] = {
#define CASE(text, kind) { text, sizeof text - 1, FW_KIND_##kind }
        CASE("%PDF-1.7\n", PDF),
        CASE("\xef\xbb\xbf%PDF-1.7\n", PDF),
        CASE("HTTP/1.1 200 OK\r\n\r\n%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<</Root 1 0 R>>\n", PDF),
        CASE("@PJL ENTER LANGUAGE=PDF\r%PDF-1.4\r1 0 obj\r<<>>endobj\rstartxref\r0\r%%EOF", PDF),
        CASE("junk\0before%PDF-1.4", PDF),
        CASE("\33%-12345X\1\2%PDF-1.4", PDF),
        CASE("How to tell a file? A PDF begins with %PDF-1.4, and 1 0 obj and a trailer follow.", TEXT),
        CASE("The first line is\n%PDF-1.7\nand then come objects.", TEXT),
        CASE("Its lines:\n%PDF-x.y\n1 0 obj\ntrailer\n", TEXT),
        CASE("%PDF- is what a PDF begins with.", TEXT),
        CASE("<!DOCTYPE html><pre>\n%PDF-1.4\n</pre>", HTML),
        CASE("II*\0\10\0\0\0", TIFF),
        CASE("MM\0*\0\0\0\10", TIFF),
        CASE("II+\0\10\0\0\0", TIFF),
        CASE("\x89PNG\r\n\x1a\n", PNG),
        CASE("\xff\xd8\xff\xe0", JPEG),
        CASE("GIF89a", GIF),
        CASE("BM\0\0\0\0\0\0\0\0\0\0\0\0\50\0\0\0\0\0\0\0\0\0\0\0", BMP),
        CASE("BMW is a maker of cars in Munich, Bavaria.", TEXT),
        CASE("RIFF\0\0\0\0WEBPVP8 ", WEBP),
        CASE("RIFF\0\0\0\0WAVEfmt ", UNKNOWN),
        CASE("{\\rtf1\\ansi hello}", RTF),
        CASE("hello\tworld\r\n\f", TEXT),
        CASE("M\xfcnchen", TEXT),
        CASE("\xff\xfeh\0i\0", TEXT),
        CASE("MZ\x90\0\3\0\0\0\4", PROGRAM),
        CASE("MZ was his name.", TEXT),
        CASE("\x7f" "ELF\2\1\1", PROGRAM),
        CASE("hel\0lo", UNKNOWN),
        CASE("\1\2\3\4\5\6\7", UNKNOWN),
        CASE("<!DOCTYPE html><p>x", HTML),
        CASE("\xef\xbb\xbf \n<!-- a --><HTML lang=de>", HTML),
        CASE("<?xml version='1.0'?>\n<!DOCTYPE html><html/>", HTML),
        CASE("<?xml version='1.0'?><svg/>", SVG),
        CASE("<?xml version='1.0'?><invoice/>", XML),
        CASE("<b>not a page</b>", TEXT),
        CASE("%!PS-Adobe-3.0", POSTSCRIPT),
        CASE("PK\3\4", ZIP),
        CASE("\0\0\0\30ftypheic\0\0\0\0", HEIF),
        CASE("\x1f\x8b\10", GZIP),
        CASE("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
        CASE("", UNKNOWN),
#undef CASE
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const enum fw_kind kind =
            fw_sniff((struct fw_span){ (const uint8_t *)cases[i].bytes, cases[i].size });
        if (kind != cases[i].kind)
            fail_msg("case %zu is %s", i, fw_kind_shown(kind));
    }
}

/* A directory of one entry and its end, as a ZIP has them after the files. */
static enum fw_kind kind_of_zip(const char *entry, const char *mimetype)
{
    uint8_t zip[400] = "PK\3\4";
    size_t size = 30;
    if (mimetype)
        size += (size_t)snprintf((char *)zip + size, 100, "mimetype%s", mimetype);
    const size_t directory = size, name = strlen(entry);
    memcpy(zip + size, "PK\1\2", 4);
    zip[size + 28] = (uint8_t)name;
    memcpy(zip + size + 46, entry, name);
    size += 46 + name;
    memcpy(zip + size, "PK\5\6", 4);
    zip[size + 10] = 1;
    zip[size + 16] = (uint8_t)directory;
    return fw_sniff((struct fw_span){ zip, size + 22 });
}

static void containers_are_looked_into(void **state)
{
    (void)state;
    CHECK_INT(kind_of_zip("word/document.xml", NULL), FW_KIND_DOCX);
    CHECK_INT(kind_of_zip("xl/workbook.xml", NULL), FW_KIND_XLSX);
    CHECK_INT(kind_of_zip("ppt/presentation.xml", NULL), FW_KIND_PPTX);
    CHECK_INT(kind_of_zip("photo.jpg", NULL), FW_KIND_ZIP);
    CHECK_INT(kind_of_zip("content.xml", "application/vnd.oasis.opendocument.text"), FW_KIND_ODT);
    CHECK_INT(kind_of_zip("content.xml", "application/vnd.oasis.opendocument.spreadsheet"),
              FW_KIND_ODS);

    static const struct {
        const char *name;
        enum fw_kind kind;
    } streams[] = { { "WordDocument", FW_KIND_DOC },
                    { "Workbook", FW_KIND_XLS },
                    { "EncryptedPackage", FW_KIND_LOCKED },
                    { "Worksheet", FW_KIND_OLE } };
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        uint8_t ole[2048] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
        ole[30] = 9; /* sectors of 512 bytes; the directory in sector 1 */
        ole[48] = 1;
        uint8_t *entry = ole + 1024 + 2 * 128;
        for (size_t c = 0; c < strlen(streams[i].name); c++)
            entry[2 * c] = (uint8_t)streams[i].name[c];
        entry[64] = (uint8_t)(2 * (strlen(streams[i].name) + 1));
        CHECK_INT(fw_sniff((struct fw_span){ ole, sizeof ole }), streams[i].kind);
        for (size_t size = 0; size < 1500; size += 7) /* cut anywhere: no more than unknown */
            (void)fw_sniff((struct fw_span){ ole, size });
    }
}

static void kinds_have_names(void **state)
{
    (void)state;
    enum fw_kind kind;
    CHECK(fw_kind_parse("docx", &kind) && kind == FW_KIND_DOCX);
    CHECK(!fw_kind_parse("", &kind) && !fw_kind_parse("exe", &kind));
    for (int i = 0; i < FW_KIND_COUNT; i++) {
        CHECK(strlen(fw_kind_shown((enum fw_kind)i)) > 2);
        CHECK_INT(fw_kind_way((enum fw_kind)i) == FW_WAY_NONE, !*fw_kind_extension((enum fw_kind)i));
    }
}

static bool near(double a, double b) { return a - b < 1 && b - a < 1; }

static void images_keep_their_size(void **state)
{
    (void)state;
    /* A4 at 300 dots an inch, and a fax of 204 x 98: pages themselves. */
    struct fw_placing p = fw_place(2480, 3508, 300, 300);
    CHECK(!p.turned && p.pages == 1 && near(p.width, 595) && near(p.page_height, 842));
    p = fw_place(1728, 1145, 204, 98);
    CHECK(!p.turned && near(p.width, 609) && near(p.page_height, 841));
    /* A stamp of 2 x 1 inch stays one, with paper around it. */
    p = fw_place(600, 300, 300, 300);
    CHECK(!p.turned && near(p.width, 144) && near(p.height, 72) && p.top > 0);
    CHECK(near(p.left, (609.45 - 144) / 2) && near(p.page_height, 841.89));
    /* Nonsense of dots an inch is no size. */
    p = fw_place(600, 300, 1, 1);
    CHECK(near(p.width, 450));
    p = fw_place(600, 300, 60, 2000);
    CHECK(near(p.width, 450));
    /* A photograph across is turned and fitted; upright it is fitted. */
    p = fw_place(4000, 3000, 72, 72);
    CHECK(p.turned && p.pages == 1 && near(p.width, 609.45) && near(p.height, 812.6));
    p = fw_place(3000, 4000, 0, 0);
    CHECK(!p.turned && p.pages == 1 && near(p.width, 609.45) && near(p.height, 812.6));
    /* A telephone's screen is one page, smaller; a scan that is as long keeps its size and is cut. */
    p = fw_place(1080, 2340, 0, 0);
    CHECK(!p.turned && p.pages == 1 && near(p.height, 1009) && near(p.width, 465.7));
    p = fw_place(1080, 2340, 128, 128);
    CHECK(!p.turned && p.pages == 2 && near(p.width, 607.5) && near(p.page_height, 841.89));
    p = fw_place(2550, 4201, 300, 300);
    CHECK(p.pages == 1 && near(p.page_height, 1004));
    /* A panorama is turned, never cut. */
    p = fw_place(20000, 1000, 72, 72);
    CHECK(p.turned && p.pages == 1 && p.height <= 842);
}

static void scrolls_are_cut(void **state)
{
    (void)state;
    const struct fw_placing p = fw_place(1000, 10000, 96, 96); /* to 609 x 6094 points */
    CHECK(p.pages == 8 && near(p.page_height, 841.89) && p.step < p.page_height);
    CHECK(p.step * (p.pages - 1) + p.page_height >= p.height);
    CHECK(p.step * (p.pages - 2) + p.page_height < p.height);
    CHECK_INT(fw_place(1, UINT32_MAX, 50, 50).pages, INT_MAX);
    for (uint32_t w = 1; w != 0; w *= 2) {
        for (uint32_t h = 1; h != 0; h *= 2) {
            const struct fw_placing any = fw_place(w, h, 0, 0);
            CHECK(any.pages >= 1 && any.width <= 609.5 && any.left >= -0.01);
            CHECK(any.page_height > 0 && any.page_height < 2000);
            CHECK(any.top + any.height <= any.step * (any.pages - 1) + any.page_height + 0.01);
        }
    }
}

static void orientation_is_read(void **state)
{
    (void)state;
    static const uint8_t big[] = "Exif\0\0MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\6\0\0";
    static const uint8_t little[] = "II*\0\10\0\0\0\1\0\22\1\3\0\1\0\0\0\10\0\0\0";
    CHECK_INT(fw_exif_orientation((struct fw_span){ big, sizeof big - 1 }), 6);
    CHECK_INT(fw_exif_orientation((struct fw_span){ little, sizeof little - 1 }), 8);
    for (size_t size = 0; size < 22; size++)
        CHECK_INT(fw_exif_orientation((struct fw_span){ little, size }), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_come_from_bytes), cmocka_unit_test(containers_are_looked_into),
        cmocka_unit_test(kinds_have_names),      cmocka_unit_test(images_keep_their_size),
        cmocka_unit_test(scrolls_are_cut),       cmocka_unit_test(orientation_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
