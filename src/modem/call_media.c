/* Datagrams in, the machine's samples and IFP packets out. */
#include "modem/call_media.h"
#include "base/id.h"
#include "base/log.h"
#include "proto/ifp.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    DATAGRAMS_A_CALL = 4,    /* of the kernel, at once: two are usual, the rest is memory to clear */
    DATAGRAMS_PACED = 64,    /* read in one turn, then other calls get their share */
    DATAGRAMS_UNPACED = 512, /* an ECM block */
    STEPS_A_TURN = 16,       /* of an unpaced machine that has much to say */
    UNPACED_REDUNDANCY = 1,  /* small datagrams fit more often into the receive buffer */
    IFP_OVERHEAD = 8,        /* number, length, empty list: what UDPTL puts around one packet */
    KEEPALIVE_US = 10 * 1000 * 1000, /* a NAT may forget us after 30 s */
    /* T.38 without a word: a machine that answers has said DIS twice by then; one that calls speaks
     * after our DIS, which we are through with after 6 s (ITU-T T.30 clause 4.3.3). */
    SILENT_TICKS_CALLING = 8 * 1000 / 20,
    SILENT_TICKS_ANSWERING = 10 * 1000 / 20,
    SAMPLE_US = 125,
    PENDING_TICKS = 36 * 1000 / 20, /* the line gives up after 34 s; should it be gone, T.30 goes on */
    QUIET_TICKS = 200 / 20,         /* longer than a network is late */
};

static void trace_out(struct fw_modem_call *c, struct fw_span datagram)
{
    const struct fw_pcap_end far = fw_pcap_end_of(&c->peer.at.any);
    fw_pcap_put(&c->trace, fw_wall_now(), &c->own, &far, &datagram, 1);
}

static void trace_in(struct fw_modem_call *c, struct fw_span datagram, const union fw_address *from)
{
    const struct fw_pcap_end far = fw_pcap_end_of(&from->any);
    fw_pcap_put(&c->trace, fw_wall_now(), &far, &c->own, &datagram, 1);
}

static bool send_datagram(void *arg, struct fw_span datagram)
{
    struct fw_modem_call *c = arg;
    if (c->peer.size == 0)
        return true;
    const ssize_t size = sendto(c->fd, datagram.data, datagram.size, MSG_DONTWAIT | MSG_NOSIGNAL,
                                &c->peer.at.any, c->peer.size);
    if (size >= 0 && c->trace.fd >= 0)
        trace_out(c, datagram);
    /* Any other failure loses the datagram, as any network may. */
    return size >= 0 || (errno != EAGAIN && errno != ENOBUFS);
}

void fw_modem_media_ifp(void *arg, struct fw_span ifp, int copies)
{
    struct fw_modem_call *c = arg;
    size_t size = 0;
    c->said = true;
    if (fw_udptl_send(&c->udptl_out, ifp, c->last, &size))
        return;
    c->last_size = (uint16_t)size;
    const struct fw_span datagram = { c->last, size };
    if (c->unpaced) {
        if (fw_outbox_put(&c->outbox, datagram))
            fw_log(FW_LOG_WARN, "media.outbox", "call=%s full=1",
                   c->id); /* lost, as on a network */
        return;
    }
    for (int i = 0; i < copies; i++)
        (void)send_datagram(c, datagram);
}

/* Anything but the indicator that there is no signal (ITU-T T.38 clause 7.3.1). */
static bool is_signal(struct fw_span ifp)
{
    return ifp.size > 0 && ((ifp.data[0] & 0xC0) != 0 || (ifp.data[0] >> 1 & 0x0F) != FW_IFP_IND_NO_SIGNAL);
}

static void on_ifp(void *arg, uint16_t seq, struct fw_span ifp)
{
    struct fw_modem_call *c = arg;
    c->signal = c->signal || is_signal(ifp);
    fw_terminal_ifp(c->terminal, seq, ifp);
}

enum fw_err fw_modem_media_audio(struct fw_modem_call *c, enum fw_codec codec)
{
    const uint64_t chance = fw_random_u64();
    c->audio = calloc(1, sizeof *c->audio);
    if (!c->audio)
        return FW_NO_MEMORY;
    fw_jitter_init(&c->audio->jitter, 0);
    fw_rtp_sender_init(&c->audio->rtp, codec, (uint32_t)chance, (uint16_t)(chance >> 32),
                       (uint32_t)fw_random_u64());
    return FW_OK;
}

static void take_t38(struct fw_modem_call *c, struct fw_span datagram)
{
    if (fw_udptl_receive(&c->udptl_in, datagram, on_ifp, c) == FW_OK)
        c->heard = true;
}

