/* Interposed functions of spandsp: the killer frame, the page bomb, the leaking frames. */
#include "t30/guards.h"
#include "t30/guards_inside.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <unistd.h>

#include <spandsp.h>

enum {
    EXTRAS_MAX = 8,        /* NSF and the like: one each is usual */
    FRAME_CODED_MIN = 4,   /* an FCD frame: address, control, FCF, frame number */
    FRAME_CODED_MAX = 260, /* and 256 octets */
    ROWS_LOOK_BITS = 512,  /* how often the rows are counted when bits come singly */
    /* T2 is 6 s (ITU-T T.30 clause 5.4.3.1), and a sender may be slow with its next page. The library has that timer
     * without ECM alone: after the confirmation of a page with ECM it waits for ever. */
    QUIET_SAMPLES_MAX = 20 * FW_TERMINAL_SECOND,
    HOLD_SAMPLES_MAX = 3 * FW_TERMINAL_SECOND, /* longer than any command after a page */
};

static _Thread_local struct fw_guards *current;

static struct {
    void (*hdlc_accept)(void *user_data, const uint8_t msg[], int len, int ok);
    int (*rx_put_bit)(t4_rx_state_t *s, int bit);
    int (*rx_put_byte)(t4_rx_state_t *s, uint8_t byte);
    int (*rx_put_chunk)(t4_rx_state_t *s, const uint8_t buf[], int len);
    int (*tx_get_bit)(t4_tx_state_t *s);
    int (*hostname)(char *name, size_t size);
} library;

/* A data pointer becomes a function pointer by way of memory: ISO C has no cast for it. */
bool fw_guards_find(const char *name, void *own, void *ret)
{
    void *next = dlsym(RTLD_NEXT, name);
    void *first = dlsym(RTLD_DEFAULT, name);
    void *here = NULL;
    memcpy(&here, own, sizeof here);
    memcpy(ret, &next, sizeof next);
    return next && first == here;
}

struct fw_guards *fw_guards_current(void)
{
    return current;
}

bool fw_guards_ready(void)
{
    const bool all[] = {
        FW_GUARDS_FIND(t30_hdlc_accept, library.hdlc_accept), FW_GUARDS_FIND(t4_rx_put_bit, library.rx_put_bit),
        FW_GUARDS_FIND(t4_rx_put_byte, library.rx_put_byte),  FW_GUARDS_FIND(t4_rx_put_chunk, library.rx_put_chunk),
        FW_GUARDS_FIND(t4_tx_get_bit, library.tx_get_bit),    FW_GUARDS_FIND(gethostname, library.hostname),
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (!all[i])
            return false;
    }
    return fw_guards_pages_ready();
}

void fw_guards_enter(struct fw_guards *g)
{
    fw_assert(!current && library.hdlc_accept);
    current = g;
}

void fw_guards_leave(void)
{
    current = NULL;
}

void fw_guards_trip(struct fw_guards *g, enum fw_terminal_guard guard)
{
    if (g->tripped == FW_GUARD_NONE)
        g->tripped = guard;
}

void fw_guards_page(struct fw_guards *g)
{
    g->page_bytes = 0;
    g->page_bits = 0;
}

/* process_rx_fcd copies len - 4 octets: a shorter frame makes that a copy without end. */
static bool frame_harmful(const uint8_t *msg, int len)
{
    if (len < 3)
        return false; /* the library looks at this itself */
    const uint8_t fcf = msg[2] & 0xFE;
    return fcf == (T4_FCD & 0xFE) && (len < FRAME_CODED_MIN || len > FRAME_CODED_MAX);
}

/* Each of these frames is copied to the heap and the copy before it is forgotten. */
static bool frame_leaks(const uint8_t *msg, int len)
{
    if (!current || len < 3)
        return false;
    const uint8_t fcf = msg[2] & 0xFE;
    if (fcf != (T30_NSF & 0xFE) && fcf != (T30_NSS & 0xFE))
        return false;
    current->extras++;
    return current->extras > EXTRAS_MAX;
}

/* MPS, EOM, EOP, PPS, EOR and EOS, with a request for the operator or without. */
static bool follows_page(const uint8_t *msg, int len, int ok)
{
    static const uint8_t all[] = { T30_MPS, T30_EOM, T30_EOP, T30_PRI_MPS, T30_PRI_EOM, T30_PRI_EOP,
                                   T30_PPS, T30_EOR, T30_EOS };
    for (size_t i = 0; ok && len > 2 && len <= FW_COMMAND_MAX && i < ARRAY_LEN(all); i++) {
        if ((msg[2] & 0xFE) == (all[i] & 0xFE))
            return true;
    }
    return false;
}

/* A far end that waited too long for an answer, for our disk was slow, asks again. If that comes while the answer is on
 * its way, the library takes it for a frame out of place and hangs up. It has its answer then, or asks once more. */
static bool is_repeat(const struct fw_guards *g, const uint8_t *msg, int len, int ok)
{
    return g && g->answer_samples > 0 && follows_page(msg, len, ok) && g->command_len == len &&
           memcmp(g->command, msg, (size_t)len) == 0;
}

static void give(void *user_data, const uint8_t *msg, int len, int ok)
{
    struct fw_guards *g = current;
    if (is_repeat(g, msg, len, ok))
        return;
    if (g && ok && len > 2 && (msg[2] & 0xFE) == (T4_FCD & 0xFE))
        g->command_len = 0;
    library.hdlc_accept(user_data, msg, len, ok);
    if (g && len == SIG_STATUS_CARRIER_DOWN)
        g->far_sends = false;
    if (g && follows_page(msg, len, ok)) {
        memcpy(g->command, msg, (size_t)len);
        g->command_len = (uint8_t)len;
    }
}

