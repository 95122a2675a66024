/* libzbar by hand: the few functions that read a picture, and what of their results is believed.
 *
 * Source: zbar.h of ZBar 0.23; names and numbers are the same since 0.10 (2009), and so is the library's version.
 */
#include "barcode/zbar.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char library[] = "libzbar.so.0";

enum { CFG_ENABLE = 0, CFG_BINARY = 4, CFG_MIN_LEN = 0x20, CFG_POSITION = 0x80, CFG_X_DENSITY = 0x100, CFG_Y_DENSITY };
enum { ALL = 0, CODE39 = 39, ITF = 25, CODABAR = 38, QR = 64 };
enum {
    Y800 = 'Y' | '8' << 8 | '0' << 16 | '0' << 24,
    SIDE_MIN = 16,      /* pixels; nothing can be on less */
    LINES_MIN = 4,      /* of the picture that must agree on bars: lines of text look like them for one */
    LENGTH_MIN = 4,     /* of codes without a check digit */
    POINTS_MAX = 4096,  /* that are looked at for the place of a code */
};

/* zbar's own number of a symbology; those that are not here are off. PDF417 it can only begin to read. */
static const struct {
    int number;
    enum fw_barcode_type type;
} kinds[] = {
    { QR, FW_BARCODE_QR_CODE },      { 128, FW_BARCODE_CODE_128 }, { 93, FW_BARCODE_CODE_93 },
    { CODE39, FW_BARCODE_CODE_39 },  { ITF, FW_BARCODE_ITF },      { CODABAR, FW_BARCODE_CODABAR },
    { 13, FW_BARCODE_EAN_13 },       { 8, FW_BARCODE_EAN_8 },      { 12, FW_BARCODE_UPC_A },
    { 9, FW_BARCODE_UPC_E },
};

struct api {
    void *(*scanner_create)(void);
    void (*scanner_destroy)(void *scanner);
    int (*scanner_set_config)(void *scanner, int symbology, int config, int value);
    int (*scan)(void *scanner, void *image);
    void *(*image_create)(void);
    void (*image_destroy)(void *image);
    void (*image_set_format)(void *image, unsigned long format);
    void (*image_set_size)(void *image, unsigned width, unsigned height);
    void (*image_set_data)(void *image, const void *data, unsigned long size, void (*cleanup)(void *image));
    const void *(*first)(const void *image);
    const void *(*next)(const void *symbol);
    int (*type)(const void *symbol);
    int (*quality)(const void *symbol);
    const char *(*data)(const void *symbol);
    unsigned (*data_size)(const void *symbol);
    unsigned (*points)(const void *symbol);
    int (*point_x)(const void *symbol, unsigned index);
    int (*point_y)(const void *symbol, unsigned index);
};

struct fw_zbar {
    void *library, *scanner;
    struct api api;
};

static bool load(struct fw_zbar *z)
{
    static const struct {
        const char *name;
        size_t at;
    } functions[] = {
        { "zbar_image_scanner_create", offsetof(struct api, scanner_create) },
        { "zbar_image_scanner_destroy", offsetof(struct api, scanner_destroy) },
        { "zbar_image_scanner_set_config", offsetof(struct api, scanner_set_config) },
        { "zbar_scan_image", offsetof(struct api, scan) },
        { "zbar_image_create", offsetof(struct api, image_create) },
        { "zbar_image_destroy", offsetof(struct api, image_destroy) },
        { "zbar_image_set_format", offsetof(struct api, image_set_format) },
        { "zbar_image_set_size", offsetof(struct api, image_set_size) },
        { "zbar_image_set_data", offsetof(struct api, image_set_data) },
        { "zbar_image_first_symbol", offsetof(struct api, first) },
        { "zbar_symbol_next", offsetof(struct api, next) },
        { "zbar_symbol_get_type", offsetof(struct api, type) },
        { "zbar_symbol_get_quality", offsetof(struct api, quality) },
        { "zbar_symbol_get_data", offsetof(struct api, data) },
        { "zbar_symbol_get_data_length", offsetof(struct api, data_size) },
        { "zbar_symbol_get_loc_size", offsetof(struct api, points) },
        { "zbar_symbol_get_loc_x", offsetof(struct api, point_x) },
        { "zbar_symbol_get_loc_y", offsetof(struct api, point_y) },
    };
    _Static_assert(sizeof(struct api) == ARRAY_LEN(functions) * sizeof(void *), "each function has its line");
    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        void *const found = dlsym(z->library, functions[i].name);
        if (!found)
            return false;
        memcpy((char *)&z->api + functions[i].at, &found, sizeof found); /* POSIX: a function fits */
    }
    return true;
}

