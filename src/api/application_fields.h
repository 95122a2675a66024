/* application_fields.h - the fields of an application: read from a request, and put into it. Pure. */
#ifndef FW_API_APPLICATION_FIELDS_H
#define FW_API_APPLICATION_FIELDS_H
#include "api/errors.h"
#include "fax/fax.h"

/* What of `given` is right; faults are added to `errors`. Of a `change` nothing is required. NULL: out of memory. */
json_t *fw_application_fields_read(const json_t *given, bool is_form, bool change, struct fw_api_errors *errors);
/* `given` as it came, `values` what of it is good. */
MUST_USE enum fw_err fw_application_fill(const json_t *given, const json_t *values, struct fw_application *a);
/* As they are of one that says nothing; NULL when out of memory. */
json_t *fw_application_settings_new(void);
#endif
