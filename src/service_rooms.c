/* Each room with its part of the configuration, and the wires between them. */
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "media/barcodes.h"
#include "media/cover.h"
#include "media/outgoing.h"
#include "previews.h"
#include "service.h"

enum { MEGABYTE = 1024 * 1024 };

static void send_with(void *arg, const struct fw_msg *msg, int fd)
{
    struct service *s = arg;
    struct parcel parcel = { .msg = *msg, .fd = fd };
    if (fw_mailbox_put(s->outbox, &parcel)) {
        fw_log(FW_LOG_ERROR, "message.lost", "kind=%s", fw_msg_text(msg->kind)); /* its deadline acts */
        fw_fd_close(&parcel.fd);
    }
}

static void from_room(void *arg, const struct fw_msg *msg)
{
    send_with(arg, msg, -1);
}

static void prepare(void *arg, const struct fw_fax *fax, const char *dir, const atomic_bool *stop,
                    struct fw_prepared *ret)
{
    const struct service *s = arg;
    fw_documents_prepare(&s->documents, fax, dir, stop, ret);
}

static void fax_accepted(void *arg, const char *fax)
{
    struct service *s = arg;
    fw_queue_accepted(s->queue, fax);
}

static void fax_canceled(void *arg, const char *fax)
{
    struct service *s = arg;
    fw_queue_cancel(s->queue, fax); /* whichever of the two has it */
    fw_receive_cancel(s->receive, fax);
}

static json_t *trunks(void *arg)
{
    const struct service *s = arg;
    return fw_trunks_json(s->trunks);
}

static bool has_command(void *arg, const char *name)
{
    const struct service *s = arg;
    return fw_forwarding_has(s->config, name);
}

static bool can_barcodes(void *arg)
{
    const struct service *s = arg;
    return fw_media_barcodes_can(s->programs.barcode);
}

static char *read_codes(void *arg, const char *fax, const char *tif, int pages, uint32_t wall_ms,
                        const atomic_bool *stop)
{
    const struct service *s = arg;
    return fw_media_barcodes(s->programs.barcode, fax, tif, pages, wall_ms, stop);
}

static uint32_t draining(void *arg)
{
    const struct service *s = arg;
    return fw_drain_left_s(&s->drain);
}

static void pace(void *arg, struct fw_pace *ret)
{
    const struct service *s = arg;
    fw_queue_pace(s->queue, ret);
}

static enum fw_err fetch_media(void *arg, const char *url, int fd, uint64_t size_max,
                               const atomic_bool *stop, struct fw_fault *fault)
{
    const struct service *s = arg;
    return fw_documents_fetch(&s->documents, url, fd, size_max, stop, fault);
}

static enum fw_err make_preview(void *arg, const struct fw_fax *f, const struct fw_preview *p)
{
    const struct service *s = arg;
    return fw_previews_make(s->queue, &s->documents, s->store, f, p);
}

static bool cover_known(void *arg, const char *name)
{
    const struct service *s = arg;
    return fw_cover_known(s->config->covers_dir, name);
}

static struct fw_limits limits_of(const struct fw_config *c)
{
    return (struct fw_limits){ {
        [FW_LIMIT_WAIT] = c->wait_limit_secs * 1000LL,
        [FW_LIMIT_DOCUMENTS] = c->document_limit_secs * 1000LL,
        [FW_LIMIT_RING] = c->ring_timeout_secs * 1000LL,
        [FW_LIMIT_CALL] = c->call_limit_secs * 1000LL,
        [FW_LIMIT_ANSWER] = c->answer_delay_ms,
    } };
}

static struct fw_queue_rules rules_of(const struct fw_config *c)
{
    return (struct fw_queue_rules){
        .guard = { c->allow_prefixes, c->bar_prefixes },
        .quotas = { [FW_QUOTA_PAGES] = c->account_pages_per_day, [FW_QUOTA_CALLS] = c->account_calls_per_day,
                    [FW_QUOTA_CALLS_MAX] = c->account_calls_max },
    };
}

void fw_service_reload_rules(struct service *s)
{
    struct fw_fault fault = { 0 };
    struct fw_config *config = NULL;
    if (!s->options->config_path)
        return;
    enum fw_err err = fw_config_load(s->options->config_path, &fault, &config);
    const struct fw_queue_rules rules = err ? (struct fw_queue_rules){ 0 } : rules_of(config);
    if (!err)
        err = fw_queue_obey(s->queue, &rules);
    fw_log(err ? FW_LOG_ERROR : FW_LOG_INFO, "service.rules", "taken=%d field=%s what=%s", !err,
           FW_LOG_TEXT(fault.field), FW_LOG_TEXT(fault.message));
    fw_config_free(config);
}

