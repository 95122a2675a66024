/* First bytes to kind: a table, and a closer look at containers and at text. */
#include "render/sniff.h"
#include <string.h>
#include <strings.h>

enum {
    PDF_WITHIN = 1024,          /* readers take a header that is not at the very front */
    TEXT_LOOK = 64 * 1024,      /* this much of a text is judged */
    ZIP_NAMES_MAX = 4000,       /* entries looked at */
    ZIP_ENTRY = 46, ZIP_END = 22, ZIP_COMMENT_MAX = 65535,
    OLE_HEADER = 512, OLE_ENTRY = 128,
};

static const struct {
    enum fw_kind_way way;
    const char *shown, *extension;
} kinds[FW_KIND_COUNT] = {
#define X(name, way, shown, extension) { FW_WAY_##way, shown, extension },
    FW_KINDS(X)
#undef X
};

enum fw_kind_way fw_kind_way(enum fw_kind kind) { return kinds[kind].way; }
const char *fw_kind_shown(enum fw_kind kind) { return kinds[kind].shown; }
const char *fw_kind_extension(enum fw_kind kind) { return kinds[kind].extension; }

bool fw_kind_parse(const char *extension, enum fw_kind *ret)
{
    for (int kind = 0; kind < FW_KIND_COUNT && *extension; kind++) {
        if (strcmp(kinds[kind].extension, extension) != 0)
            continue;
        *ret = (enum fw_kind)kind;
        return true;
    }
    return false;
}

static struct fw_span part(struct fw_span s, size_t at, size_t size)
{
    if (at >= s.size)
        return (struct fw_span){ s.data, 0 };
    return (struct fw_span){ s.data + at, size < s.size - at ? size : s.size - at };
}

static bool has(struct fw_span s, const char *what)
{
    return memmem(s.data, s.size, what, strlen(what)) != NULL;
}

static bool begins(struct fw_span s, const char *what, size_t size)
{
    return s.size >= size && memcmp(s.data, what, size) == 0;
}

static bool begins_folded(struct fw_span s, const char *what)
{
    const size_t size = strlen(what);
    if (s.size < size)
        return false;
    for (size_t i = 0; i < size; i++) {
        const uint8_t c = s.data[i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)what[i])
            return false;
    }
    return true;
}

static uint32_t le16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t le32(const uint8_t *p) { return le16(p) | le16(p + 2) << 16; }

/* Containers -------------------------------------------------------------------------------- */

/* Where the list of a ZIP's entries begins; false: its end is damaged or missing. */
static bool zip_directory(struct fw_span s, size_t *ret_at, uint32_t *ret_count)
{
    const size_t farthest = s.size > ZIP_END + ZIP_COMMENT_MAX ? s.size - ZIP_END - ZIP_COMMENT_MAX : 0;
    for (size_t at = s.size < ZIP_END ? 0 : s.size - ZIP_END + 1; at > farthest; at--) {
        const uint8_t *p = s.data + at - 1;
        if (memcmp(p, "PK\5\6", 4) != 0)
            continue;
        *ret_count = le16(p + 10);
        *ret_at = le32(p + 16);
        return *ret_at < s.size;
    }
    return false;
}

static bool named(struct fw_span name, const char *what)
{
    return begins(name, what, strlen(what));
}

/* The kind of an Open XML file is in the names of its parts: the list at the end is asked, as a
 * program that unpacks it would. */
static enum fw_kind zip_kind(struct fw_span s)
{
    static const char odt[] = "application/vnd.oasis.opendocument.text";
    static const char odf[] = "application/vnd.oasis.opendocument.";
    const struct fw_span type = part(s, 38, 200);
    if (begins(part(s, 30, 8), "mimetype", 8) && begins(type, odf, sizeof odf - 1))
        return begins(type, odt, sizeof odt - 1) && !begins(type, "-", 1) &&
                       (type.size == sizeof odt - 1 || type.data[sizeof odt - 1] != '-')
                   ? FW_KIND_ODT
                   : FW_KIND_ODS;
    size_t at = 0;
    uint32_t count = 0;
    if (!zip_directory(s, &at, &count))
        return FW_KIND_ZIP;
    for (uint32_t i = 0; i < count && i < ZIP_NAMES_MAX; i++) {
        const struct fw_span entry = part(s, at, ZIP_ENTRY);
        if (entry.size < ZIP_ENTRY || !begins(entry, "PK\1\2", 4))
            break;
        const size_t name_size = le16(entry.data + 28);
        const struct fw_span name = part(s, at + ZIP_ENTRY, name_size);
        if (named(name, "word/document"))
            return FW_KIND_DOCX;
        if (named(name, "xl/workbook"))
            return FW_KIND_XLSX;
        if (named(name, "ppt/presentation"))
            return FW_KIND_PPTX;
        at += ZIP_ENTRY + name_size + le16(entry.data + 30) + le16(entry.data + 32);
    }
    return FW_KIND_ZIP;
}

