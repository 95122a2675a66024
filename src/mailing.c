/* From the keys smtp_… to a mailer that runs. */
#include "mailing.h"

#include <string.h>

enum fw_err fw_mailing_start(const struct fw_config *c, struct fw_store *store, struct fw_mailer **ret)
{
    const struct fw_mailer_config config = {
        .store = store,
        .server = { .url = c->smtp_url, .username = c->smtp_username, .password = c->smtp_password,
                    .from = c->smtp_from, .ca_file = c->smtp_ca_file,
                    .tls = c->smtp_tls[0] ? strcmp(c->smtp_tls, "none") != 0 : !fw_mail_url_is_loopback(c->smtp_url),
                    .timeout_s = (int)c->smtp_timeout_secs },
        .schedule = { .first_ms = c->smtp_retry_first_ms, .max_ms = c->smtp_retry_max_secs * 1000 },
        .give_up_s = c->smtp_give_up_secs,
        .connections = (int)c->smtp_connections,
    };
    return fw_mailer_start(&config, ret);
}
