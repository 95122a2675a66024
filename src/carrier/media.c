/* media.c - datagrams in, the fax machine's samples and IFP packets out. */
#include "carrier/media.h"
#include "base/file.h"
#include "base/id.h"
#include "carrier/network.h"
#include "carrier/trouble.h"
#include "proto/rtp.h"
#include "proto/udptl.h"
#include "sip/edge.h"
#include "sip/media_socket.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FRAME = 160,            /* samples of 20 ms */
    DATAGRAMS_A_TURN = 512, /* then other calls get their share */
    STEPS_A_TURN = 16,      /* of an unpaced machine that has much to say */
    EARLY_MAX = 8,          /* UDPTL that overtakes the SIP answer which announces it */
    SAMPLE_US = 125,
    BOMB_PACKETS = 256,
    BOMB_PACKETS_A_TICK = 16,
};

enum mode { MODE_SILENT, MODE_AUDIO, MODE_T38 };

struct early {
    size_t size;
    uint8_t data[FW_UDP_BYTES_MAX];
};

struct fw_carrier_media {
    struct fw_sip *sip;
    const struct fw_far_end *far;
    struct fw_terminal *terminal;
    int fd;
    uint16_t port;
    enum mode mode;
    bool unpaced;
    bool speaks;  /* T.38: the peer is known to listen */
    bool sent;    /* something since it was last cleared */
    bool dropped; /* the row's hang-up point was reached: deaf from here */
    bool deaf;    /* T.38 was agreed to, and that was all */
    bool killed;  /* the killer frame is out */
    unsigned bombs; /* packets of the page bomb that are out */
    struct fw_trouble trouble;
    struct fw_network *network;
    void (*middle)(void *arg); /* NULL when it was told */
    void *arg;
    struct fw_mono clock; /* up to where the machine's time went */
    struct sockaddr_storage peer;
    socklen_t peer_size;
    struct fw_rtp_sender rtp;
    struct fw_jitter jitter;
    struct fw_udptl_sender udptl_out;
    struct fw_udptl_receiver udptl_in;
    struct early early[EARLY_MAX];
    size_t early_count;
};

static void send_now(struct fw_carrier_media *m, const uint8_t *data, size_t size)
{
    /* What the socket does not take is lost, as on any network. */
    (void)sendto(m->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&m->peer,
                 m->peer_size);
}

static void send_datagram(struct fw_carrier_media *m, const uint8_t *data, size_t size)
{
    m->sent = true;
    for (unsigned copies = fw_network_copies(m->network); copies > 0; copies--) {
        if (fw_network_delays(m->network))
            fw_network_put(m->network, fw_mono_now(), false, (struct fw_span){ data, size });
        else
            send_now(m, data, size);
    }
}

static void send_ifp(struct fw_carrier_media *m, struct fw_span ifp, int copies)
{
    uint8_t packet[FW_UDPTL_PACKET_MAX];
    size_t size = 0;
    if (fw_udptl_send(&m->udptl_out, ifp, packet, &size))
        return;
    for (int i = 0; i < copies; i++)
        send_datagram(m, packet, size);
}

static void on_send_ifp(void *arg, struct fw_span ifp, int copies)
{
    struct fw_carrier_media *m = arg;
    uint8_t copy[FW_UDPTL_IFP_MAX];
    const struct fw_span said = fw_trouble_say(&m->trouble, ifp, copy);
    if (said.size > 0)
        send_ifp(m, said, copies);
}

/* The next page begins: what comes from here on is its middle. */
static void on_terminal(void *arg, enum fw_terminal_event_kind kind,
                        const struct fw_terminal_result *now)
{
    struct fw_carrier_media *m = arg;
    if (kind == FW_TERMINAL_PAGE_RECEIVED || kind == FW_TERMINAL_NEGOTIATED)
        fw_trouble_page(&m->trouble, (uint16_t)(now->pages + 1));
}

