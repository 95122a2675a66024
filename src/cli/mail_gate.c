/* Addresses, numbers, lists of senders. */
#include "cli/mail_gate.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

enum { DIGITS_MIN = 7, DIGITS_MAX = 15 }; /* ITU-T E.164 clause 6; nobody has fewer with a country code */

bool fw_mail_number(const char *recipient, char ret[FW_MAIL_NUMBER_SIZE])
{
    const char *p = recipient + (recipient[0] == '<');
    size_t digits = 0;
    p += fw_text_is_nocase((struct fw_span){ (const uint8_t *)p, strnlen(p, 4) }, "fax=") ? 4 : 0;
    if (*p++ != '+' || *p == '0')
        return false;
    ret[0] = '+';
    for (; *p && *p != '@'; p++) {
        if (*p == '-' || *p == '.') /* RFC 3191 clause 2: as people write numbers */
            continue;
        if (*p < '0' || *p > '9' || digits == DIGITS_MAX)
            return false;
        ret[++digits] = *p;
    }
    ret[digits + 1] = '\0';
    return *p == '@' && digits >= DIGITS_MIN;
}

bool fw_mail_address(const char *text, char ret[FW_MAIL_ADDRESS_SIZE])
{
    struct fw_span address = fw_span_of(text);
    if (address.size >= 2 && text[0] == '<' && text[address.size - 1] == '>')
        address = (struct fw_span){ address.data + 1, address.size - 2 };
    if (!fw_text_copy(ret, FW_MAIL_ADDRESS_SIZE, address) || !fw_text_is_email(ret))
        return false;
    for (char *c = ret; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return true;
}

bool fw_mail_sender_ok(const json_t *senders, const char *address)
{
    size_t i;
    json_t *item;
    const char *at = strrchr(address, '@');
    json_array_foreach (senders, i, item) {
        const char *rule = json_string_value(item);
        if (rule && at && fw_text_is_nocase(fw_span_of(rule[0] == '@' ? at : address), rule))
            return true;
    }
    return false;
}

struct fw_span fw_mail_head(struct fw_span message)
{
    size_t line = 0; /* where the line began */
    for (size_t i = 0; i < message.size; i++) {
        if (message.data[i] != '\n')
            continue;
        if (i == line || (i == line + 1 && message.data[line] == '\r'))
            return (struct fw_span){ message.data, i + 1 };
        line = i + 1;
    }
    return message;
}

int fw_mail_count(struct fw_span text, const char *word, int max)
{
    const size_t size = strlen(word);
    int count = 0;
    for (size_t i = 0; i + size <= text.size && count < max; i++) {
        size_t k = 0;
        while (k < size && tolower(text.data[i + k]) == word[k])
            k++;
        count += k == size;
    }
    return count;
}

static bool lists_addresses(struct fw_span line)
{
    static const char *const names[] = { "from", "to", "cc", "bcc", "sender", "reply-to" };
    static const char resent[] = "resent-";
    const uint8_t *colon = line.size > 0 ? memchr(line.data, ':', line.size) : NULL;
    struct fw_span name = { line.data, colon ? (size_t)(colon - line.data) : 0 };
    while (name.size > 0 && strchr(" \t", name.data[name.size - 1]))
        name.size--;
    if (name.size > sizeof resent - 1 && fw_text_is_nocase((struct fw_span){ name.data, sizeof resent - 1 }, resent))
        name = (struct fw_span){ name.data + sizeof resent - 1, name.size - (sizeof resent - 1) };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (fw_text_is_nocase(name, names[i]))
            return true;
    }
    return false;
}

bool fw_mail_groups_over(struct fw_span message, int max)
{
    bool listing = false;
    int count = 0;
    while (message.size > 0) {
        const uint8_t *newline = memchr(message.data, '\n', message.size);
        const size_t size = newline ? (size_t)(newline - message.data) + 1 : message.size;
        const struct fw_span line = { message.data, size };
        if (line.data[0] != ' ' && line.data[0] != '\t') {
            listing = lists_addresses(line);
            count = 0;
        }
        for (size_t i = 0; i < line.size && listing; i++)
            count += line.data[i] == ':';
        if (count > max)
            return true;
        message = (struct fw_span){ message.data + size, message.size - size };
    }
    return false;
}
