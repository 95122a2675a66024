/* Prefixes of numbers that may or may not be called. */
#include "fax/guard.h"

#include <string.h>

enum { DIGITS_MAX = 15 };
static const char between[] = ", ";

const char *fw_guard_fault(const char *list)
{
    for (const char *p = list + strspn(list, between); *p; p += strspn(p, between)) {
        const size_t digits = *p == '+' ? strspn(p + 1, "0123456789") : 0;
        if (digits == 0 || digits > DIGITS_MAX || (p[1 + digits] && !strchr(between, p[1 + digits])))
            return "must be prefixes like +1900, parted by commas";
        p += 1 + digits;
    }
    return NULL;
}

static bool has_prefix(const char *list, const char *number)
{
    for (const char *p = list + strspn(list, between); *p; p += strspn(p, between)) {
        const size_t size = strcspn(p, between);
        if (strncmp(p, number, size) == 0)
            return true;
        p += size;
    }
    return false;
}

/* The next character of a URI, %XX decoded (RFC 3986 clause 2.1). */
static char next_of(const char **p)
{
    static const char digits[] = "0123456789abcdef";
    char c = *(*p)++;
    if (c != '%' || !(*p)[0] || !(*p)[1])
        return c;
    const char *high = strchr(digits, (*p)[0] | 0x20), *low = strchr(digits, (*p)[1] | 0x20);
    if (!high || !low)
        return c;
    *p += 2;
    return (char)((high - digits) * 16 + (low - digits));
}

/* What a gateway would dial: "sip:%2B1-900-..." and "sip:001900..." are +1900... to it. */
static void number_of(const char *to, char *ret, size_t ret_size)
{
    const char *colon = to[0] == '+' ? NULL : strchr(to, ':');
    const char *p = colon ? colon + 1 : to;
    size_t size = 1;
    bool abroad = false; /* the 00 has been left out */
    ret[0] = '+';
    while (*p && *p != '@' && *p != ';' && size + 1 < ret_size) {
        const char c = next_of(&p);
        if (c >= '0' && c <= '9')
            ret[size++] = c;
        else if (!strchr("+-.() ", c))
            break;
        if (!abroad && size == 3 && ret[1] == '0' && ret[2] == '0') {
            abroad = true;
            size = 1;
        }
    }
    ret[size] = '\0';
}

enum fw_guard_answer fw_guard_ask(const struct fw_guard *g, const char *to)
{
    char number[64];
    const bool allows = g->allow && g->allow[strspn(g->allow, between)];
    number_of(to, number, sizeof number);
    if (g->bar && has_prefix(g->bar, number))
        return FW_GUARD_BARRED;
    return allows && !has_prefix(g->allow, number) ? FW_GUARD_NOT_ALLOWED : FW_GUARD_OK;
}

const char *fw_guard_reason(enum fw_guard_answer a, const char **ret_detail)
{
    *ret_detail = a == FW_GUARD_BARRED ? "numbers that begin so are barred (bar_prefixes)"
                                       : "only numbers with certain prefixes may be called (allow_prefixes)";
    return a == FW_GUARD_BARRED ? "destination_invalid" : "destination_not_in_countries_whitelist";
}

const char *fw_quota_text(enum fw_quota q)
{
    static const char *const texts[] = {
#define X(name, text) [FW_QUOTA_##name] = text,
        FW_QUOTAS(X)
#undef X
    };
    fw_assert((unsigned)q < FW_QUOTA_COUNT);
    return texts[q];
}
