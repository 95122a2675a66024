/* certificate.h - what the API shows over TLS, and how it is changed while it runs. Inside of this room only.
 *
 * The library's callback for certificates has no argument of ours, so there is one for the process. Each handshake gets
 * a copy of its own, and those that are under way keep theirs.
 */
#ifndef FW_API_CERTIFICATE_H
#define FW_API_CERTIFICATE_H
#include <gnutls/abstract.h>

#include "base/base.h"

/* Reads both PEM files; `cert_path` may hold a chain, the server's own first. FW_INVALID, FW_IO:
 * `fault` says which and why, and what was shown before stays. */
MUST_USE enum fw_err fw_certificate_load(const char *cert_path, const char *key_path, struct fw_fault *fault);
gnutls_certificate_retrieve_function3 fw_certificate_show; /* for MHD_OPTION_HTTPS_CERT_CALLBACK2 */
void fw_certificate_forget(void);
#endif
