/* The body of a webhook, and its signature. */
#include "notify/envelope.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"
#include "fax/fax_json.h"

enum { MESSAGE_MAX = 1024 * 1024 };

static enum fw_err sign(struct fw_signer *signer, struct fw_envelope *e)
{
    struct fw_buf message CLEANUP(fw_buf_done) = { 0 };
    fw_buf_init(&message, MESSAGE_MAX);
    uint8_t signature[FW_ED25519_SIGNATURE_SIZE];
    enum fw_err err = fw_buf_put_text(&message, e->timestamp);
    if (!err)
        err = fw_buf_put_u8(&message, '|');
    if (!err)
        err = fw_buf_put_text(&message, e->body);
    if (!err)
        err = fw_signer_sign(signer, fw_buf_span(&message), signature);
    if (!err)
        fw_text_base64((struct fw_span){ signature, sizeof signature }, e->signature,
                       sizeof e->signature);
    return err;
}

/* Standard Webhooks: HMAC-SHA256 over id.timestamp.body; one signature more, parted by a space. */
static enum fw_err sign_standard(const struct fw_delivery *d, const char *secret, struct fw_envelope *e)
{
    uint8_t key[FW_WEBHOOK_SECRET_BYTES_MAX], mac[FW_SHA256_SIZE];
    char text[4 * ((FW_SHA256_SIZE + 2) / 3) + 1], head[FW_UUID_SIZE + FW_TIMESTAMP_TEXT_SIZE + 2];
    size_t size = 0, used = strlen(e->standard_signature);
    if (!secret[0])
        return FW_OK;
    if (!fw_text_starts(secret, FW_WEBHOOK_SECRET_PREFIX) ||
        !fw_text_base64_decode(fw_span_of(secret + sizeof FW_WEBHOOK_SECRET_PREFIX - 1), key, sizeof key, &size))
        return FW_INVALID;
    struct fw_buf message CLEANUP(fw_buf_done) = { 0 };
    fw_buf_init(&message, MESSAGE_MAX);
    snprintf(head, sizeof head, "%s.%s.", d->event.id, e->timestamp);
    enum fw_err err = fw_buf_put_text(&message, head);
    if (!err)
        err = fw_buf_put_text(&message, e->body);
    if (err)
        return err;
    fw_hmac_sha256((struct fw_span){ key, size }, fw_buf_span(&message), mac);
    fw_text_base64((struct fw_span){ mac, sizeof mac }, text, sizeof text);
    snprintf(e->standard_signature + used, sizeof e->standard_signature - used, "%sv1,%s", used ? " " : "", text);
    return FW_OK;
}

enum fw_err fw_envelope_make(const struct fw_delivery *d, const char *url, struct fw_wall now,
                             struct fw_signer *signer, const struct fw_link_port *links,
                             struct fw_envelope *ret)
{
    json_t *data = fw_event_json(&d->event, links);
    if (!data)
        return FW_INVALID;
    json_t *json CLEANUP(fw_json_free) = json_pack("{so s{si ss}}", "data", data, "meta", "attempt",
                                                   d->attempt, "delivered_to", url);
    *ret = (struct fw_envelope){ .body = json ? json_dumps(json, JSON_COMPACT) : NULL };
    if (!ret->body)
        return FW_NO_MEMORY;
    snprintf(ret->timestamp, sizeof ret->timestamp, "%" PRId64, now.us / 1000000);
    enum fw_err err = sign(signer, ret);
    if (!err)
        err = sign_standard(d, d->secret, ret);
    if (!err)
        err = sign_standard(d, d->secret_before, ret);
    if (err)
        fw_envelope_done(ret);
    return err;
}

void fw_envelope_done(struct fw_envelope *e)
{
    free(e->body);
    *e = (struct fw_envelope){ 0 };
}
