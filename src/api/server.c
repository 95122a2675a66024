/* Starts and stops the HTTP server: its socket, its threads, its limits. */
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/certificate.h"
#include "api/exchange.h"
#include "base/file.h"
#include "base/log.h"
#include "http/http.h"

enum {
    STOP_S = 10,
    LINK_TTL_S = 10 * 60,
    BACKLOG = 512,
};

static void addresses_free(struct addrinfo **a)
{
    if (*a)
        freeaddrinfo(*a);
}

static enum fw_err listen_on(const char *host, uint16_t port, struct fw_fault *fault, int *ret)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found CLEANUP(addresses_free) = NULL;
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    const int failed = getaddrinfo(host, service, &hints, &found);
    if (failed) {
        fw_fault_set(fault, "listen", "'%s' is not an address to listen on: %s", host,
                     gai_strerror(failed));
        return FW_INVALID;
    }
    int fd CLEANUP(fw_fd_close) =
        socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        const int why = errno;
        if (why == EADDRINUSE)
            fw_fault_set(fault, "listen",
                         "port %u of %s is in use; stop who uses it or listen on another", port,
                         host);
        else
            fw_fault_set(fault, "listen", "cannot listen on port %u of %s: %s", port, host,
                         strerror(why));
        return why == EADDRINUSE ? FW_CONFLICT : why == EADDRNOTAVAIL ? FW_INVALID : FW_IO;
    }
    *ret = fd;
    fd = -1;
    return FW_OK;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return 0;
    const in_port_t port = address.ss_family == AF_INET6
                               ? ((struct sockaddr_in6 *)&address)->sin6_port
                               : ((struct sockaddr_in *)&address)->sin_port;
    return ntohs(port);
}

/* What an earlier run that was killed left there belongs to no fax. */
static enum fw_err clean_uploads(const char *dir, struct fw_fault *fault)
{
    fw_dir_remove(dir, 1);
    const enum fw_err err = fw_dir_make(dir);
    if (err)
        fw_fault_set(fault, "data", "the folder for uploads cannot be made: %s", dir);
    return err;
}

static void api_free(struct fw_api **api)
{
    if (*api) {
        fw_acceptor_stop((*api)->acceptor);
        fw_daemon_stop(*api);
        fw_limits_free((*api)->limits);
        fw_claims_done(&(*api)->claims);
        fw_sweeper_stop((*api)->sweeper);
        fw_waiters_stop((*api)->waiters);
        fw_patience_stop((*api)->patience);
        if ((*api)->tls)
            fw_certificate_forget();
    }
    free(*api);
}

static enum fw_err open_links(struct fw_api *api, const char *host, struct fw_fault *fault)
{
    struct fw_links *l = &api->links;
    const char *url = api->config.public_url;
    char path[PATH_MAX];
    int size = 0;
    if (url && url[0])
        size = snprintf(l->base, sizeof l->base, "%s", url);
    else
        size = snprintf(l->base, sizeof l->base, strchr(host, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
                        api->config.tls_cert && api->config.tls_cert[0] ? "https" : "http", host, api->port);
    if (size < 0 || (size_t)size >= sizeof l->base) {
        fw_fault_set(fault, "public_url", "may have at most %d characters", FW_LINK_BASE_MAX);
        return FW_INVALID;
    }
    while (size > 0 && l->base[size - 1] == '/')
        l->base[--size] = '\0';
    l->ttl_s = api->config.link_ttl_s ? api->config.link_ttl_s : LINK_TTL_S;
    snprintf(path, sizeof path, "%s/link-key", fw_store_data_dir(api->config.store));
    const enum fw_err err = fw_hmac_key_open(path, l->key);
    if (err)
        fw_fault_set(fault, "data", "%s cannot be used: it must be a file of %d bytes, or absent",
                     path, FW_HMAC_KEY_SIZE);
    return err;
}

enum fw_err fw_api_start(const struct fw_api_config *config, struct fw_fault *fault,
                         struct fw_api **ret)
{
    const char *host =
        config->listen_host && config->listen_host[0] ? config->listen_host : "127.0.0.1";
    fw_assert(config->store && config->upload_dir);
    struct fw_api *api CLEANUP(api_free) = calloc(1, sizeof *api);
    int fd CLEANUP(fw_fd_close) = -1;
    if (api)
        fw_claims_init(&api->claims);
    enum fw_err err = api ? fw_http_init() : FW_NO_MEMORY;
    if (!err && config->rate_limit_per_second > 0)
        err = fw_limits_new(config->rate_limit_per_second, &api->limits);
    if (!err)
        err = clean_uploads(config->upload_dir, fault);
    if (!err)
        err = listen_on(host, config->port, fault, &fd);
    if (err)
        return err;
    api->config = *config;
    api->port = port_of(fd);
    err = open_links(api, host, fault);
    if (err)
        return err;
    err = fw_sweeper_start(api->config.store, &api->sweeper);
    if (err) {
        fw_fault_set(fault, "data", "the folder for media cannot be used");
        return err;
    }
    err = fw_waiters_start(api->config.store, &api->waiters);
    if (err)
        return err;
    err = fw_daemon_start(api, fault);
    if (err)
        return err;
    err = fw_acceptor_start(fd, api, &api->acceptor);
    fd = -1; /* the acceptor's */
    if (err)
        return err;
    fw_log(FW_LOG_INFO, "api.ready", "port=%u threads=%u", api->port, config->threads);
    *ret = TAKE(api);
    return FW_OK;
}

void fw_api_links(const struct fw_api *api, struct fw_links *ret)
{
    *ret = api->links;
}

uint16_t fw_api_port(const struct fw_api *api)
{
    return api->port;
}

int fw_api_waiting(const struct fw_api *api)
{
    return fw_waiters_count(api->waiters);
}

enum fw_err fw_api_reload(struct fw_api *api, struct fw_fault *fault)
{
    return api && api->tls ? fw_certificate_load(api->config.tls_cert, api->config.tls_key, fault) : FW_OK;
}

static void wait_idle(struct fw_api *api)
{
    const int64_t until_us = fw_mono_now().us + (int64_t)STOP_S * 1000000;
    while (atomic_load(&api->running) > 0 && fw_mono_now().us < until_us)
        poll(NULL, 0, 5);
    const int left = atomic_load(&api->running);
    if (left > 0)
        fw_log(FW_LOG_WARN, "api.cut_off", "requests=%d", left);
}

void fw_api_stop(struct fw_api *api)
{
    if (!api)
        return;
    atomic_store(&api->stopping, true);
    fw_acceptor_stop(TAKE(api->acceptor));
    fw_waiters_release(api->waiters);
    wait_idle(api);
    while (atomic_load(&api->fetches) > 0) /* they have seen `stopping`; the library would not wait */
        poll(NULL, 0, 5);
    api_free(&api);
}