/* An indicator (ITU-T T.38 clause 7.3.1) is one octet, or two. */
void fw_guards_hear(struct fw_guards *g, struct fw_span ifp)
{
    if (ifp.size > 0 && !(ifp.data[0] & 0x40))
        g->far_sends = (ifp.data[0] & 0x3E) >> 1 == T38_IND_V21_PREAMBLE;
}

void fw_guards_time(struct fw_guards *g, uint64_t samples)
{
    g->quiet_samples += samples;
    if (g->awaits && g->quiet_samples > QUIET_SAMPLES_MAX)
        fw_guards_trip(g, FW_GUARD_QUIET);
    g->answer_samples -= samples < g->answer_samples ? (uint32_t)samples : g->answer_samples;
}

void fw_guards_hold(struct fw_guards *g)
{
    g->hold_samples = g->answer_samples > 0 ? HOLD_SAMPLES_MAX : 0;
}

bool fw_guards_holds(struct fw_guards *g, unsigned samples)
{
    if (!g->far_sends || g->hold_samples <= samples) {
        g->hold_samples = 0;
        return false;
    }
    g->hold_samples -= samples;
    return true;
}

void fw_guards_hand_on(struct fw_guards *g)
{
    const bool defers = g->defers;
    const uint8_t count = g->deferred_count;
    g->defers = false;
    g->deferred_count = 0;
    for (uint8_t i = 0; i < count; i++) {
        const struct fw_deferred *d = &g->deferred[i];
        give(d->user_data, d->len > 0 ? d->msg : NULL, d->len, d->ok);
    }
    free(g->deferred);
    g->deferred = NULL;
    g->defers = defers;
}

/* Coded frames and the end of a block only fill memory; all else may open, code or store a page. */
static bool may_take_long(const uint8_t *msg, int len, int ok)
{
    if (len < 3 || !ok)
        return false;
    const uint8_t fcf = msg[2] & 0xFE;
    return fcf != (T4_FCD & 0xFE) && fcf != (T4_RCP & 0xFE);
}

/* True: kept for later. What comes after a kept frame is kept as well, so the order stays. */
static bool set_aside(void *user_data, const uint8_t *msg, int len, int ok)
{
    struct fw_guards *g = current;
    if (!g || !g->defers || (g->deferred_count == 0 && !may_take_long(msg, len, ok)))
        return false;
    if (g->deferred_count == FW_DEFERRED_MAX || len > FW_DEFERRED_FRAME_MAX) {
        fw_guards_hand_on(g); /* late, but in order */
        return false;
    }
    if (!g->deferred)
        g->deferred = calloc(FW_DEFERRED_MAX, sizeof *g->deferred);
    if (!g->deferred)
        return false; /* at once, then: late, but not lost */
    struct fw_deferred *d = &g->deferred[g->deferred_count++];
    d->user_data = user_data;
    d->len = len;
    d->ok = ok;
    if (len > 0)
        memcpy(d->msg, msg, (size_t)len);
    return true;
}

void t30_hdlc_accept(void *user_data, const uint8_t msg[], int len, int ok)
{
    if (current && len > 0)
        current->quiet_samples = 0;
    if (len > 0 && ok && (frame_harmful(msg, len) || frame_leaks(msg, len)))
        ok = 0;
    if (!is_repeat(current, msg, len, ok) && !set_aside(user_data, msg, len, ok))
        give(user_data, msg, len, ok);
}

/* True: the page is too large, nothing more of it goes to the decoder. */
static bool over(t4_rx_state_t *s)
{
    if (!current)
        return false;
    if (!fw_guards_page_open(FW_PAGE_RECEIVED))
        return true;
    t4_stats_t stats;
    t4_rx_get_transfer_statistics(s, &stats);
    if (current->page_bytes > current->page_bytes_max ||
        (uint32_t)stats.length > current->page_rows_max)
        fw_guards_trip(current, FW_GUARD_PAGE_BYTES);
    return current->tripped == FW_GUARD_PAGE_BYTES;
}

static void count_bytes(uint32_t size)
{
    if (!current)
        return;
    current->command_len = 0;
    current->quiet_samples = 0;
    current->page_bytes += size;
    current->bytes += size;
    current->progress++;
}

int t4_rx_put_bit(t4_rx_state_t *s, int bit)
{
    if (!fw_guards_page_open(FW_PAGE_RECEIVED))
        return 1;
    if (current && ++current->page_bits >= ROWS_LOOK_BITS) {
        current->page_bits = 0;
        count_bytes(ROWS_LOOK_BITS / 8);
        if (over(s))
            return 1;
    }
    return library.rx_put_bit(s, bit);
}

int t4_rx_put_byte(t4_rx_state_t *s, uint8_t byte)
{
    count_bytes(1);
    return over(s) ? 1 : library.rx_put_byte(s, byte);
}

int t4_rx_put_chunk(t4_rx_state_t *s, const uint8_t buf[], int len)
{
    count_bytes(len > 0 ? (uint32_t)len : 0);
    return over(s) ? 1 : library.rx_put_chunk(s, buf, len);
}

int t4_tx_get_bit(t4_tx_state_t *s)
{
    if (current)
        current->progress++;
    return fw_guards_page_open(FW_PAGE_SENT) ? library.tx_get_bit(s) : SIG_STATUS_END_OF_DATA;
}

/* The library writes the name of this machine into every received page and asks the kernel for
 * it. A fax is no place for it, and the sandbox does not answer. */
int gethostname(char *name, size_t size)
{
    if (current || !library.hostname)
        return -1;
    return library.hostname(name, size);
}
