/* A received document to a URL: multipart/form-data, its `fax` signed as webhooks are. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "http/http.h"
#include "notify/forward_inside.h"

enum { TIMEOUT_S = 300, ANSWER_MAX = 64 * 1024, SIGNED_MAX = 256 * 1024, HEADER_SIZE = 160 };

static void easy_free(CURL **c) { curl_easy_cleanup(*c); }
static void list_free(struct curl_slist **l) { curl_slist_free_all(*l); }
static void mime_free(curl_mime **m) { curl_mime_free(*m); }

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    char line[HEADER_SIZE];
    const int size = snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = size > 0 && size < HEADER_SIZE ? curl_slist_append(*list, line) : NULL;
    if (longer)
        *list = longer;
    return longer;
}

/* Over "timestamp|fax", and `fax` has the document's hash: so the document is vouched for too. */
static bool sign(const struct fw_forward_try *t, struct curl_slist **headers)
{
    uint8_t signature[FW_ED25519_SIGNATURE_SIZE];
    char text[4 * ((FW_ED25519_SIGNATURE_SIZE + 2) / 3) + 1], timestamp[32];
    struct fw_buf message CLEANUP(fw_buf_done);
    fw_buf_init(&message, SIGNED_MAX);
    snprintf(timestamp, sizeof timestamp, "%" PRId64, fw_wall_now().us / 1000000);
    if (fw_buf_putf(&message, "%s|", timestamp) || fw_buf_put_text(&message, t->json) ||
        fw_signer_sign(t->config->signer, fw_buf_span(&message), signature))
        return false;
    fw_text_base64((struct fw_span){ signature, sizeof signature }, text, sizeof text);
    return add_header(headers, "telnyx-timestamp", timestamp) &&
           add_header(headers, "telnyx-signature-ed25519", text) && add_header(headers, "Expect", "");
}

static bool add_parts(curl_mime *mime, const struct fw_forward_try *t)
{
    char name[FW_UUID_SIZE + 16];
    const bool pdf = t->fax->media_format == FW_FORMAT_PDF;
    snprintf(name, sizeof name, "fax-%s.%s", t->fax->id, fw_media_format_text(t->fax->media_format));
    curl_mimepart *fax = curl_mime_addpart(mime), *document = curl_mime_addpart(mime);
    return fax && document && curl_mime_name(fax, "fax") == CURLE_OK &&
           curl_mime_data(fax, t->json, CURL_ZERO_TERMINATED) == CURLE_OK &&
           curl_mime_type(fax, "application/json") == CURLE_OK && curl_mime_name(document, "document") == CURLE_OK &&
           curl_mime_filedata(document, t->document) == CURLE_OK && curl_mime_filename(document, name) == CURLE_OK &&
           curl_mime_type(document, pdf ? "application/pdf" : "image/tiff") == CURLE_OK;
}

/* What it answers is not looked at; it may not keep us listening. */
static size_t take_answer(char *data, size_t size, size_t count, void *arg)
{
    size_t *taken = arg;
    (void)data;
    *taken += size * count;
    return *taken > ANSWER_MAX ? 0 : size * count;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const atomic_bool *stop = arg;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(stop);
}

static bool set_up(CURL *c, const struct fw_forward_try *t, struct curl_slist *headers, curl_mime *mime, size_t *taken)
{
    const struct { CURLoption option; long value; } numbers[] = {
        { CURLOPT_TIMEOUT, TIMEOUT_S }, { CURLOPT_NOPROGRESS, 0 },
    };
    bool good = true;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        good = good && curl_easy_setopt(c, numbers[i].option, numbers[i].value) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_MIMEPOST, mime) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_XFERINFODATA, t->stop) == CURLE_OK;
    good = good && curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK;
    return good && curl_easy_setopt(c, CURLOPT_WRITEDATA, taken) == CURLE_OK;
}

bool fw_forward_post(struct fw_forward_try *t)
{
    struct fw_http_guard guard = { .allow_private = t->config->allow_private };
    CURL *c CLEANUP(easy_free) = NULL;
    size_t taken = 0;
    long status = 0;
    fw_text_clip(t->why, sizeof t->why, "the request cannot be made: no memory, or the document cannot be read");
    if (fw_http_new(t->forward->target, &guard, &c))
        return false;
    struct curl_slist *headers CLEANUP(list_free) = NULL;
    curl_mime *mime CLEANUP(mime_free) = curl_mime_init(c);
    if (!mime || !sign(t, &headers) || !add_parts(mime, t) || !set_up(c, t, headers, mime, &taken))
        return false;
    const CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    const bool cut_by_us = code == CURLE_WRITE_ERROR && taken > ANSWER_MAX;
    if ((code == CURLE_OK || cut_by_us) && status >= 200 && status <= 299)
        return true;
    fw_http_failure_text(cut_by_us ? CURLE_OK : code, (int)status, &guard, t->why, sizeof t->why);
    return false;
}
