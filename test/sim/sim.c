/* The two ends and the network between them, in steps of what happens next. */
#include "sim.h"
#include "page/t6.h"
#include "page/tiff_write.h"
#include "proto/udptl.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAME = 160, TICK_NS = 20000000, LATE_S = 5, SECONDS_DEFAULT = 600, KEPT = 8, WIDTH = 1728,
       DELAY_MS_DEFAULT = 30 };

struct datagram {
    struct datagram *next;
    int64_t due_ns;
    size_t size;
    uint8_t data[FW_UDP_BYTES_MAX];
};

struct end {
    struct sim *sim;
    struct fw_terminal *terminal;
    struct end *peer;
    int64_t tick_ns; /* when its next tick is, by the true clock */
    int64_t period_ns;
    struct fw_udptl_sender udptl_out;
    struct fw_udptl_receiver udptl_in;
    struct fw_rtp_sender rtp;
    struct fw_jitter jitter;
    struct datagram *inbox; /* on their way to it, the next first */
};

struct sim {
    const struct sim_call *call;
    uint64_t seed;
    int64_t now_ns;
    struct end ends[2];
    size_t kept_size[KEPT]; /* older datagrams, to be said again */
    uint8_t kept[KEPT][FW_UDP_BYTES_MAX];
};

static uint32_t chance(struct sim *s, uint32_t below)
{
    s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(s->seed >> 33) % below;
}

static bool happens(struct sim *s, unsigned in_ten_thousand)
{
    return in_ten_thousand > 0 && chance(s, 10000) < in_ten_thousand;
}

static void damage(struct sim *s, struct datagram *d)
{
    const uint32_t kept = chance(s, KEPT);
    switch (chance(s, 6)) {
    case 0:
        d->size = 1 + chance(s, (uint32_t)d->size);
        break;
    case 1:
        for (uint32_t more = 1 + chance(s, 40); more > 0 && d->size < sizeof d->data; more--)
            d->data[d->size++] = (uint8_t)chance(s, 256);
        break;
    case 2:
        d->size = s->kept_size[kept] ? s->kept_size[kept] : d->size;
        memcpy(d->data, s->kept_size[kept] ? s->kept[kept] : d->data, d->size);
        break;
    case 3: /* noise behind the number */
        for (size_t i = 2; i < d->size; i++)
            d->data[i] = (uint8_t)chance(s, 256);
        break;
    default:
        for (uint32_t n = 1 + chance(s, 4); n > 0; n--)
            d->data[chance(s, (uint32_t)d->size)] ^= (uint8_t)(1u << chance(s, 8));
    }
}

static void put(struct end *to, struct datagram *d)
{
    struct datagram **at = &to->inbox;
    while (*at && (*at)->due_ns <= d->due_ns)
        at = &(*at)->next;
    d->next = *at;
    *at = d;
}

static void transmit(struct end *from, const uint8_t *data, size_t size)
{
    struct sim *s = from->sim;
    const struct sim_network *n = &s->call->network;
    const unsigned copies = happens(s, n->loss) ? 0 : happens(s, n->duplicates) ? 2 : 1;
    const uint32_t keep = chance(s, KEPT);
    for (unsigned i = 0; i < copies; i++) {
        struct datagram *d = calloc(1, sizeof *d);
        fw_assert(d && size <= sizeof d->data);
        memcpy(d->data, data, size);
        d->size = size;
        if (happens(s, n->damage))
            damage(s, d);
        const unsigned ms = (n->delay_ms ? n->delay_ms : DELAY_MS_DEFAULT) +
                            (n->jitter_ms ? chance(s, n->jitter_ms + 1) : 0);
        d->due_ns = s->now_ns + (int64_t)ms * 1000000;
        put(from->peer, d);
    }
    memcpy(s->kept[keep], data, size);
    s->kept_size[keep] = size;
}

static void send_ifp(void *arg, struct fw_span ifp, int copies)
{
    struct end *e = arg;
    uint8_t packet[FW_UDPTL_PACKET_MAX];
    size_t size = 0;
    if (fw_udptl_send(&e->udptl_out, ifp, packet, &size))
        return;
    for (int i = 0; i < copies; i++)
        transmit(e, packet, size);
}

static void on_ifp(void *arg, uint16_t seq, struct fw_span ifp)
{
    struct end *e = arg;
    fw_terminal_ifp(e->terminal, seq, ifp);
}

/* As the modem does with a worker, but at once. */
static void work(struct end *e)
{
    if (fw_terminal_has_work(e->terminal))
        fw_terminal_work(e->terminal);
    fw_assert(!fw_terminal_has_work(e->terminal));
}

static void receive(struct end *e, const struct datagram *d)
{
    const struct fw_span bytes = { d->data, d->size };
    struct fw_rtp rtp;
    if (!e->sim->call->audio)
        (void)!fw_udptl_receive(&e->udptl_in, bytes, on_ifp, e);
    else if (fw_rtp_parse(bytes, &rtp) == FW_OK)
        fw_jitter_put(&e->jitter, &rtp);
    work(e);
}

static void tick(struct end *e)
{
    int16_t in[FRAME], out[FRAME];
    uint8_t packet[FW_RTP_HEADER_SIZE + FW_RTP_PAYLOAD_MAX];
    size_t size = 0;
    if (fw_terminal_done(e->terminal))
        return;
    if (e->sim->call->audio) {
        const size_t real = fw_jitter_get(&e->jitter, in, FRAME);
        fw_terminal_audio(e->terminal, real > 0 ? in : NULL, out, FRAME);
        if (fw_rtp_send(&e->rtp, out, FRAME, packet, sizeof packet, &size) == FW_OK)
            transmit(e, packet, size);
    } else {
        fw_udptl_tick(&e->udptl_in, on_ifp, e);
        work(e);
        fw_terminal_tick(e->terminal, FRAME);
    }
    work(e);
}

