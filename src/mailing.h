/* mailing.h - the mailer as the configuration says. */
#ifndef FW_MAILING_H
#define FW_MAILING_H
#include "config.h"
#include "notify/mail.h"

/* Both outlive the mailer. */
MUST_USE enum fw_err fw_mailing_start(const struct fw_config *c, struct fw_store *store, struct fw_mailer **ret);
#endif
