/* TLS of the stack: trust, names, certificates. */
#include "sip/tls.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sip/sofia.h"

#include <sofia-sip/tport.h>

static struct fw_sip_tls config = { .ca_file = "", .certificate = "" };
static const char *connecting_to; /* within tls_connect; one thread */

void fw_sip_tls_install(const struct fw_sip_tls *c)
{
    config = *c;
}

/* The library's own, behind ours. */
#define THEIRS(name)                                                                               \
    static name##_fn *theirs;                                                                      \
    if (!theirs) {                                                                                 \
        void *found = dlsym(RTLD_NEXT, #name);                                                     \
        fw_assert(found && sizeof found == sizeof theirs);                                         \
        memcpy(&theirs, &found, sizeof theirs);                                                    \
    }

int SSL_CTX_load_verify_locations(SSL_CTX *ctx, const char *file, const char *folder)
{
    (void)file;
    (void)folder;
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    if (config.ca_file[0] == '\0')
        return SSL_CTX_set_default_verify_paths(ctx);
    const int ok = SSL_CTX_load_verify_file(ctx, config.ca_file);
    if (ok != 1)
        fw_log(FW_LOG_ERROR, "tls.authorities", "file=%s error=cannot be used", FW_LOG_TEXT(config.ca_file));
    return ok;
}

int SSL_CTX_use_certificate_file(SSL_CTX *ctx, const char *file, int type)
{
    (void)file;
    (void)type;
    if (config.certificate[0] == '\0')
        return 1; /* none: then none is shown, and nobody can connect to us */
    const int ok = SSL_CTX_use_certificate_chain_file(ctx, config.certificate);
    if (ok != 1)
        fw_log(FW_LOG_ERROR, "tls.certificate", "file=%s error=cannot be used", FW_LOG_TEXT(config.certificate));
    return ok;
}

int SSL_CTX_use_PrivateKey_file(SSL_CTX *ctx, const char *file, int type)
{
    typedef int SSL_CTX_use_PrivateKey_file_fn(SSL_CTX *, const char *, int);
    THEIRS(SSL_CTX_use_PrivateKey_file)
    (void)file;
    return config.certificate[0] ? theirs(ctx, config.certificate, type) : 1;
}

static bool is_numeric(const char *host)
{
    uint8_t address[16];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static void bare_host(const char *host, char *ret, size_t size)
{
    fw_text_clip(ret, size, host[0] == '[' ? host + 1 : host);
    ret[strcspn(ret, "]")] = '\0';
}

/* In the place of the stack's, which forgives everything. */
static int verdict(int ok, X509_STORE_CTX *store)
{
    (void)store;
    return ok;
}

/* Before the first byte is sent. */
static bool expect(SSL *ssl, const char *host)
{
    char bare[256];
    bare_host(host, bare, sizeof bare);
    if (!is_numeric(bare) && SSL_set_tlsext_host_name(ssl, bare) != 1)
        return false;
    if (config.insecure && config.insecure(config.arg, bare)) {
        SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
        return true;
    }
    SSL_set_verify(ssl, SSL_VERIFY_PEER, verdict);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return is_numeric(bare) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), bare) == 1
                            : SSL_set1_host(ssl, bare) == 1;
}

/* The stack closes the connection without a word to the requests that wait for it. */
static void refused(SSL *ssl)
{
    char why[160], host[256];
    const long verified = SSL_get_verify_result(ssl);
    const char *reason = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                                               : ERR_reason_error_string(ERR_peek_last_error());
    bare_host(connecting_to ? connecting_to : "", host, sizeof host);
    snprintf(why, sizeof why, "TLS with %.64s: %.80s", host, reason ? reason : "handshake failed");
    fw_log(FW_LOG_WARN, "tls.refused", "what=%s", FW_LOG_TEXT(why));
    if (config.refused)
        config.refused(config.arg, host, why);
}

int SSL_connect(SSL *ssl)
{
    typedef int SSL_connect_fn(SSL *);
    THEIRS(SSL_connect)
    const bool first = SSL_in_before(ssl);
    if (first && (!connecting_to || !expect(ssl, connecting_to)))
        return -1;
    const int result = theirs(ssl);
    if (result != 1) {
        const int status = SSL_get_error(ssl, result);
        if (status != SSL_ERROR_WANT_READ && status != SSL_ERROR_WANT_WRITE)
            refused(ssl);
    }
    return result;
}

/* Here the stack knows whom it connects to. */
int tls_connect(su_root_magic_t *magic, su_wait_t *wait, tport_t *self);
int tls_connect(su_root_magic_t *magic, su_wait_t *wait, tport_t *self)
{
    typedef int tls_connect_fn(su_root_magic_t *, su_wait_t *, tport_t *);
    THEIRS(tls_connect)
    const tp_name_t *name = tport_name(self);
    connecting_to = name && name->tpn_canon ? name->tpn_canon : "";
    const int result = theirs(magic, wait, self);
    connecting_to = NULL;
    return result;
}
