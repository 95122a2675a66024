/* cover.h - the cover page of a fax: a template with the fax's fields put in, as an HTML page.
 *
 * A template is built in ("standard", "plain") or a file `<name>.html` in the operator's folder, which is
 * asked first. In it {{field}} stands for a value, escaped, with line ends as <br>; what stands between
 * {{#field}} and {{/field}} is left out where the field is empty. Fields: to, to_number, from, from_number,
 * subject, comment, pages, date. What it makes is a document like any other, drawn in the sandbox.
 */
#ifndef FW_COVER_H
#define FW_COVER_H
#include "base/buf.h"
#include "fax/fax.h"

enum { FW_COVER_BYTES_MAX = 256 * 1024 }; /* of a template, and of what is made of it */

/* Is there such a template? `dir` NULL or empty: only those built in. Any thread. */
MUST_USE bool fw_cover_known(const char *dir, const char *name);
/* The cover of `f`, which has one, as it says that there are `pages` in all. `ret` is the caller's to free.
 * FW_NOT_FOUND: the template is gone; FW_INVALID: it is no template; FW_LIMIT. */
MUST_USE enum fw_err fw_cover_make(const char *dir, const struct fw_fax *f, int pages, struct fw_buf *ret);
#endif
