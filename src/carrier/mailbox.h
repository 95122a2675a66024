/* mailbox.h - where the carrier's machines keep what they received.
 *
 *   <folder>/<digits>/<UTC time>-<hash of the Call-ID>.tif .pdf   a fax received wholly
 *   <folder>/<digits>/<UTC time>-<hash of the Call-ID>.partial.tif   what came of a broken one
 *   <folder>/<digits>/<UTC time>-<hash of the Call-ID>.json       one line about it
 *
 * A file is written under <folder>/.incoming, synced, and only then given its name: first the PDF,
 * then the TIFF, last the .json, so who sees one of them finds those before it. Every name is made
 * of digits and hex of ours: what a peer sends never becomes a path. Disk use is bounded:
 * `faxes_max` faxes a number (the oldest go), and FW_CARRIER_NUMBERS_MAX numbers (the rest share
 * the folder "other").
 */
#ifndef FW_CARRIER_MAILBOX_H
#define FW_CARRIER_MAILBOX_H
#include "base/clock.h"

enum { FW_CARRIER_PATH_SIZE = 1024, FW_CARRIER_NUMBERS_MAX = 4096, FW_CARRIER_HASH_SIZE = 17 };

/* A TIFF-F file as a PDF without loss, written to `pdf_path`. */
typedef enum fw_err fw_carrier_to_pdf(const char *tif_path, const char *pdf_path);

struct fw_carrier_mailbox {
    char dir[208];      /* the fax engine takes paths of 250 characters */
    uint32_t faxes_max; /* a number */
    fw_carrier_to_pdf *to_pdf;
};

/* What the sidecar tells. Texts come from the wire: any bytes, NUL-terminated. */
struct fw_carrier_mail {
    char to[33];
    char from[256];
    char display_name[132];
    char remote_ident[24];
    char subaddress[24];
    char hash[FW_CARRIER_HASH_SIZE]; /* fw_carrier_mailbox_hash of the Call-ID */
    uint32_t serial;                 /* of this run: a peer may use one Call-ID twice */
    const char *transport;
    const char *far_end;
    uint32_t page_count;
    uint32_t bit_rate;
    int32_t t30_code;
    bool ecm;
    bool whole; /* every page confirmed and status 0 */
};

/* Makes the folders and empties .incoming. FW_INVALID: the path is too long. */
MUST_USE enum fw_err fw_carrier_mailbox_open(struct fw_carrier_mailbox *box, const char *dir,
                                             uint32_t faxes_max, fw_carrier_to_pdf *to_pdf);
void fw_carrier_mailbox_hash(const char *call_id, char ret[FW_CARRIER_HASH_SIZE]);
/* The file a call receives into. */
void fw_carrier_mailbox_incoming(const struct fw_carrier_mailbox *box,
                                 const struct fw_carrier_mail *mail,
                                 char ret[FW_CARRIER_PATH_SIZE]);
/* Names the incoming file of `mail`; `ret_path` is its new path without the extension. A file
 * that is missing or has no page leaves only the sidecar (and is then never `whole`). Blocks on
 * fsync. FW_IO: nothing was kept, the incoming file is gone. */
MUST_USE enum fw_err fw_carrier_mailbox_keep(const struct fw_carrier_mailbox *box,
                                             const struct fw_carrier_mail *mail, struct fw_wall at,
                                             char ret_path[FW_CARRIER_PATH_SIZE]);
/* Only digits stay, at most 32 of them; "unknown" when there are none. */
void fw_carrier_mailbox_folder(const char *number, char ret[33]);
#endif
