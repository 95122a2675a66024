/* Digest in the stack: our own plug-in in the place of its own, and credentials handed to it.
 *
 * Credentials pass through the stack as text "scheme:realm:user:password" without any escape, so
 * user and password travel as hex.
 */
#define SOFIA_EXTEND_AUTH_CLIENT 1
#include "sip/auth.h"
#include "sip/digest.h"

#include <dlfcn.h>
#include <sofia-sip/auth_client_plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"

enum { HEX_SIZE = FW_SIP_SECRET_SIZE * 2 + 1, URI_SIZE = 1024 };

/* What the stack keeps for each realm of a handle. */
struct client {
    auth_client_t base;
    struct fw_digest digest;
    uint32_t uses; /* of the nonce */
    int skip;      /* challenges of this answer that were weaker */
};

static struct client *client_of(auth_client_t *ca)
{
    return (struct client *)(void *)ca;
}

/* The first challenge of a realm chooses for those that follow it in the same answer. 2: try
 * again; 0: that was tried; below 0: nothing here that we can do. */
static int on_challenge(auth_client_t *ca, const msg_auth_t *challenge)
{
    struct client *c = client_of(ca);
    struct fw_digest d;
    if (c->skip > 0) {
        c->skip--;
        return 0;
    }
    if (fw_digest_choose(challenge, &d) != FW_OK)
        return -1;
    for (const msg_auth_t *a = challenge->au_next; a; a = a->au_next) {
        const char *realm = msg_header_find_param((const msg_common_t *)(const void *)a, "realm=");
        c->skip += a->au_scheme && strcasecmp(a->au_scheme, "Digest") == 0 && realm &&
                   strcmp(realm, ca->ca_realm) == 0;
    }
    /* A nonce refused at its first use: the password is wrong. Later on it may have run out on a
     * server that does not say so. */
    const bool refused = c->uses == 1 && !d.stale;
    c->digest = d;
    c->uses = refused ? 1 : 0;
    return refused ? 0 : 2;
}

static bool unhex(const char *hex, char *ret, size_t size)
{
    const size_t length = strlen(hex);
    if (length % 2 != 0 || length / 2 >= size)
        return false;
    for (size_t i = 0; i < length / 2; i++) {
        char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        ret[i] = (char)strtoul(pair, NULL, 16);
    }
    ret[length / 2] = '\0';
    return true;
}

static int on_authorize(auth_client_t *ca, su_home_t *home, const char *method, const url_t *url,
                        const msg_payload_t *body, msg_header_t **ret)
{
    (void)body;
    struct client *c = client_of(ca);
    char user[FW_SIP_SECRET_SIZE], password[FW_SIP_SECRET_SIZE], uri[URI_SIZE];
    static char header[FW_DIGEST_HEADER_SIZE]; /* one thread */
    char cnonce[33];
    c->skip = 0;
    if (c->digest.algorithm == FW_DIGEST_NONE || !unhex(ca->ca_user, user, sizeof user) ||
        !unhex(ca->ca_pass, password, sizeof password) || url_e(uri, sizeof uri, url) >= (issize_t)sizeof uri)
        return -1;
    snprintf(cnonce, sizeof cnonce, "%016llx", (unsigned long long)fw_random_u64());
    const struct fw_digest_request r = { .username = user, .password = password, .method = method,
                                         .uri = uri, .cnonce = cnonce, .count = ++c->uses };
    const enum fw_err err = fw_digest_answer(&c->digest, &r, header);
    explicit_bzero(password, sizeof password);
    if (err)
        return -1;
    *ret = msg_header_make(home, ca->ca_credential_class, header);
    return *ret ? 0 : -1;
}

static int on_clear(auth_client_t *ca)
{
    ca->ca_clear = 1;
    return 1;
}

/* The stack looks for a plug-in to replace and takes the first of another name, so a name of
 * nobody goes in first. */