void fw_modem_media_t38(struct fw_modem_call *c, const struct fw_msg_media_switch *to)
{
    const unsigned ifp_max =
        to->datagram_max > IFP_OVERHEAD ? (unsigned)to->datagram_max - IFP_OVERHEAD : 0;
    const struct fw_terminal_t38 t38 = {
        .version = to->t38_version,
        .bit_rate_max = to->bit_rate_max,
        .datagram_max = ifp_max,
        .unpaced = to->transport == FW_TRANSPORT_T38_UNPACED,
    };
    const enum fw_err err = fw_terminal_switch(c->terminal, &t38);
    if (err) {
        fw_log(FW_LOG_WARN, "media.switch_refused", "call=%s reason=\"%s\"", c->id,
               err == FW_CONFLICT ? "the fax is underway on audio" : fw_err_text(err));
        return;
    }
    c->t38 = true;
    c->heard = c->signal = false;
    c->silent_ticks = c->pending_ticks = 0;
    c->unpaced = t38.unpaced;
    c->clock = c->spoke = fw_mono_now();
    const unsigned redundancy =
        to->ec == FW_UDPTL_EC_NONE || t38.unpaced ? UNPACED_REDUNDANCY : FW_UDPTL_REDUNDANCY_MAX;
    fw_udptl_sender_init(&c->udptl_out, redundancy, to->datagram_max);
    fw_udptl_receiver_init(&c->udptl_in);
    for (size_t i = 0; i < c->early_count; i++)
        take_t38(c, (struct fw_span){ c->early[i].data, c->early[i].size });
    c->samples_missing = c->audio->jitter.stats.missing;
    fw_modem_media_done(c);
    fw_outbox_init(&c->outbox);
}

void fw_modem_media_return(struct fw_modem_call *c, enum fw_codec codec)
{
    enum fw_err err = fw_modem_media_audio(c, codec);
    if (!err)
        err = fw_terminal_return(c->terminal);
    if (err) {
        free(TAKE(c->audio));
        fw_log(FW_LOG_WARN, "media.return_refused", "call=%s reason=\"%s\"", c->id, fw_err_text(err));
        return;
    }
    c->t38 = c->unpaced = false;
    c->pending_ticks = 0;
    fw_outbox_done(&c->outbox);
    fw_outbox_init(&c->outbox);
}

void fw_modem_media_done(struct fw_modem_call *c)
{
    free(c->audio);
    c->audio = NULL;
    free(c->early);
    c->early = NULL;
    c->early_count = 0;
    fw_outbox_done(&c->outbox);
}

static void keep_early(struct fw_modem_call *c, struct fw_span datagram)
{
    if (!c->early)
        c->early = calloc(FW_MODEM_EARLY_MAX, sizeof *c->early);
    if (!c->early || c->early_count == FW_MODEM_EARLY_MAX)
        return;
    struct fw_modem_early *e = &c->early[c->early_count++];
    memcpy(e->data, datagram.data, datagram.size);
    e->size = (uint16_t)datagram.size;
}

static void take(struct fw_modem_call *c, struct fw_span datagram, const union fw_address *from,
                 socklen_t from_size)
{
    struct fw_rtp rtp;
    const bool audio = fw_rtp_parse(datagram, &rtp) == FW_OK &&
                       (rtp.payload_type == FW_CODEC_PCMU || rtp.payload_type == FW_CODEC_PCMA) &&
                       rtp.payload.size > 0;
    const bool udptl = fw_udptl_plausible(datagram);
    if (!fw_peer_accepts(&c->peer, from, from_size, c->t38 ? udptl : audio))
        return;
    if (c->t38 && udptl)
        take_t38(c, datagram);
    else if (!c->t38 && audio)
        fw_jitter_put(&c->audio->jitter, &rtp);
    else if (!c->t38 && udptl)
        keep_early(c, datagram);
}

/* Time that went by since the machine last heard of it, in whole samples. */
static unsigned elapsed(struct fw_modem_call *c, struct fw_mono now)
{
    const int64_t samples = (now.us - c->clock.us) / SAMPLE_US;
    if (samples >= 0 && samples <= FW_TERMINAL_SAMPLES_MAX) {
        c->clock.us += samples * SAMPLE_US;
        return (unsigned)samples;
    }
    c->clock = now; /* a stall: its time is not the far end's fault */
    return samples < 0 ? 0 : FW_TERMINAL_SAMPLES_MAX;
}

/* As long as there is something to say and what was said before is on its way. */
static void step_unpaced(struct fw_modem_call *c, struct fw_mono now)
{
    unsigned samples = elapsed(c, now);
    c->said = true;
    for (int i = 0; i < STEPS_A_TURN && c->said && fw_outbox_empty(&c->outbox); i++) {
        c->said = false;
        fw_terminal_tick(c->terminal, samples);
        samples = 0;
        fw_outbox_flush(&c->outbox, now, send_datagram, c);
    }
}