static void look_for_middle(struct fw_carrier_media *m)
{
    m->dropped = fw_trouble_in_middle(&m->trouble, m->far->hangup_page);
    if (m->middle && fw_trouble_in_middle(&m->trouble, m->far->refresh_page)) {
        m->middle(m->arg);
        m->middle = NULL;
    }
}

static void on_ifp(void *arg, uint16_t seq, struct fw_span ifp)
{
    struct fw_carrier_media *m = arg;
    uint8_t copy[FW_UDPTL_IFP_MAX];
    if (m->dropped || m->deaf)
        return;
    const struct fw_span heard = fw_trouble_hear(&m->trouble, ifp, copy);
    if (heard.size > 0)
        fw_terminal_ifp(m->terminal, seq, heard);
    look_for_middle(m);
}

static void take_t38(struct fw_carrier_media *m, struct fw_span packet)
{
    if (fw_udptl_receive(&m->udptl_in, packet, on_ifp, m) == FW_OK)
        m->speaks = true;
}

static void take_audio(struct fw_carrier_media *m, struct fw_span packet)
{
    struct fw_rtp rtp;
    if (fw_rtp_parse(packet, &rtp) == FW_OK) {
        fw_jitter_put(&m->jitter, &rtp);
    } else if (m->early_count < EARLY_MAX && fw_udptl_plausible(packet)) {
        struct early *e = &m->early[m->early_count++];
        memcpy(e->data, packet.data, packet.size);
        e->size = packet.size;
    }
}

/* Time that went by since the machine last heard of it, in whole samples. */
static unsigned elapsed(struct fw_carrier_media *m, struct fw_mono now)
{
    int64_t samples = (now.us - m->clock.us) / SAMPLE_US;
    if (samples < 0 || samples > FW_TERMINAL_SAMPLES_MAX) { /* a stall: the time base slips */
        m->clock = now;
        samples = samples < 0 ? 0 : FW_TERMINAL_SAMPLES_MAX;
    } else {
        m->clock.us += samples * SAMPLE_US;
    }
    return (unsigned)samples;
}

/* An unpaced machine works as long as it has something to say, within bounds. */
static void step_unpaced(struct fw_carrier_media *m, struct fw_mono now)
{
    unsigned samples = elapsed(m, now);
    m->sent = true;
    for (int i = 0; i < STEPS_A_TURN && m->sent && !fw_terminal_done(m->terminal); i++) {
        m->sent = false;
        fw_terminal_tick(m->terminal, samples);
        samples = 0;
    }
}

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET) {
        const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;
        return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
    }
    const struct sockaddr_in6 *x = (const void *)a, *y = (const void *)b;
    return x->sin6_port == y->sin6_port &&
           memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0;
}

static void take(struct fw_carrier_media *m, struct fw_span packet)
{
    if (m->mode == MODE_T38)
        take_t38(m, packet);
    else
        take_audio(m, packet);
}

/* What was held and has arrived, either way. */
static void arrive(struct fw_carrier_media *m, struct fw_mono now)
{
    uint8_t data[FW_UDP_BYTES_MAX];
    size_t size = 0;
    bool inwards = false;
    while (fw_network_take(m->network, now, &inwards, data, &size)) {
        if (!inwards)
            send_now(m, data, size);
        else if (!m->dropped)
            take(m, (struct fw_span){ data, size });
    }
}

static void on_readable(void *arg, int fd)
{
    struct fw_carrier_media *m = arg;
    for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
        uint8_t data[FW_UDP_BYTES_MAX + 1];
        struct sockaddr_storage from = { 0 };
        socklen_t from_size = sizeof from;
        const ssize_t size =
            recvfrom(fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
        if (size < 0 && errno != EINTR && errno != ECONNREFUSED)
            break;
        if (size <= 0 || size > FW_UDP_BYTES_MAX || m->dropped || !same_address(&from, &m->peer))
            continue;
        const struct fw_span packet = { data, (size_t)size };
        for (unsigned copies = fw_network_copies(m->network); copies > 0; copies--) {
            if (fw_network_delays(m->network))
                fw_network_put(m->network, fw_mono_now(), true, packet);
            else
                take(m, packet);
        }
    }
    if (m->mode == MODE_T38 && m->unpaced && m->speaks && !m->dropped && !m->deaf)
        step_unpaced(m, fw_mono_now());
}

