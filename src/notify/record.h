/* record.h - one send as the log of webhooks keeps it; private to the room.
 *
 * What the receiver said is bounded and made valid UTF-8, so that it can stand in JSON.
 */
#ifndef FW_RECORD_H
#define FW_RECORD_H
#include "notify/send.h"
#include "store/webhooks.h"

enum { FW_RECORD_HEADERS_MAX = 4096 }; /* bytes of names and values of one side */

/* A send that has ended; `error` as fw_send_result has it. Texts that there is no memory for are
 * left out. Free with fw_attempt_done. */
void fw_record_send(const struct fw_send *s, int status, const char *error, struct fw_wall now,
                    struct fw_attempt *ret);
/* One that could not be made. */
void fw_record_unsent(const char *url, const char *error, struct fw_wall now,
                      struct fw_attempt *ret);
#endif
