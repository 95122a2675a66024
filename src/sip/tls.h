/* tls.h - TLS as the stack should have done it: whom we trust, and by which name a peer is known.
 *
 * The stack takes its certificates from a folder with fixed names, sends no server name and checks
 * none. Its calls to the TLS library are answered here instead (the dynamic linker gives ours to
 * it), so that a handshake with a peer that is not who it should be fails.
 *
 * Sources: RFC 5922 clause 7.1 (the identity is the host of the URI), RFC 6066 clause 3 (SNI).
 */
#ifndef FW_SIP_TLS_H
#define FW_SIP_TLS_H
#include "base/base.h"

struct fw_sip_tls {
    const char *ca_file;     /* PEM; empty: the system's */
    const char *certificate; /* PEM with key; empty: none */
    bool (*insecure)(void *arg, const char *host); /* true: its certificate is not looked at */
    /* A handshake with `host` failed; called within the stack: it may not be called back from there. */
    void (*refused)(void *arg, const char *host, const char *why);
    void *arg;
};
/* Once, before the stack is made. The texts and `arg` live as long as the program. */
void fw_sip_tls_install(const struct fw_sip_tls *config);
#endif
