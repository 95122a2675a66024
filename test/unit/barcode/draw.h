/* draw.h - pages of fax resolution with barcodes on them, drawn without any library. */
#ifndef FW_TEST_DRAW_H
#define FW_TEST_DRAW_H
#include "test.h"
#include "base/file.h"
#include "page/t6.h"
#include "page/tiff_write.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE_WIDTH = 1728, PAGE_HEIGHT = 2200 /* at 196 rows an inch */, MODULE = 4 };

/* The picture in square pixels; what is coded has fewer or more rows. */
struct drawing { uint8_t rows[PAGE_HEIGHT][PAGE_WIDTH / 8]; };

static inline void dot(struct drawing *d, int x, int y)
{
    fw_assert(x >= 0 && x < PAGE_WIDTH && y >= 0 && y < PAGE_HEIGHT);
    d->rows[y][x / 8] |= (uint8_t)(0x80 >> x % 8);
}

static inline void box(struct drawing *d, int x, int y, int width, int height)
{
    for (int j = y; j < y + height; j++) {
        for (int i = x; i < x + width; i++)
            dot(d, i, j);
    }
}

/* `widths`: of bars and spaces in turn, in modules; returns the column behind. `down`: as on a page that lies. */
static inline int bars(struct drawing *d, int x, int y, const char *widths, int height, bool down)
{
    for (int i = 0; widths[i]; i++) {
        const int width = (widths[i] - '0') * MODULE;
        if (i % 2 == 0)
            box(d, down ? y : x, down ? x : y, down ? height : width, down ? width : height);
        x += width;
    }
    return x;
}

/* ISO/IEC 15417: set B. */
static inline void draw_code128(struct drawing *d, int x, int y, const char *text, bool down)
{
    static const char *const widths[] = {
        "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312",
        "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212",
        "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121",
        "111323", "131123", "131321", "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331",
        "132131", "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131", "311123",
        "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111", "111224", "111422", "121124",
        "121421", "141122", "141221", "112214", "112412", "122114", "122411", "142112", "142211", "241211", "221114",
        "413111", "241112", "134111", "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112",
        "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
        "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
    };
    const int start_b = 104, stop = 106;
    int sum = start_b;
    x = bars(d, x, y, widths[start_b], 60, down);
    for (int i = 0; text[i]; i++) {
        sum += (i + 1) * (text[i] - ' ');
        x = bars(d, x, y, widths[text[i] - ' '], 60, down);
    }
    x = bars(d, x, y, widths[sum % 103], 60, down);
    bars(d, x, y, widths[stop], 60, down);
}

/* ISO/IEC 16388: wide ones are 3. A gap of 1 follows each character. */
static inline void draw_code39(struct drawing *d, int x, int y, const char *text)
{
    static const struct { char c; const char *widths; } table[] = {
        { '*', "1311313111" }, { 'A', "3111131131" }, { 'B', "1131131131" }, { 'C', "3131131111" },
        { '1', "3113111131" }, { '2', "1133111131" }, { '3', "3133111111" }, { '-', "1311113131" },
    };
    for (; *text; text++) {
        for (size_t i = 0; i < ARRAY_LEN(table); i++) {
            if (table[i].c == *text)
                x = bars(d, x, y, table[i].widths, 60, false);
        }
    }
}

/* ISO/IEC 16390: of each pair the first digit is the bars, the second the spaces. */
static inline void draw_itf(struct drawing *d, int x, int y, const char *digits)
{
    static const char *const widths[] = { "11331", "31113", "13113", "33111", "11313",
                                          "31311", "13311", "11133", "31131", "13131" };
    x = bars(d, x, y, "1111", 60, false);
    for (; digits[0] && digits[1]; digits += 2) {
        char pair[11] = { 0 };
        for (int i = 0; i < 5; i++) {
            pair[2 * i] = widths[digits[0] - '0'][i];
            pair[2 * i + 1] = widths[digits[1] - '0'][i];
        }
        x = bars(d, x, y, pair, 60, false);
    }
    bars(d, x, y, "311", 60, false);
}

/* ISO/IEC 15420, twelve digits and the check. */
static inline void draw_ean13(struct drawing *d, int x, int y, const char *digits)
{
    static const char *const left[] = { "3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112" };
    static const char *const parity[] = { "LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG",
                                          "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL" };
    char all[64] = "111";
    for (int i = 1; i <= 12; i++) {
        const char *w = left[digits[i] - '0'];
        const bool back = i <= 6 && parity[digits[0] - '0'][i - 1] == 'G';
        for (int k = 0; k < 4; k++)
            strncat(all, &w[back ? 3 - k : k], 1);
        if (i == 6)
            strcat(all, "11111");
    }
    strcat(all, "111");
    bars(d, x, y, all, 60, false);
}

static inline void draw_ean8(struct drawing *d, int x, int y, const char *digits)
{
    static const char *const left[] = { "3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112" };
    char all[64] = "111";
    for (int i = 0; i < 8; i++) {
        strcat(all, left[digits[i] - '0']);
        if (i == 3)
            strcat(all, "11111");
    }
    strcat(all, "111");
    bars(d, x, y, all, 60, false);
}

