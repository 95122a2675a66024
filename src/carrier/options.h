/* options.h - the carrier's command line, checked.
 *
 * The carrier answers anyone who can reach it, so it listens on loopback only, unless told
 * otherwise in so many words.
 */
#ifndef FW_CARRIER_OPTIONS_H
#define FW_CARRIER_OPTIONS_H
#include "carrier/far_end.h"

struct fw_carrier_options {
    int channel;         /* descriptor to the parent; -1: standalone */
    char host[64];       /* numeric address, no brackets */
    uint16_t port;       /* 0: any free one */
    const char *mailbox; /* folder; borrowed from argv */
    uint32_t faxes_max;  /* kept a number */
    uint32_t calls_max;
    struct fw_network_terms network; /* of all calls */
    const char *tls_certificate; /* PEM with key: TLS too, at the port after `port`; NULL: none */
    const char *tls_ca;          /* PEM, for connections that we make; NULL: the system's */
    bool paced;        /* line speed, whatever the peer offers */
    bool allow_remote; /* --allow-remote: any address */
    bool help;
};

extern const char fw_carrier_usage[];

/* Calls of this row keep the pace of a line: without it whole pages go in bursts, which no network
 * with delays takes. */
bool fw_carrier_paced(const struct fw_carrier_options *o, const struct fw_far_end *far);

/* FW_INVALID: `fault` says which option and what it wants. */
MUST_USE enum fw_err fw_carrier_options_read(int argc, char **argv, struct fw_carrier_options *ret,
                                             struct fw_fault *fault);
#endif
