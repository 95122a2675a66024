/* The common set-up of outgoing HTTP, and URLs as people may see them. */
#include "http/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { HEADER_BYTES_MAX = 64 * 1024, LOW_SPEED_BYTES = 1, LOW_SPEED_S = 20 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode init_code;

static void init(void) { init_code = curl_global_init(CURL_GLOBAL_DEFAULT); }

enum fw_err fw_http_init(void)
{
    if (pthread_once(&once, init) != 0 || init_code != CURLE_OK)
        return FW_NO_MEMORY;
    return FW_OK;
}

static void url_free(CURLU **u) { curl_url_cleanup(*u); }
static void text_free(char **text) { curl_free(*text); }

static CURLU *url_of(const char *text)
{
    CURLU *u = curl_url();
    if (u && curl_url_set(u, CURLUPART_URL, text, 0) != CURLUE_OK) {
        curl_url_cleanup(u);
        return NULL;
    }
    return u;
}

static char *part_of(CURLU *u, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    return curl_url_get(u, part, &text, flags) == CURLUE_OK ? text : NULL;
}

const char *fw_http_url_fault(const char *url)
{
    const size_t size = strlen(url);
    if (size == 0 || size > FW_URL_MAX)
        return size ? "is longer than 2000 characters" : "is empty";
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)url[i] <= ' ' || url[i] == 0x7f)
            return "has a space or control character in it";
    }
    /* curl forgives one slash too many or too few; others that read the URL may not. */
    const char *slashes = strstr(url, "://");
    CURLU *u CLEANUP(url_free) = url_of(url);
    if (!u || !slashes || slashes[3] == '/')
        return "is not a URL";
    char *scheme CLEANUP(text_free) = part_of(u, CURLUPART_SCHEME, 0);
    char *user CLEANUP(text_free) = part_of(u, CURLUPART_USER, 0);
    char *password CLEANUP(text_free) = part_of(u, CURLUPART_PASSWORD, 0);
    char *host CLEANUP(text_free) = part_of(u, CURLUPART_HOST, 0);
    if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        return "is neither http nor https";
    if (user || password)
        return "has a user or password in it; use a secret in the path or query instead";
    return host && host[0] ? NULL : "has no host";
}

void fw_http_url_shown(const char *url, char ret[FW_URL_SHOWN_SIZE])
{
    CURLU *u CLEANUP(url_free) = url_of(url);
    char *scheme CLEANUP(text_free) = u ? part_of(u, CURLUPART_SCHEME, 0) : NULL;
    char *path CLEANUP(text_free) = u ? part_of(u, CURLUPART_PATH, 0) : NULL;
    char host[FW_URL_SHOWN_SIZE];
    fw_http_url_host(url, host, sizeof host);
    if (!scheme || !host[0]) {
        fw_text_clip(ret, FW_URL_SHOWN_SIZE, "(not a URL)");
        return;
    }
    char text[FW_URL_MAX * 4];
    const int size = snprintf(text, sizeof text, "%s://%s%s", scheme, host, path ? path : "");
    fw_text_clip(ret, FW_URL_SHOWN_SIZE, size > 0 ? text : "");
}

void fw_http_url_host(const char *url, char *dst, size_t dst_size)
{
    CURLU *u CLEANUP(url_free) = url_of(url);
    char *host CLEANUP(text_free) = u ? part_of(u, CURLUPART_HOST, 0) : NULL;
    char *port CLEANUP(text_free) = u ? part_of(u, CURLUPART_PORT, CURLU_DEFAULT_PORT) : NULL;
    dst[0] = '\0';
    if (!host || !port)
        return;
    const int size = snprintf(dst, dst_size, "%s:%s", host, port);
    if (size < 0 || (size_t)size >= dst_size)
        dst[0] = '\0';
    for (char *c = dst; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 'a' - 'A') : *c;
}

/* curl hands over the very address it is about to connect to, so there is no gap between the
 * check and the use into which a second answer of a name server could slip. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct fw_http_guard *guard = arg;
    const enum fw_address_class class = fw_address_class_of(&address->addr, address->addrlen);
    if (purpose != CURLSOCKTYPE_IPCXN || !fw_address_allowed(class, guard->allow_private)) {
        char text[INET6_ADDRSTRLEN] = "?";
        const void *raw = &address->addr;
        if (address->family == AF_INET)
            inet_ntop(AF_INET, &((const struct sockaddr_in *)raw)->sin_addr, text, sizeof text);
        if (address->family == AF_INET6)
            inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)raw)->sin6_addr, text, sizeof text);
        guard->refused = true;
        snprintf(guard->address, sizeof guard->address, "%s (%s)", text,
                 fw_address_class_text(class));
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t count_header(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    struct fw_http_guard *guard = arg;
    guard->header_bytes += size * count;
    return guard->header_bytes > HEADER_BYTES_MAX ? 0 : size * count;
}

static CURLcode set_up(CURL *easy, const char *url, struct fw_http_guard *guard)
{
    CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
    if (code == CURLE_OK)                                                                          \
    code = curl_easy_setopt(easy, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* do not wait for a slow name server when giving up */
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, guard);
    SET(CURLOPT_HEADERFUNCTION, count_header);
    SET(CURLOPT_HEADERDATA, guard);
    SET(CURLOPT_ERRORBUFFER, guard->fault);
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES);
    SET(CURLOPT_LOW_SPEED_TIME, (long)LOW_SPEED_S);
#undef SET
    return code;
}

enum fw_err fw_http_new(const char *url, struct fw_http_guard *guard, CURL **ret)
{
    *guard = (struct fw_http_guard){ .allow_private = guard->allow_private };
    if (fw_http_url_fault(url))
        return FW_INVALID;
    CURL *easy = curl_easy_init();
    if (!easy)
        return FW_NO_MEMORY;
    const CURLcode code = set_up(easy, url, guard);
    if (code != CURLE_OK) {
        curl_easy_cleanup(easy);
        return code == CURLE_OUT_OF_MEMORY ? FW_NO_MEMORY : FW_INVALID;
    }
    *ret = easy;
    return FW_OK;
}

void fw_http_failure_text(CURLcode code, int status, const struct fw_http_guard *guard, char *dst,
                          size_t dst_size)
{
    if (guard->refused && (code == CURLE_COULDNT_CONNECT || code == CURLE_OK))
        snprintf(dst, dst_size, "its address %s is not allowed; give a URL with a public address",
                 guard->address);
    else if (code == CURLE_OK && status >= 300 && status < 400)
        snprintf(dst, dst_size, "answered HTTP %d; redirects are not followed, give the final URL",
                 status);
    else if (code == CURLE_OK)
        snprintf(dst, dst_size, "answered HTTP %d", status);
    else if (guard->header_bytes > HEADER_BYTES_MAX)
        snprintf(dst, dst_size, "sent more than %d bytes of headers", HEADER_BYTES_MAX);
    else
        snprintf(dst, dst_size, "%s", guard->fault[0] ? guard->fault : curl_easy_strerror(code));
}
