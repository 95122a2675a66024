/* One GET, every way it can end told apart. */
#include "media/fetch.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "http/http.h"

enum { POLL_MS = 100 };

struct fetch {
    const struct fw_fetch_limits *limits;
    struct fw_fetch_result *ret;
    CURL *easy;
    int   fd;
    bool  too_large, disk_failed;
};

static bool stopped(const struct fw_fetch_limits *limits)
{
    return limits->stop && atomic_load(limits->stop);
}

/* Bodies of answers that do not count are dropped here, before they reach the disk. */
static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
    struct fetch *f = arg;
    const size_t bytes = size * count;
    long status = 0;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299)
        return 0;
    if (bytes > f->limits->size_max - f->ret->size) {
        f->too_large = true;
        return 0;
    }
    if (fw_write_all(f->fd, (struct fw_span){ (const uint8_t *)data, bytes })) {
        f->disk_failed = true;
        return 0;
    }
    f->ret->size += bytes;
    return bytes;
}

static CURLcode set_up(struct fetch *f)
{
    const struct fw_fetch_limits *limits = f->limits;
    CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
    if (code == CURLE_OK)                                                                          \
    code = curl_easy_setopt(f->easy, option, value)
    SET(CURLOPT_USERAGENT, limits->user_agent);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_timeout_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)limits->total_timeout_ms);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)limits->size_max);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, f);
#undef SET
    return code;
}

/* Drives one handle so that `stop` is seen soon whatever the peer or a name server does.
 * False when it was stopped. */
static bool drive(CURLM *multi, const struct fw_fetch_limits *limits, CURLcode *ret)
{
    *ret = CURLE_OUT_OF_MEMORY;
    for (;;) {
        int running = 0, left = 0;
        if (stopped(limits))
            return false;
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            return true;
        if (running == 0) {
            const CURLMsg *msg = curl_multi_info_read(multi, &left);
            if (msg && msg->msg == CURLMSG_DONE)
                *ret = msg->data.result;
            return true;
        }
        if (curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
            return true;
    }
}

static void judge(struct fetch *f, CURLcode code, const struct fw_http_guard *guard)
{
    struct fw_fetch_result *ret = f->ret;
    long status = 0;
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    ret->http_status = (int)status;
    const bool ok_status = status >= 200 && status <= 299;
    if (f->disk_failed || code == CURLE_OUT_OF_MEMORY) {
        ret->end = FW_FETCH_LOCAL;
        fw_text_clip(ret->text, sizeof ret->text,
                     f->disk_failed ? "cannot be written to disk" : "out of memory");
    } else if (ok_status && (f->too_large || code == CURLE_FILESIZE_EXCEEDED)) {
        ret->end = FW_FETCH_TOO_LARGE;
        fw_text_clip(ret->text, sizeof ret->text, "is too large");
    } else if (ok_status && code == CURLE_OK) {
        ret->end = FW_FETCH_OK;
    } else {
        ret->end = FW_FETCH_FAILED;
        /* Breaking off the body of an answer that does not count is our own doing. */
        const bool ours = code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED;
        fw_http_failure_text(ours && !ok_status ? CURLE_OK : code, ret->http_status, guard,
                             ret->text, sizeof ret->text);
    }
}

static void local_fault(struct fw_fetch_result *ret)
{
    ret->end = FW_FETCH_LOCAL;
    fw_text_clip(ret->text, sizeof ret->text, "out of memory");
}

static void easy_free(CURL **easy) { curl_easy_cleanup(*easy); }
static void multi_free(CURLM **multi) { curl_multi_cleanup(*multi); }

void fw_fetch(const char *url, int fd, const struct fw_fetch_limits *limits,
              struct fw_fetch_result *ret)
{
    *ret = (struct fw_fetch_result){ 0 };
    struct fw_http_guard guard = { .allow_private = limits->allow_private };
    CURLM *multi CLEANUP(multi_free) = fw_http_init() ? NULL : curl_multi_init();
    CURL *easy CLEANUP(easy_free) = NULL;
    const enum fw_err err = fw_http_new(url, &guard, &easy);
    if (err == FW_INVALID) {
        const char *fault = fw_http_url_fault(url);
        ret->end = FW_FETCH_FAILED;
        fw_text_clip(ret->text, sizeof ret->text, fault ? fault : "is not a URL");
        return;
    }
    struct fetch f = { .limits = limits, .ret = ret, .easy = easy, .fd = fd };
    if (err || !multi || set_up(&f) != CURLE_OK || curl_multi_add_handle(multi, easy) != CURLM_OK) {
        local_fault(ret);
        return;
    }
    CURLcode code;
    if (drive(multi, limits, &code))
        judge(&f, code, &guard);
    else
        ret->end = FW_FETCH_INTERRUPTED;
    curl_multi_remove_handle(multi, easy);
}
