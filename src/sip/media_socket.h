/* media_socket.h - the UDP sockets that RTP and UDPTL run on. */
#ifndef FW_SIP_MEDIA_SOCKET_H
#define FW_SIP_MEDIA_SOCKET_H
#include "base/base.h"

/* Binds a nonblocking, close-on-exec UDP socket with a receive buffer of a megabyte (an unpaced
 * page is one burst). Ports are tried in turn from a place after the last one handed out;
 * `port_min` 0: any port. FW_INVALID: `host` is not a numeric address or the range is empty;
 * FW_LIMIT: every port of the range is taken; FW_IO: the system refused. */
MUST_USE enum fw_err fw_media_socket(const char *host, uint16_t port_min, uint16_t port_max,
                                     int *ret_fd, uint16_t *ret_port);
#endif