/* How many datagrams were there, and whether there may be more. */
static int receive_some(struct fw_modem_call *c, bool *more)
{
    uint8_t data[DATAGRAMS_A_CALL][FW_UDP_BYTES_MAX];
    union fw_address from[DATAGRAMS_A_CALL];
    struct iovec parts[DATAGRAMS_A_CALL];
    struct mmsghdr heads[DATAGRAMS_A_CALL];
    for (int i = 0; i < DATAGRAMS_A_CALL; i++) {
        parts[i] = (struct iovec){ data[i], sizeof data[i] };
        heads[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &parts[i], .msg_iovlen = 1,
                                                  .msg_name = &from[i],
                                                  .msg_namelen = sizeof from[i] } };
    }
    const int count = recvmmsg(c->fd, heads, DATAGRAMS_A_CALL, MSG_DONTWAIT, NULL);
    *more = count == DATAGRAMS_A_CALL || (count < 0 && (errno == EINTR || errno == ECONNREFUSED));
    for (int i = 0; i < count; i++) {
        if (c->trace.fd >= 0)
            trace_in(c, (struct fw_span){ data[i], heads[i].msg_len }, &from[i]);
        const bool whole = !(heads[i].msg_hdr.msg_flags & MSG_TRUNC) && heads[i].msg_len > 0;
        if (whole && !fw_terminal_done(c->terminal))
            take(c, (struct fw_span){ data[i], heads[i].msg_len }, &from[i],
                 heads[i].msg_hdr.msg_namelen);
    }
    return count > 0 ? count : 1;
}

void fw_modem_call_readable(struct fw_modem_call *c, struct fw_mono now)
{
    const int datagrams_max = c->unpaced ? DATAGRAMS_UNPACED : DATAGRAMS_PACED;
    bool more = true;
    for (int count = 0; more && count < datagrams_max;)
        count += receive_some(c, &more);
    if (c->unpaced && c->heard)
        step_unpaced(c, now);
}

void fw_modem_call_pending(struct fw_modem_call *c, bool pending)
{
    c->pending_ticks = pending ? PENDING_TICKS : 0;
}

/* While a re-INVITE of ours waits: who is called is silent, so that no T.30 begins which the switch would cut off;
 * who calls stays where the far end has fallen silent. */
static bool stands_still(struct fw_modem_call *c)
{
    if (c->pending_ticks == 0)
        return false;
    c->pending_ticks--;
    return c->t38 ? !c->signal : !c->calling || c->quiet_ticks >= QUIET_TICKS;
}

static void tick_audio(struct fw_modem_call *c)
{
    int16_t in[FW_MODEM_TICK_SAMPLES], out[FW_MODEM_TICK_SAMPLES];
    uint8_t packet[FW_RTP_HEADER_SIZE + FW_RTP_PAYLOAD_MAX];
    size_t size = 0;
    const size_t real = fw_jitter_get(&c->audio->jitter, in, FW_MODEM_TICK_SAMPLES);
    c->quiet_ticks = real > 0 ? 0 : c->quiet_ticks < QUIET_TICKS ? c->quiet_ticks + 1 : QUIET_TICKS;
    if (stands_still(c))
        memset(out, 0, sizeof out);
    else
        fw_terminal_audio(c->terminal, real > 0 ? in : NULL, out, FW_MODEM_TICK_SAMPLES);
    if (fw_rtp_send(&c->audio->rtp, out, FW_MODEM_TICK_SAMPLES, packet, sizeof packet, &size) == FW_OK)
        (void)send_datagram(c, (struct fw_span){ packet, size });
}

/* A receiver is silent for as long as a page lasts. The same datagram again tells nothing new. */
static void keep_alive(struct fw_modem_call *c, struct fw_mono now)
{
    if (c->said)
        c->spoke = now;
    c->said = false;
    if (c->last_size == 0 || now.us - c->spoke.us < KEEPALIVE_US)
        return;
    c->spoke = now;
    (void)send_datagram(c, (struct fw_span){ c->last, c->last_size });
}

static void listen_for_signal(struct fw_modem_call *c)
{
    const uint32_t ticks_max = c->calling ? SILENT_TICKS_CALLING : SILENT_TICKS_ANSWERING;
    if (!c->signal && c->silent_ticks < ticks_max && ++c->silent_ticks == ticks_max)
        fw_modem_tell_silent(c);
}

void fw_modem_call_tick(struct fw_modem_call *c, struct fw_mono now)
{
    if (fw_terminal_done(c->terminal))
        return;
    if (!c->t38) {
        tick_audio(c);
    } else {
        fw_udptl_tick(&c->udptl_in, on_ifp, c);
        if (stands_still(c))
            c->clock = now;
        else if (c->unpaced)
            step_unpaced(c, now);
        else
            fw_terminal_tick(c->terminal, FW_MODEM_TICK_SAMPLES);
        keep_alive(c, now);
        listen_for_signal(c);
    }
}

bool fw_modem_call_flush(struct fw_modem_call *c, struct fw_mono now)
{
    if (!c->unpaced || fw_outbox_empty(&c->outbox))
        return false;
    fw_outbox_flush(&c->outbox, now, send_datagram, c);
    if (fw_outbox_empty(&c->outbox) && !fw_terminal_done(c->terminal))
        step_unpaced(c, now);
    return !fw_outbox_empty(&c->outbox);
}

bool fw_modem_call_over(const struct fw_modem_call *c)
{
    return fw_terminal_done(c->terminal) && fw_outbox_empty(&c->outbox);
}