/* BINARY: the bytes of a QR Code as they are. Otherwise zbar guesses at their encoding, and takes UTF-8 for Big5. */
static bool configure(const struct fw_zbar *z)
{
    static const int checkless[] = { CODE39, ITF, CODABAR };
    const struct api *a = &z->api;
    int bad = a->scanner_set_config(z->scanner, ALL, CFG_ENABLE, 0);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        bad |= a->scanner_set_config(z->scanner, kinds[i].number, CFG_ENABLE, 1);
    for (size_t i = 0; i < ARRAY_LEN(checkless); i++)
        bad |= a->scanner_set_config(z->scanner, checkless[i], CFG_MIN_LEN, LENGTH_MIN);
    bad |= a->scanner_set_config(z->scanner, QR, CFG_BINARY, 1);
    bad |= a->scanner_set_config(z->scanner, ALL, CFG_POSITION, 1);
    bad |= a->scanner_set_config(z->scanner, ALL, CFG_X_DENSITY, 1);
    bad |= a->scanner_set_config(z->scanner, ALL, CFG_Y_DENSITY, 1);
    return !bad;
}

enum fw_err fw_zbar_open(struct fw_zbar **ret, struct fw_fault *fault)
{
    struct fw_zbar *z CLEANUP(fw_zbar_free_p) = calloc(1, sizeof *z);
    if (!z)
        return FW_NO_MEMORY;
    z->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!z->library) {
        fw_fault_set(fault, "", "libzbar is not installed (%s)", dlerror());
        return FW_NOT_FOUND;
    }
    if (!load(z)) {
        fw_fault_set(fault, "", "%s has not the functions that are used", library);
        return FW_NOT_FOUND;
    }
    z->scanner = z->api.scanner_create();
    if (!z->scanner)
        return FW_NO_MEMORY;
    if (!configure(z)) {
        fw_fault_set(fault, "", "%s is too old", library);
        return FW_NOT_FOUND;
    }
    *ret = TAKE(z);
    return FW_OK;
}

/* The library itself stays: unloading what brought half a desktop along has no use. */
void fw_zbar_free(struct fw_zbar *z)
{
    if (z && z->scanner)
        z->api.scanner_destroy(z->scanner);
    free(z);
}

void fw_zbar_free_p(struct fw_zbar **z) { fw_zbar_free(*z); }

static bool is_known(int number, enum fw_barcode_type *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].number == number) {
            *ret = kinds[i].type;
            return true;
        }
    }
    return false;
}

static void place(const struct api *a, const void *symbol, struct fw_code *ret)
{
    const unsigned count = a->points(symbol);
    ret->top = ret->left = count > 0 ? INT_MAX : 0;
    for (unsigned i = 0; i < count && i < POINTS_MAX; i++) {
        const int x = a->point_x(symbol, i), y = a->point_y(symbol, i);
        ret->left = x < ret->left ? x : ret->left;
        ret->top = y < ret->top ? y : ret->top;
    }
}

static enum fw_err add(const struct api *a, const void *symbol, uint32_t page, struct fw_codes *codes)
{
    struct fw_code code = { .page = page };
    if (!is_known(a->type(symbol), &code.type) || (code.type != FW_BARCODE_QR_CODE && a->quality(symbol) < LINES_MIN))
        return FW_OK;
    place(a, symbol, &code);
    return fw_codes_add(codes, &code, (struct fw_span){ (const uint8_t *)a->data(symbol), a->data_size(symbol) });
}

enum fw_err fw_zbar_scan(struct fw_zbar *z, const struct fw_gray *g, uint32_t page, struct fw_codes *codes)
{
    const struct api *a = &z->api;
    if (g->width < SIDE_MIN || g->height < SIDE_MIN)
        return FW_OK;
    void *image = a->image_create();
    if (!image)
        return FW_NO_MEMORY;
    a->image_set_format(image, Y800);
    a->image_set_size(image, g->width, g->height);
    a->image_set_data(image, g->pixels, (unsigned long)g->width * g->height, NULL); /* stays ours */
    enum fw_err err = a->scan(z->scanner, image) < 0 ? FW_NO_MEMORY : FW_OK;
    for (const void *s = err ? NULL : a->first(image); s && !err; s = a->next(s))
        err = add(a, s, page, codes);
    a->image_destroy(image);
    return err;
}
