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

static const char *transport_of(const struct fw_line_hop *hop)
{
    switch (hop->transport) {
    case FW_TRUNK_TRANSPORT_TCP: return ";transport=tcp";
    case FW_TRUNK_TRANSPORT_TLS: return ";transport=tls";
    case FW_TRUNK_TRANSPORT_UDP:
    case FW_TRUNK_TRANSPORT_COUNT: break;
    }
    return "";
}

/* "host:5070" and "[v6]:5070" have a port already; bare IPv6 has more colons than one. */
static bool has_port(const char *host)
{
    const char *colon = strrchr(host, ':');
    return colon && (strchr(host, ':') == colon || (host[0] == '[' && colon[-1] == ']'));
}

static enum fw_err at_host(const char *user, const struct fw_line_hop *hop, char *ret)
{
    const bool own_port = has_port(hop->host);
    const char *open = own_port ? "" : bracket(hop->host, true);
    const char *close = own_port ? "" : bracket(hop->host, false);
    char port[8] = "";
    if (hop->port && !own_port)
        snprintf(port, sizeof port, ":%u", (unsigned)hop->port);
    return fits(snprintf(ret, FW_LINE_URI_SIZE, "sip:%s%s%s%s%s%s%s", user, user[0] ? "@" : "", open,
                         hop->host, close, port, transport_of(hop)),
                FW_LINE_URI_SIZE)
               ? FW_OK
               : FW_LIMIT;
}

enum fw_err fw_line_host_uri(const struct fw_line_hop *hop, char ret[FW_LINE_URI_SIZE])
{
    return at_host("", hop, ret);
}

enum fw_err fw_line_user_uri(const char *user, const char *host, char ret[FW_LINE_URI_SIZE])
{
    return at_host(user, &(struct fw_line_hop){ .host = host }, ret);
}

enum fw_err fw_line_number(const char *text, const struct fw_line_number_rule *rule, char *ret,
                           size_t size)
{
    char kept[NUMBER_SIZE];
    size_t count = 0;
    bool plus = false;
    if (uri_ok(text))
        return fits(snprintf(ret, size, "%s", text), size) ? FW_OK : FW_LIMIT;
    for (const char *p = text; *p; p++) {
        if (strchr(" -.()", *p))
            continue;
        if (*p == '+' && count == 0 && !plus)
            plus = true;
        else if (!is_digit(*p) && *p != '*' && *p != '#')
            return FW_INVALID;
        else if (count + 1 >= sizeof kept)
            return FW_LIMIT;
        else
            kept[count++] = *p;
    }
    kept[count] = '\0';
    if (count <= rule->strip)
        return FW_INVALID;
    plus = rule->plus == FW_TRUNK_PLUS_KEEP ? plus : rule->plus == FW_TRUNK_PLUS_ADD;
    return fits(snprintf(ret, size, "%s%s%s", plus ? "+" : "", rule->prefix, kept + rule->strip), size)
               ? FW_OK
               : FW_LIMIT;
}

enum fw_err fw_line_request_uri(const char *to, const struct fw_line_hop *hop,
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
    return at_host(number, hop, ret);
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
    const struct fw_line_hop hop = { .host = domain };
    const enum fw_err err = fw_line_request_uri(from, &hop, uri, &own_host);
    if (err)
        return err;
    if (!quoted(display_name, name, sizeof name))
        return FW_LIMIT;
    const int printed = name[0] ? snprintf(ret, FW_LINE_FROM_SIZE, "\"%s\" <%s>", name, uri)
                                : snprintf(ret, FW_LINE_FROM_SIZE, "<%s>", uri);
    return fits(printed, FW_LINE_FROM_SIZE) ? FW_OK : FW_LIMIT;
}
