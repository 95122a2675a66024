/* serve.h - the service: knows every room, wires them, starts and stops them in order. */
#ifndef FW_SERVE_H
#define FW_SERVE_H
#include "config.h"

struct fw_serve_options {
    bool dev;   /* built-in carrier as the only trunk; loopback documents and webhooks */
    bool paced; /* the carrier keeps telephone line speed */
    const char *config_path; /* read again at SIGHUP, for the trunks; NULL: there is none */
};

/* Runs until SIGINT or SIGTERM. Prints one JSON line on stdout when ready. Returns the exit code. */
int fw_serve(const struct fw_config *config, const struct fw_serve_options *options);
#endif
