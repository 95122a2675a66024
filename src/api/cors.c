/* Origins: compared whole, as browsers send them. */
#include "api/cors.h"

#include <string.h>

#include "base/text.h"

/* The next of the list, without the spaces around it. */
static struct fw_span next_of(const char **list)
{
    *list += strspn(*list, " ,");
    const size_t size = strcspn(*list, " ,");
    const struct fw_span one = { (const uint8_t *)*list, size };
    *list += size;
    return one;
}

const char *fw_cors_allow(const char *list, const char *origin)
{
    if (!list || !list[0] || !origin)
        return NULL;
    for (struct fw_span one = next_of(&list); one.size > 0; one = next_of(&list)) {
        if (fw_text_is(one, "*"))
            return "*";
        if (one.size == strlen(origin) && memcmp(one.data, origin, one.size) == 0)
            return origin;
    }
    return NULL;
}

/* scheme "://" host [ ":" port ]: RFC 6454 clause 6.2, in lower case as browsers write it. */
static bool is_origin(struct fw_span one)
{
    const char *text = (const char *)one.data;
    const size_t scheme = one.size > 8 && memcmp(text, "https://", 8) == 0 ? 8
                          : one.size > 7 && memcmp(text, "http://", 7) == 0 ? 7 : 0;
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";
    for (size_t i = scheme; i < one.size; i++) {
        if (text[i] == '\0' || !strchr(allowed, text[i]))
            return false;
    }
    return scheme > 0;
}

const char *fw_cors_fault(const char *list)
{
    for (struct fw_span one = next_of(&list); one.size > 0; one = next_of(&list)) {
        if (!fw_text_is(one, "*") && !is_origin(one))
            return "must be origins such as https://app.example.com, parted by commas, or *";
    }
    return NULL;
}
