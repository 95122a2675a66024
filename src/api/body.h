/* body.h - a request's body in any of the forms that clients send, read into one JSON object.
 *
 * JSON, multipart/form-data and application/x-www-form-urlencoded carry the same fields (CONTRACT 0,
 * surprises 1 and 2). A body that is labelled as a form, or not at all, but starts with '{' is JSON.
 * Documents (`contents`, `contents[]`, or what the route calls them) go to disk as they come.
 */
#ifndef FW_API_BODY_H
#define FW_API_BODY_H
#include "api/errors.h"
#include "api/form.h"
#include "api/multipart.h"
#include "api/upload.h"

enum fw_body_kind { FW_BODY_NONE, FW_BODY_JSON, FW_BODY_URLENCODED, FW_BODY_UNLABELLED, FW_BODY_MULTIPART };

struct fw_body {
    enum fw_body_kind     kind;
    struct fw_api_errors *errors;  /* borrowed; once it has one, the rest is ignored */
    struct fw_uploads    *uploads; /* borrowed */
    json_t               *fields;  /* owned; an object after fw_body_finish */
    bool                  is_form; /* its values are texts */
    uint64_t              size, size_max;
    const char           *document;     /* the name of its documents; "contents" */
    uint64_t              document_max; /* bytes of one; 0: as large as the body may be */
    struct fw_buf         text;    /* the body, or the field of a form being read */
    struct fw_multipart   multipart;
    char                  name[FW_MULTIPART_NAME_SIZE]; /* of that field */
    enum { FW_PART_TEXT, FW_PART_DOCUMENT, FW_PART_OTHER } part;
    bool                  part_named; /* it has a filename */
    uint64_t              part_size, text_size;
    int                   field_count;
};

/* `content_type` NULL: there was none. What is wrong is added to `errors`. */
void fw_body_begin(struct fw_body *b, const char *content_type, struct fw_uploads *uploads,
                   struct fw_api_errors *errors);
/* Before anything is read: documents are called `document` and have at most `max` bytes each. */
void fw_body_expect(struct fw_body *b, const char *document, uint64_t max);
/* Likewise: a body without documents has at most `max` bytes. */
void fw_body_allow(struct fw_body *b, uint64_t max);
/* False when a body of that length would be refused; the error is then in `errors`. */
MUST_USE bool fw_body_announced(struct fw_body *b, uint64_t size);
void fw_body_read(struct fw_body *b, struct fw_span data);
void fw_body_finish(struct fw_body *b);
void fw_body_done(struct fw_body *b); /* zeroed is fine */
#endif
