/* config_options.h - the plain options, each once: its name in the file (FAXWIRE_NAME in the
 * environment), its bounds and its default.
 *
 *   TEXT(name, longest, default)       char *, never NULL once loaded
 *   NUMBER(name, default, min, max)    uint32_t; 0 in the file is the default where min is above 0
 *   PORT(name, default, min, max)      uint16_t, the same
 *   SWITCH(name)                       bool, off by default
 */
#ifndef FW_CONFIG_OPTIONS_H
#define FW_CONFIG_OPTIONS_H
#include "base/bounds.h"

#define FW_CONFIG_OPTIONS(TEXT, NUMBER, PORT, SWITCH) \
    TEXT(data, 4000, "faxwire-data") /* folder of database, documents and keys */ \
    TEXT(documents, 400, "") /* folder of documents, pages and spool; empty: `data` */ \
    SWITCH(documents_in_memory) /* refuse a folder that is on a disk */ \
    TEXT(listen, 300, "127.0.0.1:8080") /* HTTP, HOST:PORT; port 0 takes a free one */ \
    TEXT(sip_host, 63, "127.0.0.1") /* numeric address that SIP and media bind to */ \
    PORT(sip_port, 0, 0, 65535) /* 0: any */ \
    PORT(media_port_min, 0, 0, 65535) /* 0: any */ \
    PORT(media_port_max, 0, 0, 65535) \
    TEXT(domain, 127, "") /* host part of our From; empty: sip_host */ \
    TEXT(advertised_host, 63, "") /* numeric: what peers are told, behind NAT; empty: sip_host */ \
    TEXT(resolv_conf, 255, "") /* file with name servers for trunks; empty: the system's */ \
    TEXT(tls_ca_file, 255, "") /* whom trunks over TLS are trusted by; empty: the system's */ \
    TEXT(tls_certificate, 255, "") /* of ours, with its key, PEM; empty: none */ \
    SWITCH(answer_strangers) /* SIP requests from where no trunk is */ \
    NUMBER(stranger_rate, 20, 1, 100000) /* SIP messages a second from one source that is no trunk */ \
    NUMBER(trunk_rate, 5000, 10, 1000000) /* SIP messages a second from one address of a trunk */ \
    TEXT(ident, FW_IDENT_MAX, "") /* TSI and CSI, fw_ident_ok; empty: `from`, the called number */ \
    SWITCH(no_header_line) /* on pages that are sent, unless their application or their request says so */ \
    TEXT(log_level, 10, "info") /* error warn info debug */ \
    NUMBER(modems, 1, 1, FW_MODEMS_MAX) /* modem programs */ \
    NUMBER(media_workers, 2, 1, 16) /* documents prepared at the same time */ \
    NUMBER(calls_max, 64, 1, FW_MODEMS_MAX * FW_CALLS_PER_MODEM) /* calls at the same time */ \
    TEXT(retry, 2000, "none") /* policy of faxes that name none: none, standard, hylafax, or JSON */ \
    TEXT(allow_prefixes, 4000, "") /* of numbers that may, or may not, be called: fax/guard.h */ \
    TEXT(bar_prefixes, 4000, "+1900,+1976,+870,+881,+882,+883,+979") \
    NUMBER(account_pages_per_day, 0, 0, 1000000000) /* sent by one account in a day of UTC; 0: any number */ \
    NUMBER(account_calls_per_day, 0, 0, 1000000000) \
    NUMBER(account_calls_max, 0, 0, 100000) /* of one account at the same time */ \
    NUMBER(calls_per_number, 1, 1, 1024) /* at the same time to one destination */ \
    NUMBER(number_gap_ms, 0, 0, 600000) /* between two calls to one */ \
    NUMBER(ring_timeout_secs, 60, 5, 600) \
    NUMBER(call_limit_secs, 3600, 60, 4 * 3600) \
    NUMBER(trace_max_mb, 16, 1, 1024) /* of the packets of one call, where that was asked for */ \
    NUMBER(wait_limit_secs, 7 * 24 * 3600, 60, 30 * 24 * 3600) /* for a turn, or for the disk: fax/status.h */ \
    NUMBER(document_limit_secs, 3600, 10, 24 * 3600) /* to prepare the documents of one fax */ \
    NUMBER(answer_delay_ms, 0, 0, 60 * 1000) /* calls that come in ring as long */ \
    NUMBER(disk_free_min_mb, 256, 1, 1024 * 1024) /* less is free: no call, fax or upload is taken */ \
    NUMBER(http_threads, 16, 1, 64) \
    NUMBER(http_header_timeout_secs, 20, 1, 600) /* see api/patience.h */ \
    NUMBER(http_body_timeout_secs, 30, 1, 600) \
    TEXT(tls_cert, 4000, "") /* PEM files; empty: plain HTTP */ \
    TEXT(tls_key, 4000, "") \
    TEXT(cors_origins, 4000, "") /* of web pages that may use the API, parted by commas, or "*" */ \
    NUMBER(faxes_in_process_max, 2000, 1, 1000000) /* outbound, of one account */ \
    NUMBER(batches_in_process_max, 10, 1, 10000) /* the same; their faxes are not counted there */ \
    TEXT(public_url, 500, "") /* what links to stored files begin with; empty: where `listen` is */ \
    NUMBER(link_ttl_secs, 600, 1, 7 * 24 * 3600) /* how long such links are good */ \
    NUMBER(rate_limit_per_second, 0, 0, 100000) /* requests of one account; 0: any number */ \
    TEXT(covers_dir, 4000, "") /* folder of cover pages, NAME.html (media/cover.h); empty: those built in */ \
    SWITCH(fetch_private) /* media_url may point to private and loopback addresses */ \
    SWITCH(webhook_private) /* webhooks too */ \
    NUMBER(webhook_timeout_ms, 2000, 100, 30000) /* one try, unless the application says */ \
    NUMBER(webhook_retry_first_ms, 1000, 10, 3600 * 1000) \
    NUMBER(webhook_retry_max_secs, 3600, 1, 24 * 3600) \
    NUMBER(webhook_retry_rounds, 36, 1, 1000) \
    NUMBER(webhook_log_days, 30, 1, 3650) /* how long what became of a webhook is kept */ \
    TEXT(smtp_url, 500, "") /* smtp:// or smtps:// HOST[:PORT]; empty: no mail is sent */ \
    TEXT(smtp_username, 255, "") /* never logged */ \
    TEXT(smtp_password, 255, "") \
    TEXT(smtp_from, 255, "") /* address that mail is from */ \
    TEXT(smtp_tls, 10, "") /* required, none, or empty: required unless the host is loopback */ \
    TEXT(smtp_ca_file, 255, "") /* whom its certificate is trusted by, PEM; empty: the system's */ \
    NUMBER(smtp_connections, 4, 1, 16) /* messages at a time */ \
    NUMBER(smtp_timeout_secs, 300, 1, 3600) /* one message, whole */ \
    NUMBER(smtp_retry_first_ms, 30 * 1000, 10, 3600 * 1000) \
    NUMBER(smtp_retry_max_secs, 3600, 1, 24 * 3600) \
    NUMBER(smtp_give_up_secs, 24 * 3600, 1, 30 * 24 * 3600) \
    NUMBER(retention_inbound_days, 0, 0, 36500) /* documents of applications that do not say; 0: for ever */ \
    NUMBER(retention_outbound_days, 0, 0, 36500) \
    SWITCH(retention_delete_records) /* the faxes too */ \
    NUMBER(retention_look_secs, 60, 1, 24 * 3600) \
    NUMBER(forward_workers, 4, 1, 16) /* received faxes that go on at a time */ \
    NUMBER(forward_retry_first_ms, 10 * 1000, 10, 3600 * 1000) \
    NUMBER(forward_retry_max_secs, 3600, 1, 24 * 3600) \
    NUMBER(forward_give_up_secs, 24 * 3600, 1, 30 * 24 * 3600)
#endif
