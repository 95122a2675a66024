/* The gate: in the place of two functions of the stack, through the dynamic linker. */
#include "sip/gate.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/tport.h>

static struct {
    fw_sip_gate_fn *fn;
    fw_sip_door_fn *door;
    void *arg;
} gate;

void fw_sip_gate(fw_sip_gate_fn *fn, fw_sip_door_fn *door, void *arg)
{
    gate.fn = fn;
    gate.door = door;
    gate.arg = arg;
}

static bool address_text(const struct sockaddr *from, char ret[FW_SIP_ADDRESS_SIZE])
{
    union {
        const struct sockaddr *any;
        const struct sockaddr_in *v4;
        const struct sockaddr_in6 *v6;
    } at = { from };
    ret[0] = '\0';
    if (from->sa_family == AF_INET)
        return inet_ntop(AF_INET, &at.v4->sin_addr, ret, FW_SIP_ADDRESS_SIZE) != NULL;
    return from->sa_family == AF_INET6 && inet_ntop(AF_INET6, &at.v6->sin6_addr, ret, FW_SIP_ADDRESS_SIZE) != NULL;
}

static bool passes(msg_t *msg)
{
    char source[FW_SIP_ADDRESS_SIZE];
    const sip_t *sip = sip_object(msg);
    const su_sockaddr_t *from = msg_addr(msg);
    if (!from || !address_text(&from->su_sa, source))
        return false;
    const bool readable = sip && (sip->sip_request || sip->sip_status);
    const struct fw_sip_arrival a = {
        .source = source,
        .call_id = readable && sip->sip_call_id && sip->sip_call_id->i_id ? sip->sip_call_id->i_id : "",
        .status = readable && sip->sip_status ? sip->sip_status->st_status : 0,
        .broken = !readable,
    };
    return gate.fn(gate.arg, &a);
}

/* The stack's, between the socket and all its layers: the message is ours to pass on or to free. */
void tport_deliver(tport_t *self, msg_t *msg, msg_t *next, void *compressor, su_time_t now);
void tport_deliver(tport_t *self, msg_t *msg, msg_t *next, void *compressor, su_time_t now)
{
    typedef void deliver(tport_t *, msg_t *, msg_t *, void *, su_time_t);
    static deliver *theirs;
    if (!theirs) {
        void *found = dlsym(RTLD_NEXT, "tport_deliver");
        fw_assert(found && sizeof found == sizeof theirs);
        memcpy(&theirs, &found, sizeof theirs);
    }
    if (!gate.fn || passes(msg))
        theirs(self, msg, next, compressor, now);
    else
        msg_destroy(msg);
}

/* Of this whole program; the stack is the only one in it that accepts connections. */
int accept(int fd, __SOCKADDR_ARG from, socklen_t *size)
{
    char source[FW_SIP_ADDRESS_SIZE];
    struct sockaddr_storage own = { 0 };
    socklen_t own_size = sizeof own;
    const int accepted = accept4(fd, (struct sockaddr *)&own, &own_size, SOCK_CLOEXEC);
    if (accepted < 0)
        return -1;
    if (gate.door && (!address_text((const struct sockaddr *)&own, source) || !gate.door(gate.arg, source))) {
        close(accepted);
        errno = ECONNABORTED;
        return -1;
    }
    if (from.__sockaddr__ && size) {
        memcpy(from.__sockaddr__, &own, *size < own_size ? *size : own_size);
        *size = own_size;
    }
    return accepted;
}
