/* send.h - one send of one delivery: its curl handle and what that needs; private to the room. */
#ifndef FW_SEND_H
#define FW_SEND_H
#include "http/http.h"
#include "notify/envelope.h"
#include "notify/notify.h"

enum { FW_ANSWER_KEPT = 4096 }; /* bytes of an answer's body, for the log */

struct fw_send {
    struct fw_send    *next;
    struct fw_delivery delivery; /* owned; its event too */
    const char        *url;      /* one of the delivery's */
    const char        *user_agent; /* of the config */
    struct fw_wall     started_at;
    bool               has_failover;
    int                host; /* of fw_hosts */
    CURL              *easy;
    struct curl_slist *headers;
    struct fw_envelope envelope;
    struct fw_http_guard guard;
    size_t             answer_bytes; /* all that came */
    char               answer[FW_ANSWER_KEPT];
};

/* Takes the delivery over from `d`, which is left empty, in every case. The envelope is signed
 * as of `now`. Errors: FW_INVALID for a URL we do not call (fw_http_url_fault) or an event that
 * cannot be read, FW_NO_MEMORY, FW_IO. */
MUST_USE enum fw_err fw_send_new(const struct fw_notify_config *config, struct fw_delivery *d,
                                 const char *url, struct fw_wall now, struct fw_send **ret);
void fw_send_free(struct fw_send *s); /* off its multi handle first; NULL is fine */

/* Whether the receiver took it: 2xx, however much it said. `note` is for people. */
MUST_USE bool fw_send_result(const struct fw_send *s, CURLcode code, int *ret_status, char *note,
                             size_t note_size);
#endif
