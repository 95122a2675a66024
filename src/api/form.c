/* Forms into JSON objects. Source: WHATWG URL standard, application/x-www-form-urlencoded parsing.
 */
#include "api/form.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { LIST_MAX = 64 }; /* values of one name */

static bool is_index(const char *key)
{
    uint64_t value;
    return key[0] == '\0' || fw_text_to_u64(fw_span_of(key), 9999, &value);
}

/* Splits `a[b][c]` in place. Returns how many keys, 0 when malformed. */
static int split(char *name, char *keys[3])
{
    char *open = strchr(name, '[');
    int count = 1;
    keys[0] = name;
    if (open == name || name[0] == '\0')
        return 0;
    while (open) {
        char *close = strchr(open, ']');
        if (!close || count == 3 || (close[1] != '\0' && close[1] != '['))
            return 0;
        *open = *close = '\0';
        keys[count++] = open + 1;
        open = close[1] == '[' ? close + 1 : NULL;
    }
    return count;
}

/* Adds to what `key` of `object` already is: nothing, a text, or a list. */
static enum fw_err add(json_t *object, const char *key, bool list, struct fw_span value)
{
    json_t *old = json_object_get(object, key);
    /* An empty part has no bytes to point at. */
    json_t *text = json_stringn(value.size > 0 ? (const char *)value.data : "", value.size);
    if (!text)
        return FW_NO_MEMORY;
    if (!old && !list)
        return json_object_set_new(object, key, text) == 0 ? FW_OK : FW_NO_MEMORY;
    if (json_is_object(old) || json_array_size(old) >= LIST_MAX) {
        json_decref(text);
        return json_is_object(old) ? FW_INVALID : FW_LIMIT;
    }
    if (!json_is_array(old)) {
        json_t *array = old ? json_pack("[O]", old) : json_array();
        if (json_object_set_new(object, key, array) < 0) {
            json_decref(text);
            return FW_NO_MEMORY;
        }
        old = array;
    }
    return json_array_append_new(old, text) == 0 ? FW_OK : FW_NO_MEMORY;
}

enum fw_err fw_form_put(json_t *fields, struct fw_span name, struct fw_span value)
{
    char copy[FW_FORM_NAME_MAX + 1], *keys[3];
    if (value.size > FW_FORM_VALUE_MAX || name.size > FW_FORM_NAME_MAX)
        return FW_LIMIT;
    if (!fw_text_is_utf8(name) || !fw_text_is_utf8(value) || !fw_text_copy(copy, sizeof copy, name))
        return FW_INVALID;
    const int count = split(copy, keys);
    if (count == 0)
        return FW_INVALID;
    json_t *object = fields;
    int at = 0;
    if (count > 1 && !is_index(keys[1])) {
        object = json_object_get(fields, keys[at]);
        if (object && !json_is_object(object))
            return FW_INVALID;
        if (!object) {
            object = json_object();
            if (json_object_set_new(fields, keys[at], object) < 0)
                return FW_NO_MEMORY;
        }
        at++;
    }
    const bool list = at + 1 < count;
    if (list && (at + 2 < count || !is_index(keys[at + 1])))
        return FW_INVALID;
    return add(object, keys[at], list, value);
}

static struct fw_span take_until(struct fw_span *rest, char c)
{
    const uint8_t *at = rest->size > 0 ? memchr(rest->data, c, rest->size) : NULL;
    const struct fw_span head = { rest->data, at ? (size_t)(at - rest->data) : rest->size };
    const size_t used = head.size + (at ? 1 : 0);
    *rest = (struct fw_span){ rest->data + used, rest->size - used };
    return head;
}

/* `scratch` has room for FW_FORM_VALUE_MAX and a NUL. */
static enum fw_err read_pair(struct fw_span pair, json_t *fields, char *scratch)
{
    char name[FW_FORM_NAME_MAX + 1];
    const struct fw_span raw_name = take_until(&pair, '=');
    if (raw_name.size > 3 * FW_FORM_NAME_MAX || pair.size > 3 * FW_FORM_VALUE_MAX)
        return FW_LIMIT;
    if (!fw_text_percent_decode(raw_name, true, name, sizeof name) ||
        !fw_text_percent_decode(pair, true, scratch, FW_FORM_VALUE_MAX + 1))
        return FW_INVALID;
    return fw_form_put(fields, fw_span_of(name), fw_span_of(scratch));
}

static void text_free(char **text)
{
    free(*text);
}

enum fw_err fw_urlencoded_read(struct fw_span body, json_t *fields)
{
    char *scratch CLEANUP(text_free) = malloc(FW_FORM_VALUE_MAX + 1);
    enum fw_err err = scratch ? FW_OK : FW_NO_MEMORY;
    for (int count = 0; body.size > 0 && !err;) {
        const struct fw_span pair = take_until(&body, '&');
        if (pair.size == 0)
            continue;
        if (++count > FW_FORM_FIELDS_MAX)
            return FW_LIMIT;
        err = read_pair(pair, fields, scratch);
    }
    return err;
}
