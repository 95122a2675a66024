/* The nouns: copies and ends of life. */
#include "fax/fax.h"

#include <stdlib.h>
#include <string.h>

static const char *const quality_names[] = {
#define X(name, text) [FW_QUALITY_##name] = text,
    FW_QUALITIES(X)
#undef X
};

const char *fw_quality_text(enum fw_quality q)
{
    fw_assert((unsigned)q < FW_QUALITY_COUNT);
    return quality_names[q];
}

bool fw_quality_parse(const char *text, enum fw_quality *ret)
{
    for (int q = 0; q < FW_QUALITY_COUNT; q++) {
        if (strcmp(text, quality_names[q]) == 0) {
            *ret = (enum fw_quality)q;
            return true;
        }
    }
    return false;
}

void fw_application_done(struct fw_application *a)
{
    free(a->settings);
    *a = (struct fw_application){ 0 };
}

void fw_fax_done(struct fw_fax *f)
{
    free(f->media_urls);
    free(f->client_state);
    *f = (struct fw_fax){ 0 };
}

enum fw_err fw_fax_copy(const struct fw_fax *f, struct fw_fax *ret)
{
    *ret = *f;
    ret->media_urls = f->media_urls ? strdup(f->media_urls) : NULL;
    ret->client_state = f->client_state ? strdup(f->client_state) : NULL;
    if ((f->media_urls && !ret->media_urls) || (f->client_state && !ret->client_state)) {
        fw_fax_done(ret);
        return FW_NO_MEMORY;
    }
    return FW_OK;
}

void fw_event_done(struct fw_event *e)
{
    free(e->payload);
    *e = (struct fw_event){ 0 };
}
