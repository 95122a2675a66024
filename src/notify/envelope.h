/* envelope.h - one webhook as it goes over the wire: body and signed headers.
 *
 * Source: CONTRACT 3.1 and 3.3.
 */
#ifndef FW_ENVELOPE_H
#define FW_ENVELOPE_H
#include "base/signer.h"
#include "fax/fax_json.h"
#include "store/store.h"

enum { FW_STANDARD_SIGNATURE_SIZE = 2 * 48, FW_SIGNATURE_TEXT_SIZE = 89, FW_TIMESTAMP_TEXT_SIZE = 24 };

struct fw_envelope {
    char *body; /* owned JSON text */
    char  timestamp[FW_TIMESTAMP_TEXT_SIZE]; /* seconds, decimal: made anew for each attempt */
    char  signature[FW_SIGNATURE_TEXT_SIZE]; /* base64 of Ed25519 over timestamp|body */
    /* "v1,<base64>" for each secret of the application; empty: it has none. */
    char  standard_signature[FW_STANDARD_SIGNATURE_SIZE];
};

/* `url` is where it goes. FW_INVALID: the stored event is not readable; FW_NO_MEMORY; FW_IO: the
 * signer failed. */
MUST_USE enum fw_err fw_envelope_make(const struct fw_delivery *d, const char *url,
                                      struct fw_wall now, struct fw_signer *signer,
                                      const struct fw_link_port *links,
                                      struct fw_envelope *ret);
void fw_envelope_done(struct fw_envelope *e);
#endif
