/* The server's certificate and key, held as PEM and parsed for each handshake. */
#include "api/certificate.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"

enum { PEM_MAX = 256 * 1024, CHAIN_MAX = 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct fw_buf   chain, key;

static gnutls_datum_t datum(const struct fw_buf *b)
{
    return (gnutls_datum_t){ b->data, (unsigned)b->size };
}

static enum fw_err read_pem(const char *option, const char *path, struct fw_buf *ret, struct fw_fault *fault)
{
    const enum fw_err err = fw_file_read(path, PEM_MAX, ret);
    if (err)
        fw_fault_set(fault, option, "%s cannot be read: %s", path, fw_err_text(err));
    return err;
}

/* GnuTLS compares the two when they are put together. */
static enum fw_err check(const struct fw_buf *cert, const struct fw_buf *of, const char *cert_path,
                         struct fw_fault *fault)
{
    gnutls_certificate_credentials_t both;
    const gnutls_datum_t c = datum(cert), k = datum(of);
    if (gnutls_certificate_allocate_credentials(&both) < 0)
        return FW_NO_MEMORY;
    const int code = gnutls_certificate_set_x509_key_mem(both, &c, &k, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(both);
    if (code >= 0)
        return FW_OK;
    fw_fault_set(fault, "tls_cert", "%s and tls_key are not a certificate and its key in PEM form: %s", cert_path,
                 gnutls_strerror(code));
    return FW_INVALID;
}

static void swap(struct fw_buf *a, struct fw_buf *b)
{
    const struct fw_buf was = *a;
    *a = *b;
    *b = was;
}

enum fw_err fw_certificate_load(const char *cert_path, const char *key_path, struct fw_fault *fault)
{
    struct fw_buf new_chain CLEANUP(fw_buf_done) = { 0 }, new_key CLEANUP(fw_buf_done) = { 0 };
    enum fw_err err = read_pem("tls_cert", cert_path, &new_chain, fault);
    if (!err)
        err = read_pem("tls_key", key_path, &new_key, fault);
    if (!err)
        err = check(&new_chain, &new_key, cert_path, fault);
    if (err)
        return err;
    pthread_mutex_lock(&lock);
    swap(&chain, &new_chain);
    swap(&key, &new_key);
    pthread_mutex_unlock(&lock);
    return FW_OK;
}

/* With the lock. GnuTLS frees both, as DEINIT_ALL says. */
static int parse(gnutls_pcert_st *certs, unsigned *count, gnutls_privkey_t *ret)
{
    const gnutls_datum_t c = datum(&chain), k = datum(&key);
    int code = gnutls_pcert_list_import_x509_raw(certs, count, &c, GNUTLS_X509_FMT_PEM, 0);
    if (code < 0)
        return code;
    code = gnutls_privkey_init(ret);
    if (code >= 0) {
        code = gnutls_privkey_import_x509_raw(*ret, &k, GNUTLS_X509_FMT_PEM, NULL, 0);
        if (code < 0)
            gnutls_privkey_deinit(*ret);
    }
    for (unsigned i = 0; code < 0 && i < *count; i++)
        gnutls_pcert_deinit(&certs[i]);
    return code;
}

int fw_certificate_show(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs,
                        unsigned *certs_length, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_length,
                        gnutls_privkey_t *privkey, unsigned *flags)
{
    (void)session, (void)info;
    *ocsp = NULL;
    *ocsp_length = 0;
    *flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    *certs = gnutls_calloc(CHAIN_MAX, sizeof **certs);
    *certs_length = CHAIN_MAX;
    if (!*certs)
        return -1;
    pthread_mutex_lock(&lock);
    const int code = parse(*certs, certs_length, privkey);
    pthread_mutex_unlock(&lock);
    if (code >= 0)
        return 0;
    gnutls_free(*certs);
    *certs = NULL;
    return -1;
}

void fw_certificate_forget(void)
{
    pthread_mutex_lock(&lock);
    fw_buf_done(&chain);
    fw_buf_done(&key);
    pthread_mutex_unlock(&lock);
}
