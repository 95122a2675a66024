/* mail_send.h - one message to the SMTP server; the room's edge to libcurl's SMTP. Private to the room. */
#ifndef FW_MAIL_SEND_H
#define FW_MAIL_SEND_H
#include <curl/curl.h>
#include <stdatomic.h>

#include "notify/mail.h"

/* What a message is of; all borrowed. */
struct fw_letter {
    const struct fw_mail *mail;
    const struct fw_fax  *fax;      /* received, or sent and ended */
    const char           *document; /* path of what was received; empty: none goes along */
    const char           *advice;   /* of one that failed */
};

enum fw_mail_result {
    FW_MAIL_TAKEN,
    FW_MAIL_AGAIN,   /* later */
    FW_MAIL_REFUSED, /* the server will never take it */
};
/* Blocks until the server answered, the time is over or `stop` is set. `why` says what went wrong. */
enum fw_mail_result fw_mail_send(const struct fw_mail_server *server, const struct fw_letter *letter,
                                 const atomic_bool *stop, char why[FW_TEXT_SIZE]);

/* mail_letter.c: the message itself. False: no memory, or its document cannot be read. The list is the
 * caller's in any case. */
MUST_USE bool fw_letter_headers(const struct fw_mail_server *server, const struct fw_letter *letter,
                                struct curl_slist **list);
MUST_USE bool fw_letter_parts(curl_mime *mime, const struct fw_letter *letter);
MUST_USE bool fw_letter_line(struct curl_slist **list, const char *line); /* one more, copied */
#endif
