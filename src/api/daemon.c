/* The HTTP library's daemons, one for each thread: their limits, their certificate, who gets a connection. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/certificate.h"
#include "api/exchange.h"

enum {
    CONNECTIONS_MAX = 1024,
    IDLE_S = 60,
    HEADER_S = 20,
    BODY_S = 30,
};

/* GnuTLS' words: RFC 8996 is why nothing older. */
static const char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

struct fw_worker {
    struct fw_api     *api;
    struct MHD_Daemon *mhd; /* owned */
    atomic_int         connections;
};

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct fw_worker *w = cls;
    struct fw_api    *api = w->api;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        atomic_fetch_sub(&w->connections, 1);
        fw_patience_close(api->patience, *context);
        *context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const int fd = info ? info->connect_fd : -1;
    info = api->tls ? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION) : NULL;
    *context = fd >= 0 ? fw_patience_open(api->patience, fd, info ? info->tls_session : NULL) : NULL;
}

static enum fw_err read_tls(const struct fw_api_config *c, struct fw_fault *fault)
{
    if (MHD_is_feature_supported(MHD_FEATURE_HTTPS_CERT_CALLBACK2) == MHD_YES)
        return fw_certificate_load(c->tls_cert, c->tls_key, fault);
    fw_fault_set(fault, "tls_cert", "the HTTP library of this machine has no TLS");
    return FW_INVALID;
}

static struct MHD_Daemon *start_one(struct fw_api *api, struct fw_worker *w)
{
    const struct MHD_OptionItem secure[] = {
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)priorities },
        { MHD_OPTION_END, 0, NULL },
    };
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
            (api->tls ? MHD_USE_TLS : 0U),
        0, NULL, NULL, fw_exchange_go, api, MHD_OPTION_ARRAY, api->tls ? secure : secure + ARRAY_LEN(secure) - 1,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_URI_LOG_CALLBACK, fw_exchange_new,
        api, MHD_OPTION_NOTIFY_COMPLETED, fw_exchange_end, api, MHD_OPTION_NOTIFY_CONNECTION, on_connection, w,
        api->tls ? MHD_OPTION_HTTPS_CERT_CALLBACK2 : MHD_OPTION_END, fw_certificate_show, MHD_OPTION_END);
}

static enum fw_err start_all(struct fw_api *api, struct fw_fault *fault)
{
    const int count = api->config.threads > 1 ? (int)api->config.threads : 1;
    api->workers = calloc((size_t)count, sizeof *api->workers);
    if (!api->workers)
        return FW_NO_MEMORY;
    for (int i = 0; i < count; i++) {
        struct fw_worker *w = &api->workers[i];
        w->api = api;
        w->mhd = start_one(api, w);
        if (!w->mhd) {
            fw_fault_set(fault, "listen", "the HTTP server cannot be started: %s", strerror(errno));
            return FW_IO;
        }
        api->worker_count++;
    }
    return FW_OK;
}

enum fw_err fw_daemon_start(struct fw_api *api, struct fw_fault *fault)
{
    const struct fw_api_config *c = &api->config;
    api->tls = c->tls_cert && c->tls_cert[0];
    enum fw_err err = api->tls ? read_tls(c, fault) : FW_OK;
    if (!err)
        err = fw_patience_start(c->header_s ? c->header_s : HEADER_S, c->body_s ? c->body_s : BODY_S, IDLE_S,
                                &api->patience);
    return err ? err : start_all(api, fault);
}

void fw_daemon_stop(struct fw_api *api)
{
    for (int i = 0; i < api->worker_count; i++)
        MHD_stop_daemon(api->workers[i].mhd);
    free(api->workers);
    api->workers = NULL;
    api->worker_count = 0;
}

bool fw_daemon_has_room(const struct fw_api *api)
{
    int all = 0;
    for (int i = 0; i < api->worker_count; i++)
        all += atomic_load(&api->workers[i].connections);
    return all < CONNECTIONS_MAX;
}

void fw_daemon_add(struct fw_api *api, int fd, const struct sockaddr *from, socklen_t size)
{
    struct fw_worker *least = &api->workers[0];
    for (int i = 1; i < api->worker_count; i++) {
        struct fw_worker *w = &api->workers[i];
        least = atomic_load(&w->connections) < atomic_load(&least->connections) ? w : least;
    }
    atomic_fetch_add(&least->connections, 1);
    if (MHD_add_connection(least->mhd, fd, from, size) != MHD_YES) /* which has closed it */
        atomic_fetch_sub(&least->connections, 1);
}
