/* The message of a received fax, and that about one that was sent. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "notify/mail_send.h"

enum { HEADER_SIZE = 1200, BODY_SIZE = 2048 };

/* A number as the far end gave it, fit for a header. */
static void number_shown(const char *number, char ret[FW_NUMBER_MAX + 1])
{
    size_t used = 0;
    for (const char *c = number; *c && used < FW_NUMBER_MAX; c++) {
        if (*c > ' ' && *c < 0x7f)
            ret[used++] = *c;
    }
    ret[used] = '\0';
    if (used == 0)
        fw_text_clip(ret, FW_NUMBER_MAX + 1, "unknown");
}

bool fw_letter_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer)
        *list = longer;
    return longer;
}

/* The date is that of the fax: the same message whenever it is tried. Names of days as RFC 5322 has
 * them, whatever the locale. */
static void date_line(struct fw_wall at, char ret[HEADER_SIZE])
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const time_t seconds = (time_t)(at.us / 1000000);
    struct tm tm = { 0 };
    gmtime_r(&seconds, &tm);
    snprintf(ret, HEADER_SIZE, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d +0000", days + (size_t)tm.tm_wday * 3,
             tm.tm_mday, months + (size_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void subject_line(const struct fw_fax *fax, char ret[HEADER_SIZE])
{
    char from[FW_NUMBER_MAX + 1], to[FW_NUMBER_MAX + 1];
    const char *s = fax->page_count == 1 ? "" : "s";
    number_shown(fax->from, from);
    number_shown(fax->to, to);
    if (fax->direction == FW_INBOUND)
        snprintf(ret, HEADER_SIZE, "Subject: Fax from %s to %s, %d page%s", from, to, fax->page_count, s);
    else if (fax->status == FW_STATUS_DELIVERED)
        snprintf(ret, HEADER_SIZE, "Subject: Fax to %s delivered, %d page%s", to, fax->page_count, s);
    else
        snprintf(ret, HEADER_SIZE, "Subject: Fax to %s was not delivered", to);
}

/* A fax has one message, so its id names it. The reference was checked when it was taken. */
bool fw_letter_headers(const struct fw_mail_server *server, const struct fw_letter *letter, struct curl_slist **list)
{
    char line[HEADER_SIZE];
    const struct fw_mail *mail = letter->mail;
    const char *reference = letter->fax->result_reference;
    date_line(mail->created_at, line);
    bool good = fw_letter_line(list, line);
    snprintf(line, sizeof line, "From: <%s>", server->from);
    good = good && fw_letter_line(list, line);
    snprintf(line, sizeof line, "To: <%s>", mail->recipient);
    good = good && fw_letter_line(list, line);
    subject_line(letter->fax, line);
    good = good && fw_letter_line(list, line);
    snprintf(line, sizeof line, "Message-ID: <%s@%s>", mail->fax, strrchr(server->from, '@') + 1);
    good = good && fw_letter_line(list, line);
    for (int i = 0; i < 2 && reference; i++) {
        snprintf(line, sizeof line, "%s: %s", i ? "References" : "In-Reply-To", reference);
        good = good && fw_letter_line(list, line);
    }
    snprintf(line, sizeof line, "X-Faxwire-Fax: %s", mail->fax);
    return good && fw_letter_line(list, line) && fw_letter_line(list, "Auto-Submitted: auto-generated"); /* RFC 3834 */
}

static void describe_received(const struct fw_fax *fax, char ret[BODY_SIZE])
{
    char at[FW_TIME_TEXT_SIZE], from[FW_NUMBER_MAX + 1], to[FW_NUMBER_MAX + 1];
    number_shown(fax->from, from);
    number_shown(fax->to, to);
    fw_wall_text(fax->created_at, at);
    snprintf(ret, BODY_SIZE,
             "A fax was received.\r\n\r\n"
             "From: %s\r\nTo: %s\r\nMachine: %s\r\nCall: %s\r\nPages: %d\r\nId: %s\r\n%s",
             from, to, fax->remote_ident[0] ? fax->remote_ident : "(gave no identifier)", at, fax->page_count, fax->id,
             fax->partial_content ? "\r\nThe call broke before its end: pages may be missing.\r\n" : "");
}

static void describe_sent(const struct fw_letter *letter, char ret[BODY_SIZE])
{
    const struct fw_fax *fax = letter->fax;
    const bool delivered = fax->status == FW_STATUS_DELIVERED;
    char at[FW_TIME_TEXT_SIZE], to[FW_NUMBER_MAX + 1], how[FW_TEXT_SIZE * 2 + 256] = "";
    number_shown(fax->to, to);
    fw_wall_text(fax->updated_at, at);
    if (!delivered)
        snprintf(how, sizeof how, "%s\r\n\r\nReason: %s (%s)\r\n", letter->advice, fax->failure_reason,
                 fax->failure_detail);
    snprintf(ret, BODY_SIZE,
             "%s\r\n\r\n%sTo: %s\r\nPages that arrived: %d of %d\r\nCalls: %d\r\nTime: %s\r\nId: %s\r\n",
             delivered ? "Your fax was delivered: the other machine confirmed every page."
                       : "Your fax was not delivered.",
             how, to, fax->pages_confirmed, fax->page_count, fax->attempts, at, fax->id);
}

static bool add_text(curl_mime *mime, const struct fw_letter *letter)
{
    char text[BODY_SIZE];
    if (letter->fax->direction == FW_INBOUND)
        describe_received(letter->fax, text);
    else
        describe_sent(letter, text);
    curl_mimepart *part = curl_mime_addpart(mime);
    return part && curl_mime_data(part, text, CURL_ZERO_TERMINATED) == CURLE_OK &&
           curl_mime_type(part, "text/plain; charset=utf-8") == CURLE_OK &&
           curl_mime_encoder(part, "quoted-printable") == CURLE_OK;
}

static bool add_document(curl_mime *mime, const struct fw_fax *fax, const char *document)
{
    const bool pdf = fax->media_format == FW_FORMAT_PDF;
    char name[FW_UUID_SIZE + 16];
    snprintf(name, sizeof name, "fax-%s.%s", fax->id, fw_media_format_text(fax->media_format));
    curl_mimepart *part = curl_mime_addpart(mime);
    return part && curl_mime_filedata(part, document) == CURLE_OK && curl_mime_filename(part, name) == CURLE_OK &&
           curl_mime_type(part, pdf ? "application/pdf" : "image/tiff") == CURLE_OK &&
           curl_mime_encoder(part, "base64") == CURLE_OK;
}

bool fw_letter_parts(curl_mime *mime, const struct fw_letter *letter)
{
    return add_text(mime, letter) && (!letter->document[0] || add_document(mime, letter->fax, letter->document));
}
