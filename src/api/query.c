/* The request's target, decoded once. */
#include "api/query.h"

#include <string.h>

#include "base/text.h"

static struct fw_span take_until(struct fw_span *rest, char c)
{
    const uint8_t *at = rest->size > 0 ? memchr(rest->data, c, rest->size) : NULL;
    const struct fw_span head = { rest->data, at ? (size_t)(at - rest->data) : rest->size };
    const size_t used = head.size + (at ? 1 : 0);
    if (used > 0)
        *rest = (struct fw_span){ rest->data + used, rest->size - used };
    return head;
}

static enum fw_err decode(struct fw_target *t, struct fw_span raw, bool plus_is_space,
                          const char **ret)
{
    char *dst = t->text + t->used;
    if (raw.size >= sizeof t->text - t->used)
        return FW_LIMIT;
    if (!fw_text_percent_decode(raw, plus_is_space, dst, sizeof t->text - t->used) ||
        !fw_text_is_utf8(fw_span_of(dst)))
        return FW_INVALID;
    t->used += strlen(dst) + 1;
    *ret = dst;
    return FW_OK;
}

static enum fw_err parse_query(struct fw_span query, struct fw_target *t)
{
    while (query.size > 0) {
        struct fw_span pair = take_until(&query, '&');
        if (pair.size == 0)
            continue;
        if (t->query_count == FW_QUERY_MAX)
            return FW_LIMIT;
        const struct fw_span name = take_until(&pair, '=');
        enum fw_err err = decode(t, name, true, &t->query[t->query_count].name);
        if (!err)
            err = decode(t, pair, true, &t->query[t->query_count].value);
        if (err)
            return err;
        t->query_count++;
    }
    return FW_OK;
}

enum fw_err fw_target_parse(struct fw_span raw, struct fw_target *ret)
{
    ret->used = 0;
    ret->segment_count = ret->query_count = 0;
    if (raw.size > FW_TARGET_MAX)
        return FW_LIMIT;
    struct fw_span path = take_until(&raw, '?');
    if (path.size == 0 || path.data[0] != '/')
        return FW_INVALID;
    /* A slash at the end opens one more segment, an empty one: no path of ours. */
    for (bool more = path.size > 1; more;) {
        path = (struct fw_span){ path.data + 1, path.size - 1 };
        if (ret->segment_count == FW_SEGMENTS_MAX)
            return FW_LIMIT;
        const uint8_t *end = path.size > 0 ? memchr(path.data, '/', path.size) : NULL;
        const size_t size = end ? (size_t)(end - path.data) : path.size;
        const struct fw_span segment = { path.data, size };
        const enum fw_err err = decode(ret, segment, false, &ret->segments[ret->segment_count]);
        if (err)
            return err;
        ret->segment_count++;
        path = (struct fw_span){ path.data + size, path.size - size };
        more = end != NULL;
    }
    return parse_query(raw, ret);
}

const char *fw_query_get(const struct fw_target *t, const char *name)
{
    for (int i = 0; i < t->query_count; i++) {
        if (strcmp(t->query[i].name, name) == 0)
            return t->query[i].value;
    }
    return NULL;
}
