/* auth.h - credentials for a request that was challenged (401, 407).
 *
 * The stack keeps them with the handle and uses them for whatever it sends there from then on. It
 * answers a stale nonce by itself; when it asks again, the credentials were refused.
 */
#ifndef FW_SIP_AUTH_H
#define FW_SIP_AUTH_H
#include "sip/edge.h"

enum { FW_SIP_SECRET_SIZE = 128 };

struct fw_sip_credentials {
    char username[FW_SIP_SECRET_SIZE]; /* empty: none */
    char password[FW_SIP_SECRET_SIZE];
    char realm[FW_SIP_SECRET_SIZE]; /* the only one they are for; empty: any */
};

/* Of one handle: what it has been given. All zero at first. */
struct fw_sip_auth {
    bool www, proxy;
};

/* True: `event` is a challenge, and its request is on its way again; its answer comes later.
 * False: it is an answer like others; `*ret_text` then says why a challenge was not taken up, or
 * is NULL. */
MUST_USE bool fw_sip_auth_take(const struct fw_sip_event *event, struct fw_sip_auth *auth,
                               const struct fw_sip_credentials *credentials, const char **ret_text);
/* A challenged request that is not taken up waits in the stack and holds up those after it. */
void fw_sip_auth_drop(nua_handle_t *handle);
#endif
