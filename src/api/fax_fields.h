/* fax_fields.h - the fields of POST /v2/faxes: CONTRACT 1.2 as a table, and what it takes together.
 *
 * Pure but for ids: what the store knows (the application) is not asked here.
 */
#ifndef FW_API_FAX_FIELDS_H
#define FW_API_FAX_FIELDS_H
#include "api/errors.h"
#include "api/fields.h"
#include "fax/fax.h"

/* Fills every field of `ret` that the customer decides. `documents`: how many were uploaded. `sent`: it is
 * to be sent, and needs an application and numbers; else it may have them.
 * All faults are added to `errors`; `ret` is the caller's to free even then. FW_NO_MEMORY. */
MUST_USE enum fw_err fw_fax_fields_read(const json_t *fields, bool is_form, int documents, bool sent,
                                        struct fw_api_errors *errors, struct fw_fax *ret);

/* When it may be dialled; not checked against one another: fw_fax_check_schedule. */
#define FW_SCHEDULE_FIELDS                                                                         \
    { "send_at", .check = fw_check_time, .code = FW_API_UNPROCESSABLE },                           \
    { "send_window", FW_FIELD_WINDOW },                                                            \
    { "expires_at", .check = fw_check_time, .code = FW_API_UNPROCESSABLE }
MUST_USE enum fw_err fw_fax_schedule_fill(const json_t *values, struct fw_fax *f); /* f's window is replaced */

/* Of a cover page, on a fax or as the default of an application. */
enum { FW_COVER_FIELDS = 5 };
extern const struct fw_field fw_cover_fields[FW_COVER_FIELDS];
/* `cover`: those that were given, or false, or NULL. */
MUST_USE enum fw_err fw_cover_fill(const json_t *cover, struct fw_fax *f);
/* What the fax does not say is as its application says, or NULL, unless the fax is to have none. */
MUST_USE enum fw_err fw_cover_settle(const struct fw_application *a, struct fw_fax *f);

/* NULL, or what it is not: "must be …". */
const char *fw_check_base64(const char *text);
const char *fw_check_time(const char *text); /* RFC 3339, with its offset */
const char *fw_check_e164(const char *text);
const char *fw_check_destination(const char *text); /* E.164 or a SIP URI */
const char *fw_check_url(const char *text);
const char *fw_check_application(const char *text); /* its id */
const char *fw_check_subaddress(const char *text);  /* T.30 SUB */
#endif
