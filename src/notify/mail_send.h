/* mail_send.h - one message to the SMTP server; the room's edge to libcurl's SMTP. Private to the room. */
#ifndef FW_MAIL_SEND_H
#define FW_MAIL_SEND_H
#include <stdatomic.h>

#include "notify/mail.h"

enum fw_mail_result {
    FW_MAIL_TAKEN,
    FW_MAIL_AGAIN,   /* later */
    FW_MAIL_REFUSED, /* the server will never take it */
};
/* Blocks until the server answered, the time is over or `stop` is set. `why` says what went wrong. */
enum fw_mail_result fw_mail_send(const struct fw_mail_server *server, const struct fw_mail *mail,
                                 const struct fw_fax *fax, const char *document, const atomic_bool *stop,
                                 char why[FW_TEXT_SIZE]);
#endif
