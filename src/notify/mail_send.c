/* The way of a message to the server. */
#include "notify/mail_send.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "http/http.h"

enum { CONNECT_MS = 20 * 1000 };

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

/* What is under way. */
struct sending {
    const atomic_bool *stop;
    bool named; /* the sender was, so that an answer is about the message */
    char fault[CURL_ERROR_SIZE];
};

static int on_debug(CURL *c, curl_infotype type, char *data, size_t size, void *arg)
{
    struct sending *s = arg;
    (void)c;
    s->named |= type == CURLINFO_HEADER_OUT && size >= 5 && memcmp(data, "MAIL ", 5) == 0;
    return 0;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct sending *s = arg;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(s->stop);
}

static bool set_up(CURL *c, const struct fw_mail_server *server, struct sending *s)
{
    bool good = curl_easy_setopt(c, CURLOPT_URL, server->url) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->fault) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)server->timeout_s) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_XFERINFODATA, s) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_debug) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_DEBUGDATA, s) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_VERBOSE, 1L) == CURLE_OK;
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
static enum fw_mail_result result_of(CURL *c, CURLcode code, const struct sending *s, char why[FW_TEXT_SIZE])
{
    long answer = 0;
    if (code == CURLE_OK)
        return FW_MAIL_TAKEN;
    if (curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &answer) != CURLE_OK)
        answer = 0;
    char text[FW_TEXT_SIZE];
    fw_text_clip(text, sizeof text, s->fault[0] ? s->fault : curl_easy_strerror(code));
    snprintf(why, FW_TEXT_SIZE, "%.200s (last answer %ld)", text, answer);
    const bool of_message = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_WEIRD_SERVER_REPLY;
    const bool final = of_message && s->named && answer >= 500 && answer <= 599 && (answer < 530 || answer > 538);
    return final ? FW_MAIL_REFUSED : FW_MAIL_AGAIN;
}

enum fw_mail_result fw_mail_send(const struct fw_mail_server *server, const struct fw_letter *letter,
                                 const atomic_bool *stop, char why[FW_TEXT_SIZE])
{
    struct sending sending = { .stop = stop };
    CURL *c CLEANUP(easy_free) = curl_easy_init();
    struct curl_slist *headers CLEANUP(list_free) = NULL, *to CLEANUP(list_free) = NULL;
    curl_mime *mime CLEANUP(mime_free) = c ? curl_mime_init(c) : NULL;
    const bool made = mime && set_up(c, server, &sending) && fw_letter_headers(server, letter, &headers) &&
                      fw_letter_line(&to, letter->mail->recipient) && fw_letter_parts(mime, letter) &&
                      curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
                      curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to) == CURLE_OK &&
                      curl_easy_setopt(c, CURLOPT_MIMEPOST, mime) == CURLE_OK;
    if (!made) {
        fw_text_clip(why, FW_TEXT_SIZE, "the message cannot be made: no memory, or its document cannot be read");
        return FW_MAIL_AGAIN;
    }
    return result_of(c, curl_easy_perform(c), &sending, why);
}
