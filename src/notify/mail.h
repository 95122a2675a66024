/* mail.h - sends received faxes on by e-mail, and word of how sent ones ended, to the one SMTP server
 * that is configured.
 *
 * Threads of its own, so that a mail server that hangs delays no webhook, and several, so that one message
 * that hangs delays no other: to the addresses of one domain only half of them send at a time, for a
 * server that passes messages on while it takes them is as slow as the next. What is to be sent lies
 * in the store until the server took it or it is given up, so a stop or a crash loses nothing; a
 * crash between the server's yes and our commit sends the same message (by its Message-ID) twice,
 * but it is told once.
 *
 * Source: RFC 5321 (4yz: try again; 5yz: do not), RFC 5322 (the message), RFC 3207 (STARTTLS).
 */
#ifndef FW_MAIL_H
#define FW_MAIL_H
#include "notify/schedule.h"
#include "store/mail.h"

struct fw_mail_server {
    const char *url; /* empty: there is none; what is due is given up at once, and that is told */
    const char *username, *password, *from, *ca_file; /* may be empty */
    bool        tls; /* nothing is sent without */
    int         timeout_s; /* one message, whole */
};

enum { FW_MAIL_CONNECTIONS_MAX = 16 };
_Static_assert((int)FW_MAIL_CONNECTIONS_MAX <= (int)FW_MAIL_SKIP_MAX, "each that is being sent is passed over");

struct fw_mailer_config {
    struct fw_store      *store; /* outlives the mailer */
    struct fw_mail_server server;
    struct fw_notify_schedule schedule; /* of its waits only */
    int64_t               give_up_s;
    int                   connections; /* messages at a time, 1 to FW_MAIL_CONNECTIONS_MAX */
};

struct fw_mailer;

MUST_USE enum fw_err fw_mailer_start(const struct fw_mailer_config *config, struct fw_mailer **ret);
/* Breaks off what is being sent (it stays in the store), ends the threads and frees. NULL is fine. */
void fw_mailer_stop(struct fw_mailer *m);

/* NULL, or one clause saying what is wrong with the URL of a server. */
const char *fw_mail_url_fault(const char *url);
bool        fw_mail_url_is_loopback(const char *url);
#endif
