/* mail.h - a mail becomes a fax: fed by the pipe of a mail server, over the public API.
 *
 * The message is on stdin. The fax is durable in the service before the code is 0, and a mail that comes
 * again is one fax: by its Message-ID, sender and number. The codes are those that mail servers know
 * (sysexits.h): 75 keeps the mail in the queue, for whatever passes or the operator can mend; 67 no such
 * number, 77 the sender may not, 65 nothing in it can be faxed: these go back to the sender, with what is
 * on stderr.
 */
#ifndef FW_CLI_MAIL_H
#define FW_CLI_MAIL_H

int fw_cli_mail(int argc, char **argv);
#endif
