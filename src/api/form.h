/* form.h - the fields of a form as the JSON object that the same request would have been; pure.
 *
 * Names nest as the client libraries write them: `a`, `a[]`, `a[0]`, `a[b]`, `a[b][]`. Values stay
 * texts; fields.h makes numbers and booleans of them. A name that comes twice becomes a list.
 */
#ifndef FW_API_FORM_H
#define FW_API_FORM_H
#include <jansson.h>

#include "base/bounds.h"
#include "base/buf.h"

enum { FW_FORM_NAME_MAX = 127, FW_FORM_VALUE_MAX = 64 * 1024 }; /* bytes */

/* FW_INVALID: a malformed name, a list and a text of one name, or no UTF-8. FW_LIMIT: too many
 * fields or too large a one. FW_NO_MEMORY. */
MUST_USE enum fw_err fw_form_put(json_t *fields, struct fw_span name, struct fw_span value);

/* A whole application/x-www-form-urlencoded body. As above; also FW_INVALID for a bad escape. */
MUST_USE enum fw_err fw_urlencoded_read(struct fw_span body, json_t *fields);
#endif