/* What happens next: a datagram arrives, or a clock ticks. */
static void step(struct sim *s)
{
    struct end *next = s->ends[1].tick_ns < s->ends[0].tick_ns ? &s->ends[1] : &s->ends[0];
    struct end *hears = NULL;
    for (int i = 0; i < 2; i++) {
        struct datagram *d = s->ends[i].inbox;
        if (d && d->due_ns <= next->tick_ns && (!hears || d->due_ns < hears->inbox->due_ns))
            hears = &s->ends[i];
    }
    if (!hears) {
        s->now_ns = next->tick_ns;
        next->tick_ns += next->period_ns;
        tick(next);
        return;
    }
    struct datagram *d = hears->inbox;
    hears->inbox = d->next;
    s->now_ns = d->due_ns;
    receive(hears, d);
    free(d);
}

static void end_open(struct sim *s, int index)
{
    const struct sim_call *c = s->call;
    struct end *e = &s->ends[index];
    const unsigned seconds = c->seconds_max ? c->seconds_max : SECONDS_DEFAULT;
    const struct fw_terminal_config config = {
        .calling = index == 0, .tx_path = index == 0 ? c->tx_path : NULL,
        .rx_path = index == 0 ? NULL : c->rx_path,
        .ident = index == 0 ? "+12005550199" : "12005550100", .ecm = !c->no_ecm, .no_t6 = c->no_t6,
        .deferring = true, .call_samples_max = (uint64_t)seconds * FW_TERMINAL_SECOND };
    const struct fw_terminal_callbacks callbacks = { send_ifp, NULL, e };
    const struct fw_terminal_t38 t38 = { 0 };
    e->sim = s;
    e->peer = &s->ends[1 - index];
    e->tick_ns = index * 7000000;
    e->period_ns = TICK_NS - (index ? (int64_t)c->drift_ppm * TICK_NS / 1000000 : 0);
    fw_udptl_sender_init(&e->udptl_out, c->redundancy, 0);
    fw_udptl_receiver_init(&e->udptl_in);
    fw_jitter_init(&e->jitter, 0);
    fw_rtp_sender_init(&e->rtp, c->codec, 1000u + (uint32_t)index, 65000, 1u << 31);
    fw_assert(fw_terminal_new(&config, &callbacks, &e->terminal) == FW_OK);
    if (!c->audio)
        fw_assert(fw_terminal_switch(e->terminal, &t38) == FW_OK);
}

static void end_close(struct end *e)
{
    if (!fw_terminal_done(e->terminal))
        fw_terminal_hangup(e->terminal);
    fw_terminal_free(e->terminal);
    while (e->inbox) {
        struct datagram *d = e->inbox;
        e->inbox = d->next;
        free(d);
    }
}

void sim_run(const struct sim_call *call, struct sim_result *ret)
{
    struct sim *s = calloc(1, sizeof *s);
    fw_assert(s);
    s->call = call;
    s->seed = call->seed * 0x9E3779B97F4A7C15u + 1;
    const int64_t seconds = (call->seconds_max ? call->seconds_max : SECONDS_DEFAULT) + LATE_S;
    for (int i = 0; i < 2; i++)
        end_open(s, i);
    while (s->now_ns < seconds * 1000000000 && !(fw_terminal_done(s->ends[0].terminal) &&
                                                 fw_terminal_done(s->ends[1].terminal)))
        step(s);
    *ret = (struct sim_result){ .seconds = (double)s->now_ns / 1e9 };
    ret->over_limit = !fw_terminal_done(s->ends[0].terminal) || !fw_terminal_done(s->ends[1].terminal);
    ret->sent = *fw_terminal_result(s->ends[0].terminal);
    ret->received = *fw_terminal_result(s->ends[1].terminal);
    ret->lost = call->audio ? s->ends[1].jitter.stats.missing : s->ends[1].udptl_in.stats.lost;
    ret->delivered = ret->sent.finished && ret->received.finished && ret->sent.t30_code == 0 &&
                     ret->received.t30_code == 0;
    end_close(&s->ends[0]);
    end_close(&s->ends[1]);
    free(s);
}

void sim_page_make(const char *path, int pages, uint32_t rows)
{
    struct fw_tiff_writer w;
    struct fw_t6 *t6 = NULL;
    struct fw_buf code = { 0 };
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fw_assert(fd >= 0 && fw_t6_new(WIDTH, &t6) == FW_OK);
    fw_assert(fw_tiff_start(&w, fd, (uint32_t)pages) == FW_OK);
    for (int page = 0; page < pages; page++) {
        fw_buf_init(&code, 1 << 22);
        for (uint32_t y = 0; y < rows; y++) {
            uint8_t row[WIDTH / 8] = { 0 };
            for (size_t i = 12; y % 44 > 34 && i < sizeof row - 12; i += 4)
                row[i] = (uint8_t)(0x18 + (y / 44 * 5 + y / 3 + i + (size_t)page) % 97);
            fw_assert(fw_t6_row(t6, row, &code) == FW_OK);
        }
        fw_assert(fw_t6_end(t6, &code) == FW_OK);
        const struct fw_tiff_page p = { WIDTH, rows, 204, 196, fw_buf_span(&code) };
        fw_assert(fw_tiff_put(&w, &p) == FW_OK);
        fw_buf_done(&code);
    }
    fw_t6_free(t6);
    close(fd);
}
