/* config.h - what an operator can set: one YAML file, every plain key also by environment.
 *
 * Unknown keys, wrong types and values out of range are errors that name the key. The annotated
 * example is config/faxwire.yaml.
 */
#ifndef FW_CONFIG_H
#define FW_CONFIG_H
#include "base/base.h"
#include "config_options.h"
#include "fax/trunk.h"

/* A SIP peer that takes our calls. Texts are empty where nothing is given, pointers are never NULL
 * once loaded. Times are in what their names say. */
struct fw_config_trunk {
    char    *name;
    char    *host;    /* numeric address or name of the SIP peer */
    uint16_t port;    /* 0: as NAPTR and SRV records say, or the usual one */
    enum fw_trunk_transport transport;
    bool    *tls_verify;      /* its certificate, by its name */
    char    *outbound_proxy;  /* HOST or HOST:PORT */
    char    *sources;         /* addresses or prefixes, with spaces, that its requests come from */
    bool     unpaced; /* the peer is a Faxwire too: T.38 may run faster than a telephone line */
    char    *username, *password; /* for digest challenges; empty: none. Never logged */
    char    *auth_realm;          /* the only realm they are for; empty: any */
    bool     registers;
    uint32_t register_secs;
    uint32_t *options_secs;   /* between health checks; 0: none */
    char    *from_user, *from_domain, *display_name, *asserted_identity;
    bool    *send_display_name;
    bool     privacy;
    uint8_t  strip;           /* digits of the called number */
    char    *prefix;
    enum fw_trunk_plus plus, from_plus;
    enum fw_trunk_called called_number; /* of calls that come in */
    enum fw_trunk_codecs codecs;
    enum fw_trunk_t38 t38;
    enum fw_trunk_shape t38_sdp;
    uint32_t *t38_after_answer_ms, *t38_after_ced_ms;
    uint16_t t38_max_datagram; /* 0: as the peer says */
    uint16_t channels, calls_per_second; /* 0: any number */
    uint32_t ring_timeout_secs;          /* 0: that of the service */
    uint32_t response_timeout_secs;      /* 0: 8 s when there is another trunk */
    uint32_t session_expires_secs;       /* 0: no session timer unless the peer wants one */
    uint16_t priority, weight;           /* the lowest first; share within it */
    bool     busy_on_603;
};

/* What received faxes can go on to; an application names it. */
struct fw_config_command {
    char   *name;
    char  **command; /* program and arguments; no shell */
    unsigned command_count;
    uint32_t timeout_secs; /* of one run; 0: 60 */
};

struct fw_config {
#define TEXT_MEMBER(name, longest, standard) char *name;
#define NUMBER_MEMBER(name, standard, min, max) uint32_t name;
#define PORT_MEMBER(name, standard, min, max) uint16_t name;
#define SWITCH_MEMBER(name) bool name;
    FW_CONFIG_OPTIONS(TEXT_MEMBER, NUMBER_MEMBER, PORT_MEMBER, SWITCH_MEMBER)
#undef TEXT_MEMBER
#undef NUMBER_MEMBER
#undef PORT_MEMBER
#undef SWITCH_MEMBER
    uint32_t *drain_secs; /* NULL: 30, and 0 in development */
    struct fw_config_command *forward_commands;
    unsigned forward_commands_count;
    /* SIGHUP reads them again, and what fw_service_reload_rules takes. */
    struct fw_config_trunk *trunks;
    unsigned trunks_count;
};

/* `path` NULL: defaults and environment only. The result is freed by fw_config_free. */
MUST_USE enum fw_err fw_config_load(const char *path, struct fw_fault *fault, struct fw_config **ret);
/* What the options must be to each other; settles the trunks. Called by fw_config_load. */
MUST_USE enum fw_err fw_config_check(struct fw_config *c, struct fw_fault *fault);
void fw_config_free(struct fw_config *c);
void fw_config_free_p(struct fw_config **c);
/* Splits "HOST:PORT" or "[V6]:PORT". */
MUST_USE bool fw_config_listen(const char *text, char *host, size_t host_size, uint16_t *ret_port);
#endif