/* Number system 0; `digits` are the six that are drawn, the check digit is in which of them lie backwards. */
static inline void draw_upc_e(struct drawing *d, int x, int y, const char *digits, int check)
{
    static const char *const left[] = { "3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112" };
    static const char *const parity[] = { "GGGLLL", "GGLGLL", "GGLLGL", "GGLLLG", "GLGGLL",
                                          "GLLGGL", "GLLLGG", "GLGLGL", "GLGLLG", "GLLGLG" };
    char all[64] = "111";
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 4; k++)
            strncat(all, &left[digits[i] - '0'][parity[check][i] == 'G' ? 3 - k : k], 1);
    }
    strcat(all, "111111");
    bars(d, x, y, all, 60, false);
}

/* Of 43 characters those that are used here; two check characters, weighted from the right. */
static inline void draw_code93(struct drawing *d, int x, int y, const char *text)
{
    static const char *const widths[] = {
        "131112", "111213", "111312", "111411", "121113", "121212", "121311", "111114", "131211", "141111", "211113", "211212",
        "211311", "221112", "221211", "231111", "112113", "112212", "112311", "122112", "132111", "111123", "111222", "111321",
        "121122", "131121", "212112", "212211", "211122", "211221", "221121", "222111", "112122", "112221", "122121", "123111",
        "121131", "311112", "311211", "321111", "112131", "113121", "211131", "121221", "312111", "311121", "122211",
    };
    static const char edge[] = "111141", digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
    int values[32], n = 0;
    for (; text[n]; n++)
        values[n] = (int)(strchr(digits, text[n]) - digits);
    for (int check = 0; check < 2; check++, n++) {
        values[n] = 0;
        for (int i = 0; i < n; i++)
            values[n] = (values[n] + (n - i) * values[i]) % 47;
    }
    x = bars(d, x, y, edge, 60, false);
    for (int i = 0; i < n; i++)
        x = bars(d, x, y, widths[values[i]], 60, false);
    x = bars(d, x, y, edge, 60, false);
    bars(d, x, y, "1", 60, false);
}

/* Wide ones are 3; a gap of 1 follows each character. `A` and `B` begin and end it. */
static inline void draw_codabar(struct drawing *d, int x, int y, const char *text)
{
    static const struct { char c; const char *widths; } table[] = {
        { '0', "11111331" }, { '1', "11113311" }, { '2', "11131131" }, { '3', "33111111" }, { '4', "11311311" },
        { '5', "31111311" }, { '-', "11133111" }, { 'A', "11331311" }, { 'B', "13131131" },
    };
    for (; *text; text++) {
        for (size_t i = 0; i < ARRAY_LEN(table); i++) {
            if (table[i].c == *text)
                x = bars(d, x, y, table[i].widths, 60, false);
        }
    }
}

/* QR Codes made elsewhere: rows of modules in hexadecimal, the rightmost in the lowest bit. */
#define QR_URL /* https://example.com/fax?id=47ä, in UTF-8 */                                                              \
    29, "1fd6e07f 105fe641 1758c65d 174c6d5d 1755a25d 104ec041 1fd5557f 00074000 13f7fa97 0e3f4eb6 05f84c94 03216b49 "     \
        "04f4c161 0034057f 0fda6335 1db6d455 0bd52728 1d060316 1b51da79 1d8cb08c 18cf9dfe 001a9118 1fd9ab58 10548f12 "     \
        "175bb7f8 17506022 1745cab7 104e78bd 1fdeabd0"
#define QR_LATIN1 /* Müller & Söhne, in ISO 8859-1 */                                                                  \
    21, "1fd67f 105741 175d5d 174d5d 17535d 104b41 1fd57f 000700 13f797 1f00ca 19e12e 009e16 14c0b8 001cdb 1fd3b4 "    \
        "1059cc 175aea 175e20 17491f 10402f 1fdb50"
#define QR_NUL /* a, NUL, b, NUL, c */                                                                                 \
    21, "1fd37f 104541 17415d 175f5d 175d5d 105e41 1fd57f 001f00 117af9 0abf27 17fa78 011cd2 1645c3 001dc6 1fdd8e "    \
        "10432a 175a75 174307 174a78 1048c0 1fd1c1"
static inline void draw_qr(struct drawing *d, int x, int y, int side, const char *hex)
{
    for (int j = 0; j < side; j++) {
        char *end = NULL;
        const unsigned long row = strtoul(hex, &end, 16);
        for (int i = 0; i < side; i++) {
            if (row >> (side - 1 - i) & 1)
                box(d, x + i * MODULE, y + j * MODULE, MODULE, MODULE);
        }
        hex = end;
    }
}

/* At 98 rows an inch each second row of the drawing is a row; at 391 each is two. */
static inline void put_drawing(struct fw_tiff_writer *w, const struct drawing *d, uint32_t y_dpi)
{
    struct fw_t6 *t6 = NULL;
    struct fw_buf code CLEANUP(fw_buf_done);
    const uint32_t of_two = y_dpi == 98 ? 1 : y_dpi == 391 ? 4 : 2, rows = PAGE_HEIGHT * of_two / 2;
    fw_buf_init(&code, 8 * 1024 * 1024);
    CHECK_INT(fw_t6_new(PAGE_WIDTH, &t6), FW_OK);
    for (uint32_t y = 0; y < rows; y++)
        CHECK_INT(fw_t6_row(t6, d->rows[y * 2 / of_two], &code), FW_OK);
    CHECK_INT(fw_t6_end(t6, &code), FW_OK);
    fw_t6_free(t6);
    const struct fw_tiff_page page = { PAGE_WIDTH, rows, 204, y_dpi, fw_buf_span(&code), FW_CODING_T6 };
    CHECK_INT(fw_tiff_put(w, &page), FW_OK);
}
#endif
