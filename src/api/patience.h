/* patience.h - how long a connection may take over each part of a request. Inside of this room only.
 *
 * The HTTP library's limit is for silence only: a byte now and then keeps a connection for ever. One
 * thread looks at all of them once in a while and shuts those whose time is up. A header may take
 * `header_s` (after an answer, the silence that the library allows on top); a body `body_s` and the
 * time that FW_BODY_RATE takes for what came of it; the rest of a request a quarter of an hour.
 */
#ifndef FW_API_PATIENCE_H
#define FW_API_PATIENCE_H
#include <gnutls/gnutls.h>

#include "base/clock.h"
#include "base/id.h"

enum { FW_BODY_RATE = 2048 /* bytes a second, at least */, FW_ANSWER_S_MAX = 15 * 60, FW_REFUSAL_MAX = 4096 };

enum fw_phase { FW_PHASE_HEADER, FW_PHASE_BODY, FW_PHASE_ANSWER };

struct fw_patience;
struct fw_turn; /* one connection */

MUST_USE enum fw_err fw_patience_start(unsigned header_s, unsigned body_s, unsigned idle_s,
                                       struct fw_patience **ret);
void fw_patience_stop(struct fw_patience *p); /* all connections are closed; NULL is fine */

/* `tls`: the session that `fd` carries, which lives as long; NULL: none. NULL is returned: no memory. */
struct fw_turn *fw_patience_open(struct fw_patience *p, int fd, gnutls_session_t tls);
void            fw_patience_close(struct fw_patience *p, struct fw_turn *t); /* before the socket is */
void            fw_patience_phase(struct fw_patience *p, struct fw_turn *t, enum fw_phase phase,
                                  const char *request_id);
/* A request began. Its name is asked for by the thread that gave it. False: none has begun. */
void            fw_patience_name(struct fw_patience *p, struct fw_turn *t, const char *request_id);
bool            fw_patience_id(const struct fw_turn *t, char ret[FW_UUID_SIZE]);
void            fw_patience_body(struct fw_patience *p, struct fw_turn *t, uint64_t size); /* that came so far */
/* In the middle of a body, where the library takes no answer: sends one and says that no more will
 * follow; what still comes is to be thrown away. `body` is JSON; 408 or 413. False: it cannot be told. */
MUST_USE bool fw_patience_refuse(struct fw_patience *p, struct fw_turn *t, int status, const char *body);
#endif