void fw_digest_install(void)
{
    static auth_client_plugin_t nobody, ours;
    nobody = (auth_client_plugin_t){ .auc_plugin_size = sizeof nobody,
                                     .auc_size = sizeof(struct client),
                                     .auc_name = "X-none",
                                     .auc_authorize = on_authorize };
    ours = nobody;
    ours.auc_name = "Digest";
    ours.auc_challenge = on_challenge;
    ours.auc_clear = on_clear;
    fw_assert(auc_register_plugin(&nobody) == 0 && auc_register_plugin(&ours) == 0);
}

static bool answerable(int status, const sip_t *sip)
{
    struct fw_digest d;
    if (!sip)
        return false;
    const msg_auth_t *a = status == 407 ? sip->sip_proxy_authenticate : sip->sip_www_authenticate;
    for (; a; a = a->au_next) {
        if (fw_digest_read(a, &d) == FW_OK)
            return true;
    }
    return false;
}

/* The stack asks this function of its own, through the dynamic linker, whether to send a refused
 * request again by itself. It would follow redirects, obey Retry-After, and send a request that was
 * met by a challenge without a realm again as it was; only a challenge that can be answered and an
 * expiry or a session that is too brief (RFC 3261 clause 10.2.8, RFC 4028 clause 7.3) are its business here. */
int nua_client_check_restart(void *request, int status, const char *phrase, const sip_t *sip);
int nua_client_check_restart(void *request, int status, const char *phrase, const sip_t *sip)
{
    typedef int check(void *, int, const char *, const sip_t *);
    static check *theirs;
    /* An UPDATE it would send with the interval that was refused. */
    const bool longer = status == 422 && sip && sip->sip_min_se && sip->sip_cseq &&
                        sip->sip_cseq->cs_method == sip_method_invite;
    if (!longer && status != 423 && !((status == 401 || status == 407) && answerable(status, sip)))
        return 0;
    if (!theirs) {
        void *found = dlsym(RTLD_NEXT, "nua_client_check_restart");
        fw_assert(found && sizeof found == sizeof theirs);
        memcpy(&theirs, &found, sizeof theirs);
    }
    return theirs(request, status, phrase, sip);
}

static bool give(nua_handle_t *handle, const msg_auth_t *challenges,
                 const struct fw_sip_credentials *given, const char **ret_text)
{
    struct fw_digest d;
    char user[HEX_SIZE], password[HEX_SIZE], text[FW_DIGEST_REALM_SIZE + 2 * HEX_SIZE + 16];
    *ret_text = "no digest algorithm asked for that we can do";
    for (const msg_auth_t *a = challenges; a; a = a->au_next) {
        if (fw_digest_choose(a, &d) != FW_OK)
            continue;
        if (given->realm[0] && strcmp(given->realm, d.realm) != 0) {
            *ret_text = "credentials asked for another realm than auth_realm";
            continue;
        }
        fw_text_hex(fw_span_of(given->username), user, sizeof user);
        fw_text_hex(fw_span_of(given->password), password, sizeof password);
        snprintf(text, sizeof text, "Digest:\"%s\":%s:%s", d.realm, user, password);
        nua_authenticate(handle, NUTAG_AUTH(text), TAG_END());
        explicit_bzero(text, sizeof text);
        explicit_bzero(password, sizeof password);
        return true;
    }
    return false;
}

bool fw_sip_auth_take(const struct fw_sip_event *event, struct fw_sip_auth *auth,
                      const struct fw_sip_credentials *credentials, const char **ret_text)
{
    const bool proxy = event->status == 407;
    *ret_text = NULL;
    if ((event->status != 401 && !proxy) || !event->sip || !event->handle)
        return false;
    if (credentials->username[0] == '\0')
        return false;
    bool *given = proxy ? &auth->proxy : &auth->www;
    *ret_text = "credentials refused";
    if (*given)
        return false;
    const msg_auth_t *asked = proxy ? event->sip->sip_proxy_authenticate : event->sip->sip_www_authenticate;
    if (!give(event->handle, asked, credentials, ret_text))
        return false;
    *given = true;
    *ret_text = NULL;
    return true;
}

void fw_sip_auth_drop(nua_handle_t *handle)
{
    nua_authenticate(handle, TAG_END());
}
