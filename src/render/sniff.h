/* sniff.h - what a document is, from its bytes alone. Pure.
 *
 * What a header or a name says of it was written by the sender and is not asked. The answer names
 * also kinds that cannot be faxed, so that the refusal can say what was seen.
 *
 * Sources: ISO 32000-1 annex H.3.4 (PDF header), TIFF 6.0 section 2, PNG (RFC 2083) section 3.1,
 * GIF89a section 17, RFC 9649 section 2.4 (WebP), [MS-CFB] section 2.2 (OLE files), PKWARE
 * APPNOTE.TXT 4.3.7 (ZIP), Open Document 1.3 part 2 section 3.3 (mimetype).
 */
#ifndef FW_SNIFF_H
#define FW_SNIFF_H
#include "base/buf.h"

/* How a kind is read. */
enum fw_kind_way {
    FW_WAY_NONE, /* not at all */
    FW_WAY_PDF,
    FW_WAY_IMAGE,
    FW_WAY_TEXT,
    FW_WAY_HTML,
    FW_WAY_OFFICE, /* by way of LibreOffice and PDF; not in this program */
};

/* name, how it is read, what it is called to people, file extension */
#define FW_KINDS(X)                                                                                \
    X(PDF, PDF, "a PDF", "pdf")                                                                    \
    X(TIFF, IMAGE, "a TIFF image", "tif")                                                          \
    X(PNG, IMAGE, "a PNG image", "png")                                                            \
    X(JPEG, IMAGE, "a JPEG image", "jpg")                                                          \
    X(GIF, IMAGE, "a GIF image", "gif")                                                            \
    X(BMP, IMAGE, "a BMP image", "bmp")                                                            \
    X(WEBP, IMAGE, "a WebP image", "webp")                                                         \
    X(TEXT, TEXT, "plain text", "txt")                                                             \
    X(HTML, HTML, "an HTML page", "html")                                                          \
    X(RTF, OFFICE, "an RTF document", "rtf")                                                       \
    X(DOC, OFFICE, "a Word document (DOC)", "doc")                                                 \
    X(DOCX, OFFICE, "a Word document (DOCX)", "docx")                                              \
    X(XLSX, OFFICE, "an Excel workbook (XLSX)", "xlsx")                                            \
    X(ODT, OFFICE, "an OpenDocument text (ODT)", "odt")                                            \
    X(XLS, NONE, "an Excel workbook of the old kind (XLS)", "")                                    \
    X(PPTX, NONE, "a PowerPoint presentation", "")                                                 \
    X(ODS, NONE, "an OpenDocument file that is no text", "")                                       \
    X(LOCKED, NONE, "an Office document protected by a password", "")                              \
    X(OLE, NONE, "an old Office file that is no Word document", "")                                \
    X(ZIP, NONE, "a ZIP archive", "")                                                              \
    X(POSTSCRIPT, NONE, "PostScript", "")                                                          \
    X(XML, NONE, "XML", "")                                                                        \
    X(SVG, NONE, "an SVG drawing", "")                                                             \
    X(HEIF, NONE, "a HEIC, HEIF or AVIF image", "")                                                \
    X(GZIP, NONE, "a compressed archive", "")                                                      \
    X(PROGRAM, NONE, "a program", "")                                                              \
    X(UNKNOWN, NONE, "data of an unknown kind", "")
enum fw_kind {
#define X(name, way, shown, extension) FW_KIND_##name,
    FW_KINDS(X)
#undef X
        FW_KIND_COUNT
};

/* What can be faxed, for people; without LibreOffice, and with it. */
#define FW_KINDS_TAKEN_ALONE "PDF, TIFF, PNG, JPEG, GIF, BMP, WebP, plain text, HTML"
#define FW_KINDS_TAKEN       FW_KINDS_TAKEN_ALONE ", DOC, DOCX, RTF, ODT, XLSX"

/* `bytes`: the whole document. */
enum fw_kind     fw_sniff(struct fw_span bytes);
enum fw_kind_way fw_kind_way(enum fw_kind kind);
const char      *fw_kind_shown(enum fw_kind kind);
const char      *fw_kind_extension(enum fw_kind kind); /* "" for what cannot be faxed */
/* By extension, as above. False for an unknown one. */
MUST_USE bool    fw_kind_parse(const char *extension, enum fw_kind *ret);
#endif
