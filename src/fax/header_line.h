/* header_line.h - what the header line of a fax says: what was promised when it was accepted, and what a call adds.
 *
 * Kept with the fax as JSON, {"text", "time_zone"}, so that a change of its application changes nothing of it;
 * a fax without that has no header line.
 */
#ifndef FW_FAX_HEADER_LINE_H
#define FW_FAX_HEADER_LINE_H
#include <jansson.h>

#include "fax/fax.h"

enum { FW_HEADER_TEXT_MAX = 60 /* characters */ };

struct fw_header_text {
    char date[40];
    const char *from, *to; /* borrowed */
};

/* NULL, or what it is not: "must be …". */
const char *fw_header_text_fault(const char *text);
/* Decides for a fax that is accepted: what its request says comes before what the application `a` says, and
 * that before `service`. Fills f->header. FW_NO_MEMORY. */
MUST_USE enum fw_err fw_header_promise(const struct fw_application *a, bool service, struct fw_fax *f);
/* The sender's name, UTF-8; empty: it has none but its number. `ret` has room for FW_HEADER_TEXT_MAX characters. */
enum { FW_HEADER_NAME_SIZE = FW_HEADER_TEXT_MAX * 4 + 1 };
void fw_header_name(const struct fw_fax *f, char ret[FW_HEADER_NAME_SIZE]);
/* The texts of a call that begins at `at`, in the time zone of the fax; a zone that cannot be read is UTC, and
 * says so. */
void fw_header_text_of(const struct fw_fax *f, struct fw_wall at, struct fw_header_text *ret);
#endif