enum fw_err fw_carrier_media_new(const struct fw_carrier_media_config *config,
                                 struct fw_carrier_media **ret)
{
    struct fw_carrier_media *m = calloc(1, sizeof *m);
    if (!m)
        return FW_NO_MEMORY;
    m->sip = config->sip;
    m->far = config->far;
    m->middle = config->middle;
    m->arg = config->arg;
    m->fd = -1;
    fw_trouble_init(&m->trouble, m->far, fw_random_u64());
    const struct fw_terminal_config machine = {
        .rx_path = config->rx_path,
        .ident = config->far->ident,
        .ecm = config->far->ecm,
        .no_t6 = config->far->no_t6,
        .no_mr = config->far->no_mr,
        .no_subaddress = config->far->no_subaddress,
        .a4_only = config->far->a4_only,
        .modems = config->far->v17 ? FW_MODEM_ALL : FW_MODEM_V27TER | FW_MODEM_V29,
        .resolutions = config->far->standard_only ? FW_RESOLUTION_STANDARD : FW_RESOLUTION_ALL,
    };
    const struct fw_terminal_callbacks callbacks = { .send_ifp = on_send_ifp,
                                                     .event = on_terminal,
                                                     .arg = m };
    const struct fw_network_terms network = fw_network_worse(m->far->network, config->network);
    enum fw_err err = fw_network_new(&network, fw_random_u64(), &m->network);
    if (!err)
        err = fw_terminal_new(&machine, &callbacks, &m->terminal);
    if (!err)
        err = fw_media_socket(config->host, 0, 0, &m->fd, &m->port);
    if (!err)
        err = fw_sip_watch(m->sip, m->fd, on_readable, m);
    if (err) {
        fw_carrier_media_free(m);
        return err;
    }
    *ret = m;
    return FW_OK;
}

void fw_carrier_media_free(struct fw_carrier_media *m)
{
    if (!m)
        return;
    if (m->fd >= 0)
        fw_sip_unwatch(m->sip, m->fd);
    fw_fd_close(&m->fd);
    fw_terminal_free(m->terminal);
    fw_network_free(m->network);
    free(m);
}

uint16_t fw_carrier_media_port(const struct fw_carrier_media *m)
{
    return m->port;
}

enum fw_err fw_carrier_media_peer(struct fw_carrier_media *m, const char *host, uint16_t port)
{
    struct sockaddr_storage peer = { 0 };
    struct sockaddr_in *v4 = (void *)&peer;
    struct sockaddr_in6 *v6 = (void *)&peer;
    if (port == 0)
        return FW_INVALID;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        m->peer_size = sizeof *v4;
    } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        m->peer_size = sizeof *v6;
    } else {
        return FW_INVALID;
    }
    m->peer = peer;
    return FW_OK;
}

void fw_carrier_media_audio(struct fw_carrier_media *m, enum fw_codec codec)
{
    const uint64_t chance = fw_random_u64();
    m->mode = MODE_AUDIO;
    fw_jitter_init(&m->jitter, 0);
    fw_rtp_sender_init(&m->rtp, codec, (uint32_t)chance, (uint16_t)(chance >> 32),
                       (uint32_t)fw_random_u64());
}

