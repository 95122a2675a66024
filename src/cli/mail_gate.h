/* mail_gate.h - who may send a fax by mail, and what number an address means; pure.
 *
 * Source: RFC 3192 clause 2 (FAX=+… in the local part), RFC 5321 clause 4.1.2 (addresses).
 */
#ifndef FW_CLI_MAIL_GATE_H
#define FW_CLI_MAIL_GATE_H
#include <jansson.h>

#include "base/buf.h"

enum { FW_MAIL_NUMBER_SIZE = 17, FW_MAIL_ADDRESS_SIZE = 256 };

/* "+12125550100@fax.example.com", "FAX=+1-212-555-0100@…", with or without angle brackets: "+12125550100".
 * False: the local part is no number of E.164. */
MUST_USE bool fw_mail_number(const char *recipient, char ret[FW_MAIL_NUMBER_SIZE]);

/* One plain address, without angle brackets and in lower case. False: it is none, or the null sender. */
MUST_USE bool fw_mail_address(const char *text, char ret[FW_MAIL_ADDRESS_SIZE]);

/* `address` as above is among `senders`, a list of addresses and of domains after an '@'. Nobody is in an
 * empty list. */
bool fw_mail_sender_ok(const json_t *senders, const char *address);

/* The header of a message: what comes before its first empty line, that line included. */
struct fw_span fw_mail_head(struct fw_span message);

/* How often `word` (lower case) occurs in `text`, in any case; counting ends at `max`. */
int fw_mail_count(struct fw_span text, const char *word, int max);

/* A header anywhere in the message that lists addresses (From, To and the like) has more than `max` colons, each of
 * which may begin a group (RFC 5322 clause 3.4) within another. */
bool fw_mail_groups_over(struct fw_span message, int max);
#endif
