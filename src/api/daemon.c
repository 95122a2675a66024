/* The HTTP library's daemon: its threads, its limits, its certificate. */
#include <errno.h>
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

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct fw_api *api = cls;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
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

enum fw_err fw_daemon_start(struct fw_api *api, int fd, struct fw_fault *fault)
{
    const struct fw_api_config *c = &api->config;
    const unsigned threads = c->threads > 1 ? c->threads : 0; /* a pool begins at two */
    const struct MHD_OptionItem pool[] = {
        { MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    api->tls = c->tls_cert && c->tls_cert[0];
    enum fw_err err = api->tls ? read_tls(c, fault) : FW_OK;
    if (!err)
        err = fw_patience_start(c->header_s ? c->header_s : HEADER_S, c->body_s ? c->body_s : BODY_S, IDLE_S,
                                &api->patience);
    if (err)
        return err;
    const struct MHD_OptionItem secure[] = {
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)priorities },
        { MHD_OPTION_END, 0, NULL },
    };
    api->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | (api->tls ? MHD_USE_TLS : 0U), 0,
        NULL, NULL, fw_exchange_go, api, MHD_OPTION_ARRAY, threads ? pool : pool + 1, MHD_OPTION_ARRAY,
        api->tls ? secure : secure + ARRAY_LEN(secure) - 1, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_URI_LOG_CALLBACK, fw_exchange_new, api, MHD_OPTION_NOTIFY_COMPLETED, fw_exchange_end, api,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, api,
        api->tls ? MHD_OPTION_HTTPS_CERT_CALLBACK2 : MHD_OPTION_END, fw_certificate_show, MHD_OPTION_END);
    if (api->daemon)
        return FW_OK;
    fw_fault_set(fault, "listen", "the HTTP server cannot be started: %s", strerror(errno));
    return FW_IO;
}
