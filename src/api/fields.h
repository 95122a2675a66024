/* fields.h - what a request's fields may be, as a table; all that is wrong is told in one answer.
 *
 * Pure. A field that is null or an empty text counts as not given. Fields that no table knows are
 * ignored: clients send what newer versions of the service take.
 */
#ifndef FW_API_FIELDS_H
#define FW_API_FIELDS_H
#include "api/errors.h"

enum fw_field_type {
    FW_FIELD_TEXT,
    FW_FIELD_BOOL,
    FW_FIELD_INT,
    FW_FIELD_TEXTS,  /* a list of texts, or one */
    FW_FIELD_OBJECT, /* of `fields` */
    FW_FIELD_METADATA, /* an object of few short texts; a form has it as JSON */
    FW_FIELD_MAP,    /* an object of at most FW_FIELD_MAP_MAX texts of 1 to `max` bytes, whose keys `check` lets pass */
    FW_FIELD_WINDOW, /* hours (fax/window.h) */
    FW_FIELD_RETRY,  /* a policy (fax/policy.h), by name or as an object; comes out as an object */
};

enum { FW_FIELD_MAP_MAX = 200 };

struct fw_field {
    const char        *name;
    enum fw_field_type type;
    bool               required;
    int64_t            min, max;       /* INT: the value; TEXT: characters (bytes), max 0 is 255 */
    const char *const *choices;        /* TEXT: ends with NULL; or NULL: any */
    const char      *(*check)(const char *text); /* TEXT, each of TEXTS, keys of MAP: NULL or "must be …" */
    enum fw_api_code   code;           /* of a failed check */
    enum fw_api_code   length_code;    /* 0: FW_API_TEXT_LENGTH */
    bool               number;         /* TEXT: a form's ' 1…' was '+1…' before it was decoded */
    bool               urls;           /* TEXTS: a form may join them by commas */
    const struct fw_field *fields;     /* OBJECT */
    size_t             field_count;
    bool               off;            /* OBJECT: false stands for none of it, and comes out as false */
};

/* The fields of `in` that are given and right, with their proper JSON types: a new object; NULL
 * when out of memory. `is_form`: texts stand for numbers and booleans. `prefix` is put before the
 * pointers, "" for the top. */
json_t *fw_fields_read(const struct fw_field *fields, size_t field_count, const json_t *in, bool is_form,
                       const char *prefix, struct fw_api_errors *errors);

/* A key of metadata: letters, digits, '_', '-' and '.', at most FW_METADATA_KEY_MAX. */
bool fw_metadata_key_ok(const char *key, size_t size);

/* Of such an object. */
const char *fw_field_text(const json_t *values, const char *name); /* "" when not given */
bool        fw_field_bool(const json_t *values, const char *name, bool otherwise);
int64_t     fw_field_int(const json_t *values, const char *name, int64_t otherwise);
bool        fw_field_given(const json_t *values, const char *name);
/* Of an object as it came: an explicit null or empty text, what was set is to be taken away. */
bool        fw_field_cleared(const json_t *given, const char *name);
#endif