static bool ole_entry_is(const uint8_t *entry, const char *name)
{
    const size_t length = strlen(name);
    if (le16(entry + 64) != (length + 1) * 2)
        return false;
    for (size_t i = 0; i <= length; i++) {
        if (le16(entry + 2 * i) != (uint8_t)name[i])
            return false;
    }
    return true;
}

/* The first sector of the directory is enough: programs write the main stream among its first. */
static enum fw_kind ole_kind(struct fw_span s)
{
    if (s.size < OLE_HEADER)
        return FW_KIND_OLE;
    const uint32_t shift = le16(s.data + 30);
    if (shift != 9 && shift != 12)
        return FW_KIND_OLE;
    const uint64_t at = ((uint64_t)le32(s.data + 48) + 1) << shift;
    const struct fw_span all = at < s.size ? part(s, (size_t)at, s.size) : part(s, s.size, 0);
    for (size_t i = 0; (i + 1) * OLE_ENTRY <= all.size && i < 64; i++) {
        const uint8_t *entry = all.data + i * OLE_ENTRY;
        if (ole_entry_is(entry, "WordDocument"))
            return FW_KIND_DOC;
        if (ole_entry_is(entry, "Workbook") || ole_entry_is(entry, "Book"))
            return FW_KIND_XLS;
        if (ole_entry_is(entry, "EncryptedPackage"))
            return FW_KIND_LOCKED;
    }
    return FW_KIND_OLE;
}

/* Text -------------------------------------------------------------------------------------- */

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static struct fw_span skip_space(struct fw_span s)
{
    while (s.size > 0 && is_space(*s.data))
        s = part(s, 1, s.size);
    return s;
}

/* Past what may stand before the first element: a byte order mark, spaces, declarations, comments. */
static struct fw_span skip_prolog(struct fw_span s)
{
    for (int i = 0; i < 20; i++) {
        s = skip_space(s);
        const char *end = begins(s, "<?", 2) ? "?>" : begins(s, "<!--", 4) ? "-->" : NULL;
        const uint8_t *found = end ? memmem(s.data, s.size, end, strlen(end)) : NULL;
        if (!found)
            break;
        s = part(s, (size_t)(found - s.data) + strlen(end), s.size);
    }
    return s;
}

static enum fw_kind markup_kind(struct fw_span s)
{
    static const char *const html[] = { "<!doctype html", "<html", "<head", "<body", "<title" };
    const struct fw_span first = skip_prolog(s);
    for (size_t i = 0; i < ARRAY_LEN(html); i++) {
        if (begins_folded(first, html[i]))
            return FW_KIND_HTML;
    }
    if (begins_folded(first, "<svg") || begins_folded(first, "<!doctype svg"))
        return FW_KIND_SVG;
    return begins_folded(skip_space(s), "<?xml") ? FW_KIND_XML : FW_KIND_TEXT;
}

/* Text has next to no control characters; a zero byte is none of any text but UTF-16. */
static bool is_text(struct fw_span s)
{
    size_t odd = 0;
    for (size_t i = 0; i < s.size; i++) {
        const uint8_t c = s.data[i];
        if (c == 0)
            return false;
        odd += (c < ' ' && !is_space(c) && c != '\b' && c != 0x1A) || c == 0x7F;
    }
    return s.size > 0 && odd * 100 <= s.size;
}

