/* Plain text and HTML: rows, columns and pages as they are decided, and that they become ink. */
#include "program.h"
#include "render/charset.h"
#include "render/text.h"

static char laid[4 << 20];

/* The HTML made of a text, or NULL with the error in `ret`. */
static const char *lay(const char *text, size_t size, int pages_max, enum fw_err *ret)
{
    struct fw_buf html;
    fw_buf_init(&html, sizeof laid - 1);
    *ret = fw_text_layout((struct fw_span){ (const uint8_t *)text, size }, pages_max, &html);
    if (*ret == FW_OK) {
        memcpy(laid, html.data, html.size);
        laid[html.size] = '\0';
    }
    fw_buf_done(&html);
    return *ret == FW_OK ? strstr(laid, "<body>") + 6 : NULL;
}

static void rows_are_as_expected(void **state)
{
    (void)state;
    static const struct {
        const char *text, *html;
    } cases[] = {
        { "one\ntwo", "<pre>one\ntwo\n</pre>\n" },
        { "one\r\ntwo\rthree\n\nfive", "<pre>one\ntwo\nthree\n \nfive\n</pre>\n" },
        { "a\tb", "<pre>a       b\n</pre>\n" },
        { "\xef\xbb\xbf<b> & \x1b[1m", "<pre>&#60;b&#62; &#38;<i></i> [1m\n</pre>\n" },
        { "one\ftwo\f", "<pre>one\n</pre>\n<pre class=\"f\">two\n</pre>\n" },
        { "one\n\f\ftwo", "<pre>one\n</pre>\n<pre class=\"f\">two\n</pre>\n" },
        { "u\b_nder", "<pre>_nder\n</pre>\n" },
        { "M\xfcnchen \x80", "<pre>M\xc3\xbcnchen \xe2\x82\xac\n</pre>\n" },
        { "\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x82", "<pre>+-|\n</pre>\n" },
        { "in\n\xd7\xa9\xd7\x9c\nout",
          "<pre>in\n</pre>\n<pre dir=\"rtl\">\xd7\xa9\xd7\x9c\n</pre>\n<pre>out\n</pre>\n" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum fw_err err;
        const char *html = lay(cases[i].text, strlen(cases[i].text), 10, &err);
        char want[300];
        CHECK_INT(err, FW_OK);
        snprintf(want, sizeof want, "%s</body></html>", cases[i].html);
        CHECK_TEXT(html, want);
    }
    enum fw_err err;
    CHECK(strstr(lay("\xff\xfe" "A\0\x17\x20", 6, 1, &err), "<pre>A\xe2\x80\x97\n"));
    CHECK(!lay(" \n\f\t", 4, 1, &err));
    CHECK_INT(err, FW_INVALID);
}

static size_t longest_row(const char *html)
{
    size_t longest = 0;
    for (const char *row = html; *row; row += strcspn(row, "\n") + 1) {
        const char *text = *row == '<' && strchr(row, '>') ? strchr(row, '>') + 1 : row;
        const size_t size = strcspn(text, "\n<");
        longest = size > longest ? size : longest;
    }
    return longest;
}

static void long_lines_are_wrapped(void **state)
{
    (void)state;
    static char text[20000];
    enum fw_err err;
    for (size_t i = 0; i < 5000; i++) /* words of 1 to 9 letters */
        text[i] = i % 7 == 0 || i % 10 == 0 ? ' ' : 'a';
    const char *html = lay(text, 5000, 10, &err);
    CHECK(longest_row(html) <= 83 && longest_row(html) > 70);
    memset(text, 'x', sizeof text); /* one word, longer than a line may be */
    html = lay(text, sizeof text, 10, &err);
    CHECK_INT(longest_row(html), 83);
    size_t kept = 0;
    for (const char *p = html; *p; p++)
        kept += *p == 'x';
    CHECK_INT(kept, sizeof text);
    /* A table is set smaller instead: 132 columns stay on one row. */
    int size = 0;
    for (int i = 0; i < 50; i++)
        size += snprintf(text + size, sizeof text - (size_t)size, "%-60d%-60d%012d\n", i, i, i);
    html = lay(text, (size_t)size, 10, &err);
    CHECK_INT(longest_row(html), 132);
    CHECK(strstr(laid, "font-size:6.6pt"));
}

static void pages_are_counted_and_bounded(void **state)
{
    (void)state;
    static char text[3000];
    enum fw_err err;
    for (size_t i = 0; i < sizeof text; i++) /* blank rows between, and nothing but them at the end */
        text[i] = i % 4 == 0 && i < 66 * 4 ? 'x' : '\n';
    const char *html = lay(text, sizeof text, 3, &err);
    CHECK_INT(err, FW_OK);
    int pages = 1;
    for (const char *p = html; (p = strstr(p, "class=\"f\"")); p++)
        pages++;
    CHECK_INT(pages, 3);
    CHECK(!lay(text, sizeof text, 2, &err));
    CHECK_INT(err, FW_LIMIT);
}

static void characters_survive(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 37) {
        if (c >= 0xD800 && c < 0xE000)
            continue;
        struct fw_buf b;
        fw_buf_init(&b, 8);
        CHECK_INT(fw_character_put(&b, c), FW_OK);
        struct fw_characters from = { .rest = fw_buf_span(&b) };
        uint32_t back = 0, more = 0;
        CHECK(fw_character_next(&from, &back) && back == c && !fw_character_next(&from, &more));
        fw_buf_done(&b);
    }
    /* Half a character, an overlong one and a lone surrogate are each shown as broken. */
    static const char *const broken[] = { "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff" };
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct fw_characters from = { .rest = fw_span_of(broken[i]) };
        uint32_t c = 0;
        CHECK(fw_character_next(&from, &c) && c == 0xFFFD);
    }
}

