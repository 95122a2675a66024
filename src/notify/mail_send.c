/* The message of a received fax, and its way to the server. */
#include "notify/mail_send.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "http/http.h"

enum { CONNECT_MS = 20 * 1000, HEADER_SIZE = 1200, BODY_SIZE = 1024 };

static void easy_free(CURL **c) { curl_easy_cleanup(*c); }
static void list_free(struct curl_slist **l) { curl_slist_free_all(*l); }
static void mime_free(curl_mime **m) { curl_mime_free(*m); }
static void url_free(CURLU **u) { curl_url_cleanup(*u); }
static void text_free(char **text) { curl_free(*text); }

const char *fw_mail_url_fault(const char *url)
{
    char *host CLEANUP(text_free) = NULL, *user CLEANUP(text_free) = NULL, *path CLEANUP(text_free) = NULL;
    CURLU *u CLEANUP(url_free) = curl_url();
    if (!fw_text_starts(url, "smtp://") && !fw_text_starts(url, "smtps://"))
        return "must begin with smtp:// or smtps://";
    if (!u || curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return "must be smtp://HOST:PORT, without a user (smtp_username is for that)";
    if (curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(path, "/") != 0)
        return "may not have a path";
    return strpbrk(url, "?#") ? "may not have a query" : NULL;
}

bool fw_mail_url_is_loopback(const char *url)
{
    char *host CLEANUP(text_free) = NULL;
    CURLU *u CLEANUP(url_free) = curl_url();
    if (!u || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return false;
    struct in_addr v4;
    return fw_text_is_nocase(fw_span_of(host), "localhost") || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

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

static bool add_line(struct curl_slist **list, const char *line)
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

static bool make_headers(const struct fw_mail_server *server, const struct fw_mail *mail,
                         const struct fw_fax *fax, struct curl_slist **list)
{
    char line[HEADER_SIZE], from[FW_NUMBER_MAX + 1], to[FW_NUMBER_MAX + 1];
    number_shown(fax->from, from);
    number_shown(fax->to, to);
    date_line(mail->created_at, line);
    bool good = add_line(list, line);
    snprintf(line, sizeof line, "From: <%s>", server->from);
    good = good && add_line(list, line);
    snprintf(line, sizeof line, "To: <%s>", mail->recipient);
    good = good && add_line(list, line);
    snprintf(line, sizeof line, "Subject: Fax from %s to %s, %d page%s", from, to, fax->page_count,
             fax->page_count == 1 ? "" : "s");
    good = good && add_line(list, line);
    snprintf(line, sizeof line, "Message-ID: <%s@%s>", mail->fax, strrchr(server->from, '@') + 1);
    good = good && add_line(list, line);
    snprintf(line, sizeof line, "X-Faxwire-Fax: %s", mail->fax);
    return good && add_line(list, line) && add_line(list, "Auto-Submitted: auto-generated"); /* RFC 3834 */
}

static bool add_text(curl_mime *mime, const struct fw_fax *fax)
{
    char text[BODY_SIZE], at[FW_TIME_TEXT_SIZE], from[FW_NUMBER_MAX + 1], to[FW_NUMBER_MAX + 1];
    number_shown(fax->from, from);
    number_shown(fax->to, to);
    fw_wall_text(fax->created_at, at);
    snprintf(text, sizeof text,
             "A fax was received.\r\n\r\n"
             "From: %s\r\nTo: %s\r\nMachine: %s\r\nCall: %s\r\nPages: %d\r\nId: %s\r\n%s",
             from, to, fax->remote_ident[0] ? fax->remote_ident : "(gave no identifier)", at, fax->page_count, fax->id,
             fax->partial_content ? "\r\nThe call broke before its end: pages may be missing.\r\n" : "");
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

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const atomic_bool *stop = arg;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(stop);
}

static bool set_up(CURL *c, const struct fw_mail_server *server, const atomic_bool *stop, char fault[CURL_ERROR_SIZE])
{
    bool good = curl_easy_setopt(c, CURLOPT_URL, server->url) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_ERRORBUFFER, fault) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)server->timeout_s) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_XFERINFODATA, stop) == CURLE_OK;
    const long tls = server->tls ? CURLUSESSL_ALL : CURLUSESSL_NONE;
    good = good && curl_easy_setopt(c, CURLOPT_USE_SSL, tls) == CURLE_OK;
    if (server->ca_file[0])
        good = good && curl_easy_setopt(c, CURLOPT_CAINFO, server->ca_file) == CURLE_OK;
    if (server->username[0]) {
        good = good && curl_easy_setopt(c, CURLOPT_USERNAME, server->username) == CURLE_OK;
        good = good && curl_easy_setopt(c, CURLOPT_PASSWORD, server->password) == CURLE_OK;
    }
    return good && curl_easy_setopt(c, CURLOPT_MAIL_FROM, server->from) == CURLE_OK;
}

/* 5yz of what is about us and not about the message (530 to 538: authentication, RFC 4954) can change,
 * and so can a greeting of 554: before the sender was named nothing was said of the message. */
static enum fw_mail_result result_of(CURL *c, CURLcode code, const char *fault, char why[FW_TEXT_SIZE])
{
    long answer = 0;
    if (code == CURLE_OK)
        return FW_MAIL_TAKEN;
    if (curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &answer) != CURLE_OK)
        answer = 0;
    char text[FW_TEXT_SIZE];
    fw_text_clip(text, sizeof text, fault[0] ? fault : curl_easy_strerror(code));
    snprintf(why, FW_TEXT_SIZE, "%.200s (last answer %ld)", text, answer);
    const bool of_message = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_WEIRD_SERVER_REPLY;
    const bool final = of_message && answer >= 500 && answer <= 599 && (answer < 530 || answer > 538);
    return final ? FW_MAIL_REFUSED : FW_MAIL_AGAIN;
}

enum fw_mail_result fw_mail_send(const struct fw_mail_server *server, const struct fw_mail *mail,
                                 const struct fw_fax *fax, const char *document, const atomic_bool *stop,
                                 char why[FW_TEXT_SIZE])
{
    char fault[CURL_ERROR_SIZE] = "";
    CURL *c CLEANUP(easy_free) = curl_easy_init();
    struct curl_slist *headers CLEANUP(list_free) = NULL, *to CLEANUP(list_free) = NULL;
    curl_mime *mime CLEANUP(mime_free) = c ? curl_mime_init(c) : NULL;
    const bool made = mime && set_up(c, server, stop, fault) && make_headers(server, mail, fax, &headers) &&
                      add_line(&to, mail->recipient) && add_text(mime, fax) && add_document(mime, fax, document) &&
                      curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
                      curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to) == CURLE_OK &&
                      curl_easy_setopt(c, CURLOPT_MIMEPOST, mime) == CURLE_OK;
    if (!made) {
        fw_text_clip(why, FW_TEXT_SIZE, "the message cannot be made: no memory, or its document cannot be read");
        return FW_MAIL_AGAIN;
    }
    return result_of(c, curl_easy_perform(c), fault, why);
}
