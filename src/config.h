/* config.h - what an operator can set: one YAML file, every plain key also by environment.
 *
 * Unknown keys, wrong types and values out of range are errors that name the key. The annotated
 * example is config/faxwire.yaml.
 */
#ifndef FW_CONFIG_H
#define FW_CONFIG_H
#include "base/base.h"
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
    uint16_t priority, weight;           /* the lowest first; share within it */
    bool     busy_on_603;
};

struct fw_config {
    char    *data;          /* folder of database, documents and keys */
    char    *listen;        /* HTTP, HOST:PORT; port 0 takes a free one */
    char    *sip_host;      /* numeric address that SIP and media bind to */
    uint16_t sip_port;      /* 0: any */
    uint16_t media_port_min, media_port_max; /* 0: any */
    char    *domain;        /* host part of our From; empty: sip_host */
    char    *advertised_host; /* numeric: what peers are told, behind NAT; empty: sip_host */
    char    *resolv_conf;   /* file with name servers for trunks; empty: the system's */
    char    *tls_ca_file;   /* whom trunks over TLS are trusted by; empty: the system's */
    char    *tls_certificate; /* of ours, with its key, PEM; empty: none */
    bool     answer_strangers; /* SIP requests from where no trunk is */
    uint32_t stranger_rate; /* SIP messages a second from one source that is no trunk */
    char    *ident;         /* station id (TSI), up to 20 characters; empty: the fax's `from` */
    char    *log_level;     /* error warn info debug */
    uint32_t modems;        /* modem programs */
    uint32_t media_workers; /* documents prepared at the same time */
    uint32_t calls_max;     /* calls at the same time */
    char    *retry;             /* policy of faxes that name none: none, standard, hylafax, or JSON */
    char    *allow_prefixes, *bar_prefixes; /* of numbers that may, or may not, be called: fax/guard.h */
    uint32_t calls_per_number; /* at the same time to one destination */
    uint32_t number_gap_ms;    /* between two calls to one */
    uint32_t ring_timeout_secs;
    uint32_t call_limit_secs;
    uint32_t answer_delay_ms;  /* calls that come in ring as long */
    uint32_t disk_free_min_mb; /* less is free: no call, fax or upload is taken */
    uint32_t *drain_secs;      /* NULL: 30, and 0 in development */
    uint32_t http_threads;
    uint32_t http_header_timeout_secs, http_body_timeout_secs; /* see api/patience.h */
    char    *tls_cert, *tls_key; /* PEM files; empty: plain HTTP */
    char    *cors_origins;       /* of web pages that may use the API, parted by commas, or "*" */
    uint32_t faxes_in_process_max;  /* outbound, of one account */
    char    *public_url;     /* what links to stored files begin with; empty: where `listen` is */
    uint32_t link_ttl_secs;  /* how long such links are good */
    uint32_t rate_limit_per_second; /* requests of one account; 0: any number */
    bool     fetch_private;   /* media_url may point to private and loopback addresses */
    bool     webhook_private; /* webhooks too */
    uint32_t webhook_timeout_ms; /* one try, unless the application says */
    uint32_t webhook_retry_first_ms, webhook_retry_max_secs, webhook_retry_rounds;
    uint32_t webhook_log_days; /* how long what became of a webhook is kept */
    char    *smtp_url;       /* smtp:// or smtps:// HOST[:PORT]; empty: no mail is sent */
    char    *smtp_username, *smtp_password; /* never logged */
    char    *smtp_from;      /* address that mail is from */
    char    *smtp_tls;       /* required, none, or empty: required unless the host is loopback */
    char    *smtp_ca_file;   /* whom its certificate is trusted by, PEM; empty: the system's */
    uint32_t smtp_timeout_secs; /* one message, whole */
    uint32_t smtp_retry_first_ms, smtp_retry_max_secs, smtp_give_up_secs;
    /* The only part that SIGHUP reads again. */
    struct fw_config_trunk *trunks;
    unsigned trunks_count;
};

/* `path` NULL: defaults and environment only. The result is freed by fw_config_free. */
MUST_USE enum fw_err fw_config_load(const char *path, struct fw_fault *fault, struct fw_config **ret);
void fw_config_free(struct fw_config *c);
/* Splits "HOST:PORT" or "[V6]:PORT". */
MUST_USE bool fw_config_listen(const char *text, char *host, size_t host_size, uint16_t *ret_port);
#endif
