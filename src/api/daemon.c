/* The HTTP library's daemon: its threads, its limits, its certificate. */
#include <errno.h>
#include <string.h>

#include "api/exchange.h"
#include "base/file.h"

enum {
    CONNECTIONS_MAX = 1024,
    CONNECTION_BYTES = 64 * 1024, /* headers and one piece of a body */
    IDLE_S = 60,
    HEADER_S = 20,
    BODY_S = 30,
    PEM_MAX = 256 * 1024,
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
    *context = info ? fw_patience_open(api->patience, info->connect_fd, api->tls_cert.size == 0) : NULL;
}

/* As text that ends with a zero, which the library wants; kept as long as the API lives. */
static enum fw_err read_pem(const char *key, const char *path, struct fw_buf *ret, struct fw_fault *fault)
{
    enum fw_err err = fw_file_read(path, PEM_MAX, ret);
    if (!err)
        err = fw_buf_put_u8(ret, 0);
    if (err)
        fw_fault_set(fault, key, "%s cannot be read: %s", path, fw_err_text(err));
    return err;
}

static enum fw_err read_tls(struct fw_api *api, struct fw_fault *fault)
{
    const char *cert = api->config.tls_cert, *key = api->config.tls_key;
    if (!cert || !cert[0])
        return FW_OK;
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
        fw_fault_set(fault, "tls_cert", "the HTTP library of this machine has no TLS");
        return FW_INVALID;
    }
    enum fw_err err = read_pem("tls_cert", cert, &api->tls_cert, fault);
    return err ? err : read_pem("tls_key", key, &api->tls_key, fault);
}

enum fw_err fw_daemon_start(struct fw_api *api, int fd, struct fw_fault *fault)
{
    const struct fw_api_config *c = &api->config;
    const unsigned threads = c->threads > 1 ? c->threads : 0; /* a pool begins at two */
    const struct MHD_OptionItem pool[] = {
        { MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    enum fw_err err = read_tls(api, fault);
    if (!err)
        err = fw_patience_start(c->header_s ? c->header_s : HEADER_S, c->body_s ? c->body_s : BODY_S, IDLE_S,
                                &api->patience);
    if (err)
        return err;
    const bool tls = api->tls_cert.size > 0;
    const struct MHD_OptionItem secure[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, api->tls_cert.data },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, api->tls_key.data },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)priorities },
        { MHD_OPTION_END, 0, NULL },
    };
    api->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0U), 0,
        NULL, NULL, fw_exchange_go, api, MHD_OPTION_ARRAY, threads ? pool : pool + 1, MHD_OPTION_ARRAY,
        tls ? secure : secure + ARRAY_LEN(secure) - 1, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_URI_LOG_CALLBACK, fw_exchange_new, api, MHD_OPTION_NOTIFY_COMPLETED, fw_exchange_end, api,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, api, MHD_OPTION_END);
    if (api->daemon)
        return FW_OK;
    if (tls)
        fw_fault_set(fault, "tls_cert", "%s and tls_key are not a certificate and its key in PEM form", c->tls_cert);
    else
        fw_fault_set(fault, "listen", "the HTTP server cannot be started: %s", strerror(errno));
    return FW_IO;
}