static enum fw_kind text_kind(struct fw_span s)
{
    if (begins(s, "\xff\xfe", 2) || begins(s, "\xfe\xff", 2))
        return s.size > 2 && s.size % 2 == 0 ? FW_KIND_TEXT : FW_KIND_UNKNOWN;
    if (begins(s, "\xef\xbb\xbf", 3))
        s = part(s, 3, s.size);
    const struct fw_span head = part(s, 0, TEXT_LOOK);
    return is_text(head) ? markup_kind(head) : FW_KIND_UNKNOWN;
}

/* PDF --------------------------------------------------------------------------------------- */

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

static bool is_pdf_header(struct fw_span s)
{
    return begins(s, "%PDF-", 5) && s.size >= 8 && is_digit(s.data[5]) && s.data[6] == '.' && is_digit(s.data[7]);
}

/* Readers take a header behind other bytes: what a mail gateway, a printer's job language or a copied HTTP answer
 * left there. A text that only speaks of PDF has it too; a PDF has it at the beginning of a line, with a
 * version, and objects and the way to them behind it (ISO 32000-1 clause 7.5). */
static bool is_pdf(struct fw_span s)
{
    const struct fw_span head = part(s, 0, PDF_WITHIN);
    if (!has(head, "%PDF-"))
        return false;
    if (is_pdf_header(begins(s, "\xef\xbb\xbf", 3) ? part(s, 3, s.size) : s) || !is_text(part(s, 0, TEXT_LOOK)))
        return true;
    for (size_t at = 1; at < head.size; at++) {
        const struct fw_span rest = part(s, at, s.size);
        const bool line = s.data[at - 1] == '\n' || s.data[at - 1] == '\r';
        if (line && is_pdf_header(rest))
            return has(rest, " obj") && (has(rest, "startxref") || has(rest, "trailer"));
    }
    return false;
}

/* ------------------------------------------------------------------------------------------- */

static bool is_heif(struct fw_span s)
{
    static const char *const brands[] = { "heic", "heix", "hevc", "mif1", "msf1", "avif", "avis" };
    if (!begins(part(s, 4, 4), "ftyp", 4))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(brands); i++) {
        if (begins(part(s, 8, 4), brands[i], 4))
            return true;
    }
    return false;
}

/* Two letters alone prove nothing: the header of a BMP says its own size and where pixels begin. */
static bool is_bmp(struct fw_span s)
{
    if (!begins(s, "BM", 2) || s.size < 26)
        return false;
    const uint32_t header = le32(s.data + 14);
    return header == 12 || (header >= 16 && header <= 124);
}

enum fw_kind fw_sniff(struct fw_span s)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum fw_kind kind;
    } known[] = {
        { "\x89PNG\r\n\x1a\n", 8, FW_KIND_PNG }, { "\xff\xd8\xff", 3, FW_KIND_JPEG },
        { "GIF87a", 6, FW_KIND_GIF },            { "GIF89a", 6, FW_KIND_GIF },
        { "II*\0", 4, FW_KIND_TIFF },            { "MM\0*", 4, FW_KIND_TIFF },
        { "II+\0\10\0\0\0", 8, FW_KIND_TIFF },   { "MM\0+\0\10\0\0", 8, FW_KIND_TIFF },
        { "{\\rtf", 5, FW_KIND_RTF },            { "\x1f\x8b", 2, FW_KIND_GZIP },
        { "7z\xbc\xaf\x27\x1c", 6, FW_KIND_GZIP }, { "Rar!\x1a\7", 6, FW_KIND_GZIP },
        { "%!PS", 4, FW_KIND_POSTSCRIPT },       { "\x7f""ELF", 4, FW_KIND_PROGRAM },
        { "MZ", 2, FW_KIND_PROGRAM },
    };
    if (begins(s, "RIFF", 4) && begins(part(s, 8, 4), "WEBP", 4))
        return FW_KIND_WEBP;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        const bool letters = known[i].kind == FW_KIND_PROGRAM && known[i].size == 2;
        if (begins(s, known[i].bytes, known[i].size) && !(letters && is_text(part(s, 0, 256))))
            return known[i].kind;
    }
    if (begins(s, "PK\3\4", 4) || begins(s, "PK\5\6", 4))
        return zip_kind(s);
    if (begins(s, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
        return ole_kind(s);
    if (is_heif(s))
        return FW_KIND_HEIF;
    if (is_bmp(s))
        return FW_KIND_BMP;
    if (is_pdf(s))
        return FW_KIND_PDF;
    return text_kind(s);
}
