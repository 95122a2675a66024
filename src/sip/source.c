/* The address of the packet or connection that brought the request. */
#include "sip/source.h"

#include <arpa/inet.h>
#include <sofia-sip/msg_addr.h>
#include <string.h>

bool fw_sip_source(const struct fw_sip *s, struct fw_sip_source *ret)
{
    *ret = (struct fw_sip_source){ 0 };
    msg_t *msg = nua_current_request(fw_sip_nua(s));
    su_sockaddr_t at = { 0 };
    socklen_t size = sizeof at;
    if (!msg || msg_get_address(msg, &at, &size) < 0)
        return false;
    ret->port = ntohs(at.su_port);
    if (at.su_family == AF_INET)
        return inet_ntop(AF_INET, &at.su_sin.sin_addr, ret->host, sizeof ret->host) != NULL;
    if (at.su_family != AF_INET6)
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&at.su_sin6.sin6_addr)) {
        struct in_addr v4;
        memcpy(&v4, &at.su_sin6.sin6_addr.s6_addr[12], sizeof v4);
        return inet_ntop(AF_INET, &v4, ret->host, sizeof ret->host) != NULL;
    }
    return inet_ntop(AF_INET6, &at.su_sin6.sin6_addr, ret->host, sizeof ret->host) != NULL;
}
