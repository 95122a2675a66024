/* URIs found in header values. */
#include "line/called.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { ENTRIES_MAX = 32, VALUE_MAX = 4096 };

static const char *after_scheme(const char *value)
{
    static const char *const schemes[] = { "sip:", "sips:", "tel:" };
    bool quoted = false; /* a display name may say anything */
    for (const char *p = value; *p; p++) {
        quoted ^= *p == '"' && (p == value || p[-1] != '\\');
        for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
            const bool begins = p == value || strchr(" <\t,", p[-1]);
            if (begins && !quoted && strncasecmp(p, schemes[i], strlen(schemes[i])) == 0)
                return p + strlen(schemes[i]);
        }
    }
    return NULL;
}

bool fw_line_user_in(const char *value, char *ret, size_t size)
{
    ret[0] = '\0';
    const char *user = strnlen(value, VALUE_MAX) < VALUE_MAX ? after_scheme(value) : NULL;
    if (!user)
        return false;
    const bool tel = strncasecmp(user - 4, "tel:", 4) == 0;
    const size_t uri = strcspn(user, "> \t,\"");
    const char *at = memchr(user, '@', uri);
    if (!tel && !at)
        return false; /* a host alone */
    size_t length = tel ? uri : (size_t)(at - user);
    for (size_t i = 0; i < length; i++) { /* parameters, and a password */
        if (user[i] == ';' || (user[i] == ':' && !tel))
            length = i;
    }
    const struct fw_span text = { (const uint8_t *)user, length };
    if (length > 0 && fw_text_percent_decode(text, false, ret, size) && fw_text_is_utf8(fw_span_of(ret)))
        return true;
    ret[0] = '\0';
    return false;
}

/* Entries are divided by commas outside of angle brackets and quotes. */
static int split(char *value, char *entries[ENTRIES_MAX])
{
    int count = 0;
    bool quoted = false, angle = false;
    entries[count++] = value;
    for (char *p = value; *p; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (*p == '<' || *p == '>'))
            angle = *p == '<';
        else if (*p == ',' && !quoted && !angle && count < ENTRIES_MAX) {
            *p = '\0';
            entries[count++] = p + 1;
        }
    }
    return count;
}

bool fw_line_user_in_history(const char *value, char *ret, size_t size)
{
    char copy[VALUE_MAX];
    char *entries[ENTRIES_MAX];
    ret[0] = '\0';
    if (!fw_text_copy(copy, sizeof copy, fw_span_of(value)))
        return false;
    const int count = split(copy, entries);
    return fw_line_user_in(entries[count > 1 ? count - 2 : 0], ret, size);
}
