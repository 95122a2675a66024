/* udptl_receive.c - puts received IFP packets in order, from primaries, redundancy and FEC.
 *
 * A ring of slots stands around the number that is due: the half ahead holds what came early, the
 * half behind what was delivered, which FEC sums need. Each step forward clears the slot that
 * comes into view, so a full slot always belongs to the number looked up.
 */
#include "proto/ifp.h"
#include "proto/udptl_parse.h"
#include <string.h>

enum {
    SLOTS = 2 * FW_UDPTL_WINDOW,
    REORDER = 2,         /* packets that may overtake one, beyond what recovery data reaches */
    HOLE_TICKS = 3,      /* 60 ms: as long as reordering lasts on real paths */
    HOLE_TICKS_FEC = 15, /* a later packet's sum may still fill it */
    FAR_STRANGERS = 3,   /* in a row: the peer's numbers really jumped */
    FAR_STEP = 8,        /* between strangers of one numbering */
    NEAR_STRANGERS = 16, /* numbers just passed, each one up: a restart close by, not late ones */
};
_Static_assert((SLOTS & (SLOTS - 1)) == 0, "numbers wrap at 65536: the ring must divide it");

/* How far `a` is ahead of `b`, across the wrap. */
static int ahead(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b);
}

static struct fw_udptl_ifp *slot_of(struct fw_udptl_receiver *r, uint16_t seq)
{
    return &r->slots[seq & (SLOTS - 1)];
}

_Static_assert(SLOTS == 64, "a bit each");

static bool is_full(const struct fw_udptl_receiver *r, uint16_t seq)
{
    return r->full >> (seq & (SLOTS - 1)) & 1;
}

static void set_full(struct fw_udptl_receiver *r, uint16_t seq, bool full)
{
    const uint64_t bit = UINT64_C(1) << (seq & (SLOTS - 1));
    r->full = full ? r->full | bit : r->full & ~bit;
}

void fw_udptl_receiver_init(struct fw_udptl_receiver *r)
{
    r->full = 0;
    r->started = false;
    r->next = r->offset = r->newest = r->stranger = 0;
    r->reach = r->fec_reach = r->waited = r->strangers = 0;
    r->stats = (struct fw_udptl_stats){ 0 };
}

static void advance(struct fw_udptl_receiver *r)
{
    r->next++;
    r->waited = 0;
    set_full(r, (uint16_t)(r->next + FW_UDPTL_WINDOW - 1), false);
}

static void deliver_next(struct fw_udptl_receiver *r, fw_udptl_deliver *deliver, void *arg)
{
    const struct fw_udptl_ifp *slot = slot_of(r, r->next);
    const uint16_t seq = (uint16_t)(r->next + r->offset);
    r->stats.delivered++;
    deliver(arg, seq, (struct fw_span){ slot->data, slot->size });
    advance(r);
}

/* Delivers all that is due; skips a hole once something `patience` numbers behind it is here. */
static void deliver_due(struct fw_udptl_receiver *r, int patience, fw_udptl_deliver *deliver,
                        void *arg)
{
    while (ahead(r->newest, r->next) >= 0) {
        if (is_full(r, r->next)) {
            deliver_next(r, deliver, arg);
        } else if (ahead(r->newest, r->next) > patience) {
            r->stats.lost++;
            advance(r);
        } else {
            return;
        }
    }
}

static int patience_of(const struct fw_udptl_receiver *r)
{
    const int reach = r->reach > r->fec_reach ? r->reach : r->fec_reach;
    const int patience = reach + REORDER;
    return patience < FW_UDPTL_WINDOW - 2 ? patience : FW_UDPTL_WINDOW - 2;
}

/* Where a stream begins: before its first packet stands what that packet repeats. */
static void start_at(struct fw_udptl_receiver *r, const struct fw_udptl_packet *p)
{
    size_t lead = 0;
    while (!p->fec && lead < p->count && p->entries[lead].size > 0)
        lead++;
    r->full = 0;
    r->next = (uint16_t)(p->seq - lead);
    r->newest = (uint16_t)(r->next - 1);
    r->waited = 0;
    r->strangers = 0;
    r->started = true;
}

/* The peer counts anew: what was held goes out, then one number is left out as a sign of loss. */
static void resync(struct fw_udptl_receiver *r, const struct fw_udptl_packet *p,
                   fw_udptl_deliver *deliver, void *arg)
{
    deliver_due(r, -1, deliver, arg);
    const uint16_t due = (uint16_t)(r->next + r->offset + 1);
    start_at(r, p);
    r->offset = (uint16_t)(due - r->next);
    r->stats.resyncs++;
}

/* False: a duplicate, a late one, or a stranger that has not proved itself. */
static bool belongs(struct fw_udptl_receiver *r, const struct fw_udptl_packet *p,
                    fw_udptl_deliver *deliver, void *arg)
{
    const int distance = ahead(p->seq, r->next);
    if (distance >= 0 && distance < FW_UDPTL_WINDOW) {
        r->strangers = 0;
        return true;
    }
    const bool near = distance < 0 && distance >= -FW_UDPTL_WINDOW;
    const int step = ahead(p->seq, r->stranger);
    if (r->strangers > 0 && step == 0)
        return false; /* the same again proves nothing */
    const bool follows = r->strangers > 0 && step > 0 && step <= (near ? 1 : FAR_STEP);
    r->strangers = follows ? (uint8_t)(r->strangers + 1) : 1;
    r->stranger = p->seq;
    if (r->strangers < (near ? NEAR_STRANGERS : FAR_STRANGERS))
        return false;
    resync(r, p, deliver, arg);
    return true;
}

