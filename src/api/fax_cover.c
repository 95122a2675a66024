/* Cover pages: what a request says of one, what its application says instead, and whether there is such a template. */
#include <stdlib.h>

#include "api/fax_fields.h"
#include "api/request.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum { TEXT_MAX = 200, COMMENT_MAX = 4000 };

const struct fw_field fw_cover_fields[FW_COVER_FIELDS] = {
    { "template", .max = 40 },
    { "to", .max = TEXT_MAX },
    { "from", .max = TEXT_MAX },
    { "subject", .max = TEXT_MAX },
    { "comment", .max = COMMENT_MAX },
};

/* `cover` gets its template, and the fax the text of it. */
static enum fw_err keep(json_t *cover, struct fw_fax *f)
{
    if (!fw_field_given(cover, "template") && json_object_set_new(cover, "template", json_string("standard")))
        return FW_NO_MEMORY;
    free(f->cover_page);
    f->cover_page = json_dumps(cover, JSON_COMPACT);
    return f->cover_page ? FW_OK : FW_NO_MEMORY;
}

enum fw_err fw_cover_fill(const json_t *cover, struct fw_fax *f)
{
    f->cover_asked = !cover ? FW_ASKED_NOTHING : json_is_false(cover) ? FW_ASKED_OFF : FW_ASKED_ON;
    if (f->cover_asked != FW_ASKED_ON)
        return FW_OK;
    f->cover_page = json_dumps(cover, JSON_COMPACT);
    return f->cover_page ? FW_OK : FW_NO_MEMORY;
}

enum fw_err fw_cover_settle(const struct fw_application *a, struct fw_fax *f)
{
    if (f->cover_asked == FW_ASKED_OFF)
        return FW_OK;
    json_t *settings CLEANUP(fw_json_free) = a && a->settings ? json_loads(a->settings, 0, NULL) : NULL;
    json_t *otherwise = json_object_get(settings, "cover_page");
    json_t *cover CLEANUP(fw_json_free) = f->cover_page ? json_loads(f->cover_page, 0, NULL) : json_object();
    if (!cover || (json_is_object(otherwise) && json_object_update_missing(cover, otherwise)))
        return FW_NO_MEMORY;
    return f->cover_page || json_is_object(otherwise) ? keep(cover, f) : FW_OK;
}

void fw_cover_check(struct fw_request *r, const json_t *cover)
{
    const char *name = json_string_value(json_object_get(cover, "template"));
    if (name && !(r->config->cover_known && r->config->cover_known(r->config->arg, name)))
        fw_api_error_at(&r->errors, FW_API_NOT_IN_LIST, "/cover_page/template",
                        "There is no template '%s'; 'standard' and 'plain' are built in, others stand in covers_dir.",
                        name);
}

void fw_fax_check_cover(struct fw_request *r, const struct fw_fax *f)
{
    json_t *cover CLEANUP(fw_json_free) = f->cover_page ? json_loads(f->cover_page, 0, NULL) : NULL;
    fw_cover_check(r, cover);
}
