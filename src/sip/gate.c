/* The gate: in the place of three functions of the stack, through the dynamic linker. */
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
static struct {
    fw_sip_tap_fn *fn;
    void *arg;
} tap;

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

static void tell(msg_t *msg, bool sent, const struct fw_span *parts, size_t count, fw_sip_tap_fn *fn, void *arg)
{
    const sip_t *sip = sip_object(msg);
    const su_sockaddr_t *far = msg_addr(msg);
    struct fw_sip_packet packet = {
        .sent = sent,
        .call_id = sip && sip->sip_call_id && sip->sip_call_id->i_id ? sip->sip_call_id->i_id : "",
        .parts = parts,
        .part_count = count,
    };
    if (far)
        packet.far = fw_pcap_end_of(&far->su_sa);
    fn(arg, &packet);
}

static void describe(msg_t *msg, bool sent)
{
    msg_iovec_t raw[FW_PCAP_PARTS_MAX];
    struct fw_span parts[FW_PCAP_PARTS_MAX];
    const isize_t all = msg_iovec(msg, raw, ARRAY_LEN(raw));
    const size_t count = all < 0 ? 0 : (size_t)all < ARRAY_LEN(raw) ? (size_t)all : ARRAY_LEN(raw);
    for (size_t i = 0; i < count; i++)
        parts[i] = (struct fw_span){ (const uint8_t *)raw[i].siv_base, raw[i].siv_len };
    tell(msg, sent, parts, count, tap.fn, tap.arg);
}

void fw_sip_tap(fw_sip_tap_fn *fn, void *arg)
{
    tap.fn = fn;
    tap.arg = arg;
}

bool fw_sip_tap_current(const struct fw_sip *s, fw_sip_tap_fn *fn, void *arg)
{
    msg_t *msg = nua_current_request(fw_sip_nua(s));
    size_t size = 0;
    char *text = msg ? msg_as_string(msg_home(msg), msg, NULL, 0, &size) : NULL; /* lives as long as the message */
    const struct fw_span part = { (const uint8_t *)text, size };
    if (text)
        tell(msg, false, &part, 1, fn, arg);
    return text != NULL;
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
    if (gate.fn && !passes(msg)) {
        msg_destroy(msg);
        return;
    }
    if (tap.fn)
        describe(msg, false);
    theirs(self, msg, next, compressor, now);
}

/* The stack's, behind which are only the sockets; again for each repetition. */
int tport_send_msg(tport_t *self, msg_t *msg, tp_name_t const *to, struct sigcomp_compartment *cc);
int tport_send_msg(tport_t *self, msg_t *msg, tp_name_t const *to, struct sigcomp_compartment *cc)
{
    typedef int send_msg(tport_t *, msg_t *, tp_name_t const *, struct sigcomp_compartment *);
    static send_msg *theirs;
    if (!theirs) {
        void *found = dlsym(RTLD_NEXT, "tport_send_msg");
        fw_assert(found && sizeof found == sizeof theirs);
        memcpy(&theirs, &found, sizeof theirs);
    }
    const int result = theirs(self, msg, to, cc);
    if (tap.fn && result >= 0)
        describe(msg, true);
    return result;
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