enum fw_err fw_carrier_media_t38(struct fw_carrier_media *m, const struct fw_sdp_t38_settings *t38)
{
    const struct fw_terminal_t38 settings = {
        .version = t38->version,
        .bit_rate_max = t38->bit_rate_max,
        /* An IFP packet with its number, length and an empty list of secondaries. */
        .datagram_max = t38->datagram_max > 8 ? t38->datagram_max - 8u : 0,
        .unpaced = t38->unpaced
    };
    const enum fw_err err = fw_terminal_switch(m->terminal, &settings);
    if (err)
        return err;
    m->mode = MODE_T38;
    m->deaf = m->far->mute_t38;
    m->unpaced = t38->unpaced;
    m->clock = fw_mono_now();
    fw_udptl_sender_init(&m->udptl_out, t38->redundancy, t38->datagram_max);
    fw_udptl_receiver_init(&m->udptl_in);
    for (size_t i = 0; i < m->early_count; i++)
        take_t38(m, (struct fw_span){ m->early[i].data, m->early[i].size });
    m->early_count = 0;
    return FW_OK;
}

enum fw_err fw_carrier_media_return(struct fw_carrier_media *m, enum fw_codec codec)
{
    const enum fw_err err = fw_terminal_return(m->terminal);
    if (err)
        return err;
    m->unpaced = m->deaf = false;
    fw_carrier_media_audio(m, codec);
    return FW_OK;
}

void fw_carrier_media_speak(struct fw_carrier_media *m)
{
    m->speaks = true;
}

static void tick_audio(struct fw_carrier_media *m)
{
    int16_t in[FRAME], out[FRAME];
    uint8_t packet[FW_RTP_HEADER_SIZE + FW_RTP_PAYLOAD_MAX];
    size_t size = 0;
    const bool real = fw_jitter_get(&m->jitter, in, FRAME) > 0;
    if (m->far->voice)
        fw_trouble_voice(&m->trouble, out, FRAME);
    else
        fw_terminal_audio(m->terminal,
                          fw_trouble_hear_audio(&m->trouble, in, FRAME) && real ? in : NULL, out,
                          FRAME);
    if (fw_rtp_send(&m->rtp, out, FRAME, packet, sizeof packet, &size) == FW_OK)
        send_datagram(m, packet, size);
    look_for_middle(m);
}

static void tick_t38(struct fw_carrier_media *m, struct fw_mono now)
{
    fw_udptl_tick(&m->udptl_in, on_ifp, m);
    if (!m->speaks || m->deaf || m->dropped)
        return;
    if (m->far->killer && !m->killed) {
        m->killed = true;
        send_ifp(m, fw_trouble_killer(), 1);
    }
    for (unsigned i = 0; m->far->bomb && i < BOMB_PACKETS_A_TICK && m->bombs < BOMB_PACKETS; i++) {
        uint8_t packet[FW_UDPTL_IFP_MAX];
        send_ifp(m, fw_trouble_bomb(m->bombs++, packet), 1);
    }
    if (m->unpaced)
        step_unpaced(m, now);
    else
        fw_terminal_tick(m->terminal, FRAME);
}

void fw_carrier_media_tick(struct fw_carrier_media *m, struct fw_mono now)
{
    arrive(m, now);
    if (m->dropped || m->mode == MODE_SILENT)
        return;
    if (m->mode == MODE_AUDIO)
        tick_audio(m);
    else
        tick_t38(m, now);
}

void fw_carrier_media_hangup(struct fw_carrier_media *m)
{
    fw_terminal_hangup(m->terminal);
}

bool fw_carrier_media_done(const struct fw_carrier_media *m)
{
    return fw_terminal_done(m->terminal);
}

const struct fw_terminal_result *fw_carrier_media_result(const struct fw_carrier_media *m)
{
    return fw_terminal_result(m->terminal);
}

bool fw_carrier_media_at_hangup(const struct fw_carrier_media *m)
{
    return m->dropped;
}

const char *fw_carrier_media_transport(const struct fw_carrier_media *m)
{
    if (m->mode != MODE_T38)
        return "g711";
    return m->unpaced ? "t38_unpaced" : "t38";
}