static uint32_t ink_of(uint32_t page)
{
    uint32_t black = 0;
    static uint8_t row[FW_RENDER_WIDTH / 8];
    TIFF *tiff = TIFFOpen(pages_path, "r");
    CHECK(tiff && TIFFSetDirectory(tiff, (tdir_t)page));
    uint32_t rows = 0;
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &rows);
    for (uint32_t y = 0; y < rows; y++) {
        CHECK_INT(TIFFReadScanline(tiff, row, y, 0), 1);
        black += black_between(row, 0, FW_RENDER_WIDTH);
    }
    TIFFClose(tiff);
    return black;
}

static void put(const char *text)
{
    CHECK_INT(fw_file_write(document("made"), fw_span_of(text), 0600), FW_OK);
}

static void text_becomes_ink(void **state)
{
    (void)state;
    struct fw_page_info first;
    put("Dear Sir,\n\ttab\f\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd8\xa7\xd9\x84\xd8\xb9\xd8\xb1\xd8\xa8 "
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
    CHECK_INT(RENDER(document("made"), NULL), FW_RENDER_OK);
    CHECK_INT(page_count(&first), 2);
    CHECK(first.width == 1728 && first.rows >= 2280 && ink_of(0) > 500 && ink_of(1) > 500);
    put("\n \f\n");
    CHECK_INT(RENDER(document("made"), NULL), FW_RENDER_FORMAT_INVALID);
    CHECK(result_has("the document is blank"));
}

/* The script would write a thousand words, the image and style are elsewhere: none of it happens. */
static void html_becomes_ink(void **state)
{
    (void)state;
    struct fw_page_info first;
    static const char plain[] = "<!doctype html><body><h1>Invoice</h1><p>&euro; 12";
    put(plain);
    CHECK_INT(RENDER(document("made"), NULL), FW_RENDER_OK);
    CHECK_INT(page_count(&first), 1);
    const uint32_t ink = ink_of(0);
    CHECK(ink > 1000);
    put("<!doctype html><head><link rel=stylesheet href='http://127.0.0.1:9/s.css'><style>@import "
        "url(file:///etc/passwd)</style><script>for(;;)document.write('word ')</script><body><h1>"
        "Invoice</h1><p>&euro; 12<iframe src='file:///etc/passwd'></iframe>");
    CHECK_INT(RENDER(document("made"), NULL), FW_RENDER_OK);
    CHECK_INT(page_count(&first), 1);
    CHECK_INT(ink_of(0), ink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_as_expected),
        cmocka_unit_test(long_lines_are_wrapped),
        cmocka_unit_test(pages_are_counted_and_bounded),
        cmocka_unit_test(characters_survive),
        cmocka_unit_test(text_becomes_ink),
        cmocka_unit_test(html_becomes_ink),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
