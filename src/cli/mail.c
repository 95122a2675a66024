/* The steps from a mail to a fax, each with the code that it ends with. */
#include "cli/mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/id.h"
#include "base/text.h"
#include "cli/http.h"
#include "cli/mail_gate.h"
#include "cli/mail_mime.h"
#include "cli/options.h"
#include "fax/fax_json.h"

enum {
    MESSAGE_MAX = 72 * 1024 * 1024, /* the documents of a fax, in base64 */
    PATH_SIZE = 512,
    CPU_S = 120,  /* then the mail server keeps the mail: as any death by a signal */
    SEND_S = 600, /* a slow disk takes what it takes */
};
#define MARK "faxwire.mail" /* metadata of the fax: which mail it was */

struct mail {
    const char *application, *from, *sender, *recipient, *quality; /* of the command line; may be NULL */
    enum fw_mime_body body;
    bool        tells; /* the result */
    struct fw_mime_head head;
    char        number[FW_MAIL_NUMBER_SIZE], caller[FW_MAIL_NUMBER_SIZE];
    char        address[FW_MAIL_ADDRESS_SIZE]; /* of the sender */
    char        key[FW_SHA256_HEX_SIZE + 8];
    struct fw_mime_documents documents;
};

static int end(int code, const char *why)
{
    fprintf(stderr, "faxwire: %s\n", why);
    return code;
}

static enum fw_err read_all(struct fw_buf *ret)
{
    uint8_t part[65536];
    ssize_t size;
    enum fw_err err = FW_OK;
    while (!err && (size = read(0, part, sizeof part)) != 0)
        err = size < 0 ? FW_IO : fw_buf_put(ret, (struct fw_span){ part, (size_t)size });
    return err;
}

/* What the service said, as a code. What the operator can mend keeps the mail as well. */
static int code_of(long status)
{
    return status >= 200 && status < 300 ? EX_OK : status == 400 || status == 413 || status == 422 ? EX_DATAERR
                                                                                                    : EX_TEMPFAIL;
}

/* Envelope sender and From must both be allowed: which of them is checked (SPF, DKIM) is the mail server's
 * business, and neither is worth anything without. */
static int check_sender(struct mail *m, const struct fw_cli_api *api)
{
    char path[PATH_SIZE], from[FW_MAIL_ADDRESS_SIZE];
    if (!fw_mail_address(m->sender ? m->sender : m->head.return_path, m->address) || m->head.automatic)
        return end(EX_NOPERM, "mail of machines, and mail without a sender, is not faxed");
    if (!fw_mail_address(m->head.from, from))
        return end(EX_NOPERM, "the mail must be From one address");
    snprintf(path, sizeof path, "/v2/fax_applications/%s", m->application);
    const struct fw_cli_ask ask = { .path = path };
    long status = 0;
    json_t *answer CLEANUP(fw_json_free) = fw_cli_ask(api, &ask, &status);
    if (code_of(status))
        return EX_TEMPFAIL;
    const json_t *section = json_object_get(json_object_get(answer, "data"), "email_to_fax");
    const json_t *senders = json_object_get(section, "senders");
    if (fw_mail_sender_ok(senders, m->address) && fw_mail_sender_ok(senders, from))
        return EX_OK;
    fprintf(stderr, "faxwire: %s may not send faxes by mail here\n",
            fw_mail_sender_ok(senders, m->address) ? from : m->address);
    return EX_NOPERM;
}

/* The number that the application receives by, unless it was given. */
static int find_caller(struct mail *m, const struct fw_cli_api *api)
{
    char path[PATH_SIZE];
    if (m->from)
        return fw_text_copy(m->caller, sizeof m->caller, fw_span_of(m->from)) ? EX_OK
                                                                              : end(EX_TEMPFAIL, "--from is no number");
    snprintf(path, sizeof path, "/v2/phone_numbers?page%%5Bsize%%5D=1&filter%%5Bconnection_id%%5D=%s", m->application);
    const struct fw_cli_ask ask = { .path = path };
    long status = 0;
    json_t *answer CLEANUP(fw_json_free) = fw_cli_ask(api, &ask, &status);
    const json_t *first = json_array_get(json_object_get(answer, "data"), 0);
    const char *number = json_string_value(json_object_get(first, "phone_number"));
    if (number && fw_text_copy(m->caller, sizeof m->caller, fw_span_of(number)))
        return EX_OK;
    return code_of(status) ? EX_TEMPFAIL : end(EX_TEMPFAIL, "the application has no number: give it one, or --from");
}