static bool keep(struct fw_udptl_receiver *r, uint16_t seq, struct fw_span ifp)
{
    const int distance = ahead(seq, r->next);
    if (distance < 0 || distance >= FW_UDPTL_WINDOW || ifp.size == 0)
        return false;
    if (is_full(r, seq))
        return false;
    fw_assert(ifp.size <= FW_UDPTL_IFP_MAX);
    struct fw_udptl_ifp *slot = slot_of(r, seq);
    memcpy(slot->data, ifp.data, ifp.size);
    slot->size = (uint16_t)ifp.size;
    set_full(r, seq, true);
    if (ahead(seq, r->newest) > 0)
        r->newest = seq;
    return true;
}

static bool keep_secondaries(struct fw_udptl_receiver *r, const struct fw_udptl_packet *p)
{
    bool news = false;
    for (size_t i = 0; i < p->count; i++) {
        if (keep(r, (uint16_t)(p->seq - 1 - i), p->entries[i])) {
            r->stats.recovered++;
            news = true;
        }
    }
    if (p->count > r->reach)
        r->reach = (uint8_t)p->count;
    return news;
}

/* The sum is as long as its longest packet: the filling behind a shorter one is cut off by what
 * the IFP packet says of itself. What is no IFP packet was a wrong guess and is dropped. */
static bool keep_sum(struct fw_udptl_receiver *r, uint16_t seq, struct fw_span sum)
{
    struct fw_ifp ifp;
    if (fw_ifp_parse(sum, &ifp) != FW_OK)
        return false;
    for (size_t i = ifp.size; i < sum.size; i++)
        if (sum.data[i] != 0)
            return false;
    return keep(r, seq, (struct fw_span){ sum.data, ifp.size });
}

/* Entry `index` is the sum of the packets index - 1*count, -2*count, … behind this one. */
static bool keep_fec_entry(struct fw_udptl_receiver *r, const struct fw_udptl_packet *p,
                           size_t index)
{
    const struct fw_span entry = p->entries[index];
    uint8_t sum[FW_UDPTL_IFP_MAX];
    if (entry.size == 0)
        return false;
    memcpy(sum, entry.data, entry.size);

    size_t missing = 0;
    uint16_t wanted = 0;
    for (size_t k = 1; k <= p->span; k++) {
        const uint16_t seq = (uint16_t)(p->seq + index - k * p->count);
        const int distance = ahead(seq, r->next);
        const bool in_view = distance >= -FW_UDPTL_WINDOW && distance < FW_UDPTL_WINDOW;
        const struct fw_udptl_ifp *slot = slot_of(r, seq);
        if (!in_view || !is_full(r, seq)) {
            missing++;
            wanted = seq;
            continue;
        }
        if (slot->size > entry.size)
            return false;
        for (size_t i = 0; i < slot->size; i++)
            sum[i] ^= slot->data[i];
    }
    if (missing != 1)
        return false;
    return keep_sum(r, wanted, (struct fw_span){ sum, entry.size });
}

static bool keep_fec(struct fw_udptl_receiver *r, const struct fw_udptl_packet *p)
{
    const size_t reach = p->span * p->count;
    if (reach == 0 || reach > FW_UDPTL_WINDOW || p->span > FW_UDPTL_FEC_SPAN_MAX)
        return false;
    if (reach > r->fec_reach)
        r->fec_reach = (uint8_t)reach;
    bool news = false;
    for (size_t i = 0; i < p->count; i++) {
        if (keep_fec_entry(r, p, i)) {
            r->stats.recovered++;
            news = true;
        }
    }
    return news;
}

/* The usual case: the number that is due, nothing is held, and no FEC needs what was delivered. */
static bool deliver_at_once(struct fw_udptl_receiver *r, const struct fw_udptl_packet *p,
                            fw_udptl_deliver *deliver, void *arg)
{
    if (p->fec || r->fec_reach > 0 || p->seq != r->next || ahead(r->newest, r->next) >= 0)
        return false;
    if (p->count > r->reach)
        r->reach = (uint8_t)p->count;
    r->newest = p->seq;
    r->stats.delivered++;
    deliver(arg, (uint16_t)(r->next + r->offset), p->primary);
    advance(r);
    return true;
}

enum fw_err fw_udptl_receive(struct fw_udptl_receiver *r, struct fw_span packet,
                             fw_udptl_deliver *deliver, void *arg)
{
    struct fw_udptl_packet p;
    if (fw_udptl_parse(packet, &p) != FW_OK) {
        r->stats.malformed++;
        return FW_PROTOCOL;
    }
    r->stats.packets++;
    if (!r->started) {
        start_at(r, &p);
    } else if (!belongs(r, &p, deliver, arg)) {
        r->stats.duplicates++;
        return FW_OK;
    }
    if (deliver_at_once(r, &p, deliver, arg))
        return FW_OK;
    bool news = keep(r, p.seq, p.primary);
    if (p.fec)
        news = keep_fec(r, &p) || news;
    else
        news = keep_secondaries(r, &p) || news;
    if (!news)
        r->stats.duplicates++;
    deliver_due(r, patience_of(r), deliver, arg);
    return FW_OK;
}

void fw_udptl_tick(struct fw_udptl_receiver *r, fw_udptl_deliver *deliver, void *arg)
{
    if (!r->started || ahead(r->newest, r->next) < 0)
        return;
    r->waited++;
    if (r->waited < (r->fec_reach > 0 ? HOLE_TICKS_FEC : HOLE_TICKS))
        return;
    while (!is_full(r, r->next)) { /* ends: newest is held */
        r->stats.lost++;
        advance(r);
    }
    deliver_due(r, patience_of(r), deliver, arg);
}
