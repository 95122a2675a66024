/* Numbers and URIs into SIP addresses: a strict alphabet in, exact text out. */
#include "line/address.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { NUMBER_SIZE = 128, DIGITS_MIN = 1 };

static bool fits(int printed, size_t size)
{
    return printed >= 0 && (size_t)printed < size;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* '+' first, digits, '*'; '#' is escaped (RFC 3261 clause 25.1 has it nowhere in a user). */
static bool number_of(const char *text, char ret[NUMBER_SIZE])
{
    size_t size = 0, digits = 0;
    for (const char *p = text; *p; p++) {
        if (strchr(" -.()", *p))
            continue;
        const bool plus = *p == '+' && size == 0;
        if (!plus && !is_digit(*p) && *p != '*' && *p != '#')
            return false;
        if (size + 4 > NUMBER_SIZE)
            return false;
        if (*p == '#') {
            memcpy(ret + size, "%23", 3);
            size += 3;
        } else {
            ret[size++] = *p;
        }
        digits += *p != '+';
    }
    ret[size] = '\0';
    return digits >= DIGITS_MIN;
}

/* A URI is carried, not understood: no byte of it may end the angle brackets or the line. */
static bool uri_ok(const char *text)
{
    if (!fw_text_starts(text, "sip:") && !fw_text_starts(text, "sips:"))
        return false;
    const char *user = strchr(text, ':') + 1;
    const char *at = strchr(user, '@');
    if (at == user || (at && at[1] == '\0') || *user == '\0')
        return false;
    for (const char *p = text; *p; p++) {
        if (*p <= ' ' || *p == 0x7F || strchr("<>\"\\^`{|},?", *p))
            return false;
    }
    return true;
}

static const char *bracket(const char *host, bool open)
{
    if (!strchr(host, ':') || host[0] == '[')
        return "";
    return open ? "[" : "]";
}

static enum fw_err at_host(const char *user, const char *host, uint16_t port, char *ret)
{
    const char *open = bracket(host, true), *close = bracket(host, false);
    const char *at = user[0] ? "@" : "";
    const int printed =
        port ? snprintf(ret, FW_LINE_URI_SIZE, "sip:%s%s%s%s%s:%u", user, at, open, host, close,
                        port)
             : snprintf(ret, FW_LINE_URI_SIZE, "sip:%s%s%s%s%s", user, at, open, host, close);
    return fits(printed, FW_LINE_URI_SIZE) ? FW_OK : FW_LIMIT;
}

enum fw_err fw_line_host_uri(const char *host, uint16_t port, char ret[FW_LINE_URI_SIZE])
{
    return at_host("", host, port, ret);
}

enum fw_err fw_line_request_uri(const char *to, const char *host, uint16_t port,
                                char ret[FW_LINE_URI_SIZE], bool *ret_own_host)
{
    char number[NUMBER_SIZE];
    if (uri_ok(to)) {
        *ret_own_host = true;
        return fits(snprintf(ret, FW_LINE_URI_SIZE, "%s", to), FW_LINE_URI_SIZE) ? FW_OK : FW_LIMIT;
    }
    if (!number_of(to, number))
        return FW_INVALID;
    *ret_own_host = false;
    return at_host(number, host, port, ret);
}

static bool quoted(const char *text, char *ret, size_t size)
{
    size_t at = 0;
    for (const char *p = text; *p; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c < ' ' || c == 0x7F)
            continue;
        if (at + 3 > size)
            return false;
        if (c == '"' || c == '\\')
            ret[at++] = '\\';
        ret[at++] = *p;
    }
    ret[at] = '\0';
    return true;
}

enum fw_err fw_line_from(const char *display_name, const char *from, const char *domain,
                         char ret[FW_LINE_FROM_SIZE])
{
    char uri[FW_LINE_URI_SIZE], name[320];
    bool own_host;
    if (from[0] == '\0') {
        snprintf(ret, FW_LINE_FROM_SIZE, "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
        return FW_OK;
    }
    const enum fw_err err = fw_line_request_uri(from, domain, 0, uri, &own_host);
    if (err)
        return err;
    if (!quoted(display_name, name, sizeof name))
        return FW_LIMIT;
    const int printed = name[0] ? snprintf(ret, FW_LINE_FROM_SIZE, "\"%s\" <%s>", name, uri)
                                : snprintf(ret, FW_LINE_FROM_SIZE, "<%s>", uri);
    return fits(printed, FW_LINE_FROM_SIZE) ? FW_OK : FW_LIMIT;
}