/* A mail server that heard no answer sends again, for days perhaps: longer than an Idempotency-Key holds. */
static int find_earlier(const struct mail *m, const struct fw_cli_api *api, char ret[FW_UUID_SIZE])
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/v2/faxes?page%%5Bsize%%5D=1&filter%%5Bmetadata%%5D%%5B" MARK "%%5D=%s", m->key);
    const struct fw_cli_ask ask = { .path = path };
    long status = 0;
    json_t *answer CLEANUP(fw_json_free) = fw_cli_ask(api, &ask, &status);
    const char *id = json_string_value(json_object_get(json_array_get(json_object_get(answer, "data"), 0), "id"));
    fw_text_clip(ret, FW_UUID_SIZE, id ? id : "");
    return code_of(status) ? EX_TEMPFAIL : EX_OK;
}

static bool add_document(curl_mime *mime, const struct fw_mime_document *d)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    return part && curl_mime_name(part, "contents") == CURLE_OK && curl_mime_filename(part, d->name) == CURLE_OK &&
           curl_mime_data(part, (const char *)d->data.data, d->data.size) == CURLE_OK;
}

static bool fill(curl_mime *mime, void *arg)
{
    const struct mail *m = arg;
    char metadata[FW_METADATA_VALUE_MAX + 64];
    const char *id = m->head.message_id;
    const bool has_id = id[0] == '<' && id[strlen(id) - 1] == '>' && !strpbrk(id + 1, "< \t");
    snprintf(metadata, sizeof metadata, "{\"" MARK "\": \"%s\"}", m->key);
    bool good = fw_cli_field(mime, "to", m->number) && fw_cli_field(mime, "from", m->caller) &&
                fw_cli_field(mime, "connection_id", m->application) && fw_cli_field(mime, "quality", m->quality) &&
                fw_cli_field(mime, "metadata", metadata) &&
                fw_cli_field(mime, "result_email", m->tells ? m->address : NULL) &&
                fw_cli_field(mime, "result_email_in_reply_to", m->tells && has_id ? id : NULL);
    for (int i = 0; i < m->documents.count && good; i++)
        good = add_document(mime, &m->documents.items[i]);
    return good;
}

/* Whether it is the number that was refused. */
static int code_of_refusal(const json_t *answer, long status)
{
    size_t i;
    json_t *error;
    json_array_foreach (json_object_get(answer, "errors"), i, error) {
        const char *at = json_string_value(json_object_get(json_object_get(error, "source"), "pointer"));
        if (status == 422 && at && strcmp(at, "/to") == 0)
            return EX_NOUSER;
    }
    return code_of(status);
}

static int send_it(struct mail *m, const struct fw_cli_api *api)
{
    const struct fw_cli_ask ask = { .path = "/v2/faxes", .form = fill, .arg = m, .once_key = m->key,
                                    .timeout_s = SEND_S };
    long status = 0;
    json_t *answer CLEANUP(fw_json_free) = fw_cli_ask(api, &ask, &status);
    const char *id = json_string_value(json_object_get(json_object_get(answer, "data"), "id"));
    if (status == 202 && id)
        puts(id);
    else if (status >= 200 && status < 300)
        return end(EX_TEMPFAIL, "what answered is no Faxwire: no fax was named"); /* the mail is kept */
    return status == 202 ? EX_OK : code_of_refusal(answer, status);
}