enum fw_err fw_service_start_queue(struct service *s)
{
    const struct fw_queue_port port = { .prepare = prepare, .send = from_room, .send_with = send_with,
                                        .put_pages = fw_outgoing_make, .arg = s };
    const struct fw_config *c = s->config;
    const struct fw_queue_config config = {
        .store = s->store, .ident = c->ident, .modem_count = (int)c->modems, .seats = &s->seats,
        .trunk = "" /* the line chooses */, .rules = rules_of(c),
        .media_workers = (int)c->media_workers, .calls_max = (int)c->calls_max,
        .calls_per_number = (int)c->calls_per_number, .number_gap_ms = (int)c->number_gap_ms,
        .limits = limits_of(c), .trace_bytes_max = c->trace_max_mb * MEGABYTE,
        .disk_free_min = ((uint64_t)c->disk_free_min_mb + c->trace_max_mb) * MEGABYTE,
    };
    const enum fw_err err = fw_queue_new(&config, &port, &s->queue);
    return err ? err : fw_queue_start(s->queue);
}

/* Before the queue: its start clears the spool. */
enum fw_err fw_service_start_receive(struct service *s)
{
    const struct fw_receive_port port = { .send = from_room, .send_with = send_with, .read_codes = read_codes,
                                          .arg = s };
    const struct fw_config *c = s->config;
    const struct fw_receive_config config = {
        .store = s->store, .ident = c->ident, .modem_count = (int)c->modems, .seats = &s->seats,
        .calls_max = (int)c->calls_max, .limits = limits_of(c),
        .disk_free_min = (uint64_t)c->disk_free_min_mb * MEGABYTE, .trace_bytes_max = c->trace_max_mb * MEGABYTE,
    };
    const enum fw_err err = fw_receive_new(&config, &port, &s->receive);
    return err ? err : fw_receive_start(s->receive);
}

enum fw_err fw_service_start_notify(struct service *s)
{
    fw_api_links(s->api, &s->links);
    const struct fw_notify_config config = {
        .store = s->store, .signer = s->signer,
        .allow_private = s->options->dev || s->config->webhook_private,
        .log_days = (int)s->config->webhook_log_days,
        .timeout_ms = (int)s->config->webhook_timeout_ms,
        .schedule = { .first_ms = s->config->webhook_retry_first_ms,
                      .max_ms = s->config->webhook_retry_max_secs * 1000,
                      .round_max = (int)s->config->webhook_retry_rounds },
        .links = fw_link_port_of(&s->links),
    };
    return fw_notify_start(&config, &s->notify);
}

/* 0 in the configuration is for ever: there it is what is not said; an application can say 0. */
enum fw_err fw_service_start_retention(struct service *s)
{
    const struct fw_config *c = s->config;
    const struct fw_retention_config config = {
        .store = s->store, .look_ms = (int)c->retention_look_secs * 1000,
        .rule = { .days = { [FW_OUTBOUND] = c->retention_outbound_days ? (int)c->retention_outbound_days : -1,
                            [FW_INBOUND] = c->retention_inbound_days ? (int)c->retention_inbound_days : -1 },
                  .deletes_records = c->retention_delete_records, .link_ttl_s = c->link_ttl_secs },
    };
    return fw_retention_start(&config, &s->retention);
}

enum fw_err fw_service_start_api(struct service *s, struct fw_fault *fault)
{
    uint16_t port = 0;
    fw_assert(fw_config_listen(s->config->listen, s->http_host, sizeof s->http_host, &port));
    snprintf(s->upload_dir, sizeof s->upload_dir, "%s/uploads", fw_store_documents_dir(s->store));
    fw_signer_public_key(s->signer, s->public_key, sizeof s->public_key);
    const struct fw_api_config config = {
        .listen_host = s->http_host, .port = port, .store = s->store, .upload_dir = s->upload_dir,
        .fax_accepted = fax_accepted, .fax_canceled = fax_canceled, .fetch = fetch_media,
        .preview = make_preview, .cover_known = cover_known, .trunks = trunks,
        .draining = draining, .has_command = has_command, .pace = pace, .can_barcodes = can_barcodes,
        .arg = s, .disk_free_min = (uint64_t)s->config->disk_free_min_mb * 1024 * 1024,
        .threads = s->config->http_threads,
        .tls_cert = s->config->tls_cert, .tls_key = s->config->tls_key,
        .cors_origins = s->config->cors_origins,
        .header_s = s->config->http_header_timeout_secs, .body_s = s->config->http_body_timeout_secs,
        .public_url = s->config->public_url, .link_ttl_s = s->config->link_ttl_secs,
        .rate_limit_per_second = s->config->rate_limit_per_second,
        .faxes_in_process_max = s->config->faxes_in_process_max,
        .batches_in_process_max = s->config->batches_in_process_max,
        .retry = s->config->retry, .no_header_line = s->config->no_header_line, .signer = s->signer,
    };
    return fw_api_start(&config, fault, &s->api);
}