static void name_mail(struct mail *m, struct fw_span message)
{
    char text[FW_MAIL_ADDRESS_SIZE + FW_MAIL_NUMBER_SIZE + FW_MESSAGE_ID_MAX + 8], hash[FW_SHA256_HEX_SIZE];
    fw_sha256_hex(message, hash);
    snprintf(text, sizeof text, "%s\n%s\n%s", m->address, m->number, m->head.message_id[0] ? m->head.message_id : hash);
    fw_sha256_hex(fw_span_of(text), hash);
    snprintf(m->key, sizeof m->key, "mail-%s", hash);
}

static int fax_it(struct mail *m, const struct fw_cli_api *api, struct fw_span message)
{
    char earlier[FW_UUID_SIZE];
    if (fw_mime_head(fw_mail_head(message), &m->head))
        return end(EX_DATAERR, "this is no mail");
    if (!fw_mail_number(m->recipient ? m->recipient : m->head.delivered_to, m->number))
        return end(EX_NOUSER, "the address must begin with a number such as +12125550100");
    int code = check_sender(m, api);
    if (!code)
        code = find_caller(m, api);
    name_mail(m, message);
    if (!code)
        code = find_earlier(m, api, earlier);
    if (code)
        return code;
    if (earlier[0]) {
        puts(earlier);
        return EX_OK;
    }
    const enum fw_err err = fw_mime_documents(message, m->body, &m->documents);
    if (err)
        code = err == FW_NO_MEMORY ? end(EX_TEMPFAIL, "out of memory") : end(EX_DATAERR, m->documents.why);
    if (!code)
        code = send_it(m, api);
    fw_mime_documents_done(&m->documents);
    return code;
}

/* A wrong command line is the operator's to mend: no mail is lost by it. */
static int usage(const char *why, const char *what)
{
    fprintf(stderr,
            "faxwire: %s%s%s\n"
            "usage: faxwire mail --application ID [--url URL] [--key-file FILE] [--from NUMBER] [--sender ADDRESS]\n"
            "       [--body alone|first|never] [--quality Q] [--no-result] [RECIPIENT] < MESSAGE\n",
            what, what[0] ? ": " : "", why);
    return EX_TEMPFAIL;
}

static bool body_parse(const char *text, enum fw_mime_body *ret)
{
    static const char *const names[] = { "alone", "first", "never" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        *ret = (enum fw_mime_body)i;
        if (!text || strcmp(text, names[i]) == 0)
            return true;
    }
    return false;
}

int fw_cli_mail(int argc, char **argv)
{
    static struct mail m; /* large */
    const char *url = NULL, *key_file = NULL, *body = NULL, *no_result = NULL;
    const struct fw_option options[] = {
        { "application", &m.application, false }, { "url", &url, false }, { "key-file", &key_file, false },
        { "from", &m.from, false }, { "sender", &m.sender, false }, { "body", &body, false },
        { "quality", &m.quality, false }, { "no-result", &no_result, true },
    };
    const struct rlimit cpu = { CPU_S, CPU_S + 10 };
    struct fw_buf message CLEANUP(fw_buf_done);
    struct fw_fault fault = { 0 };
    struct fw_cli_api api;
    int rest = 0;
    fw_buf_init(&message, MESSAGE_MAX);
    if (fw_options_read(argc, argv, options, ARRAY_LEN(options), &m.recipient, 1, &rest, &fault))
        return usage(fault.message, fault.field);
    if (!m.application || strspn(m.application, "0123456789") != strlen(m.application) || !m.application[0])
        return usage("the id of the fax application is missing", "--application");
    if (!body_parse(body, &m.body))
        return usage("must be alone, first or never", "--body");
    m.tells = !no_result;
    if (!fw_cli_api_open_by(url, key_file, &api))
        return EX_TEMPFAIL;
    const enum fw_err err = read_all(&message);
    if (err)
        return err == FW_LIMIT ? end(EX_DATAERR, "the mail is too large to be faxed")
                               : end(EX_TEMPFAIL, "the mail cannot be read");
    setrlimit(RLIMIT_CPU, &cpu);
    return fax_it(&m, &api, fw_buf_span(&message));
}
