/* The terminal: its life, its two lines (audio and T.38), and the guards around every step. */
#include "t30/terminal.h"
#include "base/memory.h"
#include "base/text.h"
#include "page/page.h"
#include "t30/engine.h"
#include <stdlib.h>
#include <string.h>

enum {
    PACKETS_MAX_PACED = 64,     /* of one tick; the most ever seen of an honest call is 2 */
    PACKETS_MAX_UNPACED = 8192, /* a whole page of 2 MB in packets of 300 bytes */
    PAGE_BYTES_DEFAULT = 4 * 1024 * 1024,
    PAGE_ROWS_DEFAULT = 14400,
    CALL_MINUTES_DEFAULT = 60,
    IDLE_SECONDS_DEFAULT = 180,
    GAP_SAMPLES_MAX = 2 * FW_TERMINAL_SECOND,
    LINE_BYTES_A_SECOND = 3600,    /* twice what 14400 bit/s carries */
    RATE_SLACK_BYTES = 128 * 1024, /* two ECM blocks */
    IFP_AT_14400 = 59,             /* bytes of the largest packet at this rate, paced */
    BACKLOG_BYTES_MAX = 512 * 1024, /* an unpaced ECM block with its headers, and a half */
};

const char *fw_terminal_guard_text(enum fw_terminal_guard guard)
{
    switch (guard) {
    case FW_GUARD_NONE:
        return "none";
    case FW_GUARD_PACKETS:
        return "the fax protocol ran wild and was stopped";
    case FW_GUARD_PAGE_BYTES:
        return "a page was larger than a page can be";
    case FW_GUARD_PAGES:
        return "more pages came than are allowed";
    case FW_GUARD_RATE:
        return "image data came faster than a fax line can carry";
    case FW_GUARD_DISK:
        return "a received page could not be stored safely";
    case FW_GUARD_REPEATS:
        return "the far end asked for repeats without end";
    case FW_GUARD_IDLE:
        return "nothing went on any more";
    case FW_GUARD_QUIET:
        return "the far end said nothing more";
    case FW_GUARD_CALL:
        return "the call was longer than allowed";
    case FW_GUARD_HANGUP:
        return "the call was hung up before the fax was over";
    }
    return "unknown";
}

const char *fw_compression_text(unsigned compression)
{
    static const char *const texts[] = { "none", "MH", "MR", "MMR" };
    return compression < ARRAY_LEN(texts) ? texts[compression] : "unknown";
}

void fw_terminal_facts(const struct fw_terminal *t, struct fw_terminal_facts *ret)
{
    *ret = t->facts;
    memcpy(ret->phase_ms, t->dialogue.phase_ms, sizeof ret->phase_ms);
}

struct fw_span fw_terminal_dialogue(const struct fw_terminal *t)
{
    return fw_buf_span(&t->dialogue.text);
}

const char *fw_terminal_code_text(int t30_code)
{
    return t30_completion_code_to_str(t30_code);
}

bool fw_terminal_guarded(void)
{
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    return fw_guards_ready();
}

/* After each call into the library: what it left to do. */
static void after(struct fw_terminal *t, uint64_t samples)
{
    t->call_samples += samples;
    t->idle_samples = t->guards.progress != t->progress_seen ? 0 : t->idle_samples + samples;
    t->progress_seen = t->guards.progress;
    fw_guards_time(&t->guards, samples);
    if (t->call_samples > t->config.call_samples_max)
        fw_guards_trip(&t->guards, FW_GUARD_CALL);
    if (t->idle_samples > t->config.idle_samples_max)
        fw_guards_trip(&t->guards, FW_GUARD_IDLE);
    const uint64_t carried = t->call_samples * LINE_BYTES_A_SECOND / FW_TERMINAL_SECOND;
    if (t->t38 && !t->unpaced && t->guards.bytes > RATE_SLACK_BYTES + carried)
        fw_guards_trip(&t->guards, FW_GUARD_RATE);
    const bool over = t->guards.tripped != FW_GUARD_NONE || t->phase_e;
    if (t->deferring && !t->working && (over || t->guards.deferred_count > 0)) {
        fw_guards_leave();
        t->has_work = true;
        return;
    }
    if (over && !t->phase_e) {
        t30_terminate(t->t30); /* before the next tick, so that no confirmation leaves */
        t->phase_e = true;
    }
    fw_guards_leave();
    if (t->phase_e && !t->result.finished)
        fw_engine_conclude(t);
}

bool fw_terminal_has_work(const struct fw_terminal *t)
{
    return t->has_work;
}

static void hear_backlog(struct fw_terminal *t)
{
    struct fw_reader r = fw_reader_of(fw_buf_span(&t->backlog));
    while (r.rest.size > 0) {
        const uint16_t seq = fw_get_be16(&r);
        const struct fw_span ifp = fw_get_span(&r, fw_get_be16(&r));
        fw_assert(r.ok);
        fw_terminal_ifp(t, seq, ifp);
    }
    fw_buf_done(&t->backlog);
    fw_buf_init(&t->backlog, BACKLOG_BYTES_MAX);
}

void fw_terminal_work(struct fw_terminal *t)
{
    const bool defers = t->guards.defers;
    t->has_work = false;
    t->working = true;
    t->guards.defers = false;
    if (!t->result.finished) {
        fw_guards_enter(&t->guards);
        fw_guards_hand_on(&t->guards);
        after(t, 0);
    }
    t->guards.far_sends = false; /* but for what it has begun since */
    hear_backlog(t);
    fw_guards_hold(&t->guards);
    t->guards.defers = defers;
    t->working = false;
}

/* What does not fit is lost, as on a network. */
static void keep_ifp(struct fw_terminal *t, uint16_t seq, struct fw_span ifp)
{
    const size_t before = t->backlog.size;
    if (fw_buf_put_be16(&t->backlog, seq) || fw_buf_put_be16(&t->backlog, (uint16_t)ifp.size) ||
        fw_buf_put(&t->backlog, ifp))
        t->backlog.size = before;
}

static void on_tone(void *user_data, int tone, int level, int delay)
{
    (void)level;
    (void)delay;
    struct fw_terminal *t = user_data;
    enum fw_terminal_event_kind kind;
    switch (tone) {
    case MODEM_CONNECT_TONES_FAX_CNG:
        kind = FW_TERMINAL_CNG;
        break;
    case MODEM_CONNECT_TONES_FAX_PREAMBLE:
        kind = FW_TERMINAL_V21;
        break;
    case MODEM_CONNECT_TONES_ANS:
    case MODEM_CONNECT_TONES_ANS_PR:
    case MODEM_CONNECT_TONES_ANSAM:
    case MODEM_CONNECT_TONES_ANSAM_PR:
        kind = FW_TERMINAL_CED;
        break;
    default:
        return;
    }
    if (t->tone_told[kind])
        return;
    t->tone_told[kind] = true;
    fw_engine_tell(t, kind);
}

static void stop_listening(struct fw_terminal *t)
{
    if (t->tones)
        modem_connect_tones_rx_free(t->tones);
    t->tones = NULL;
}

static void start_fax(struct fw_terminal *t, fax_state_t *fax)
{
    t->fax = fax;
    t->t30 = fax_get_t30_state(fax);
    fax_set_transmit_on_idle(fax, 1);
    fw_engine_setup_t30(t, t->config.modems);
    fw_memory_give_back_zeroes(fax); /* most of it is an ECM block that has not begun */
}

static enum fw_err start_audio(struct fw_terminal *t)
{
    fax_state_t *fax = fax_init(NULL, t->config.calling);
    t->fax = fax;
    t->tones = modem_connect_tones_rx_init(
        NULL,
        t->config.calling ? MODEM_CONNECT_TONES_FAX_CED_OR_PREAMBLE : MODEM_CONNECT_TONES_FAX_CNG,
        on_tone, t);
    if (!fax || !t->tones)
        return FW_NO_MEMORY;
    start_fax(t, fax);
    return FW_OK;
}

/* Silently: whatever the old engine was doing is forgotten. */
static void stop_engine(struct fw_terminal *t)
{
    if (!t->t30)
        return;
    t30_set_phase_e_handler(t->t30, NULL, NULL);
    t30_set_phase_d_handler(t->t30, NULL, NULL);
    t30_set_real_time_frame_handler(t->t30, NULL, NULL);
    fw_guards_enter(&t->guards);
    t30_terminate(t->t30);
    fw_guards_leave();
    if (t->fax)
        fax_free(t->fax);
    if (t->t38)
        t38_terminal_free(t->t38);
    t->t30 = NULL;
    t->fax = NULL;
    t->t38 = NULL;
}

void fw_terminal_free(struct fw_terminal *t)
{
    if (!t)
        return;
    if (t->t30) {
        stop_engine(t);
    } else {
        if (t->fax)
            fax_free(t->fax);
        if (t->t38)
            t38_terminal_free(t->t38);
    }
    stop_listening(t);
    fw_buf_done(&t->backlog);
    fw_dialogue_done(&t->dialogue);
    free(t->guards.deferred);
    free(t->fitted);
    free(t);
}

static void free_p(struct fw_terminal **t)
{
    fw_terminal_free(*t);
}

static bool keep(const char **field, char *dst, size_t dst_size)
{
    if (!*field || !(*field)[0]) {
        *field = NULL;
        return true;
    }
    if (!fw_text_copy(dst, dst_size, fw_span_of(*field)))
        return false;
    *field = dst;
    return true;
}

static void pages_free(struct fw_page_info **pages)
{
    free(*pages);
}

static enum fw_err configure(struct fw_terminal *t)
{
    struct fw_terminal_config *c = &t->config;
    if (!keep(&c->tx_path, t->tx_path, sizeof t->tx_path) ||
        !keep(&c->tx_coarse_path, t->tx_coarse_path, sizeof t->tx_coarse_path) ||
        !keep(&c->rx_path, t->rx_path, sizeof t->rx_path) ||
        !keep(&c->ident, t->ident, sizeof t->ident) ||
        !keep(&c->subaddress, t->subaddress, sizeof t->subaddress) || (c->calling && !c->tx_path))
        return FW_INVALID;
    c->modems = c->modems ? c->modems & FW_MODEM_ALL : FW_MODEM_ALL;
    c->resolutions = c->resolutions ? c->resolutions : FW_RESOLUTION_ALL;
    c->pages_max = c->pages_max ? c->pages_max : FW_PAGES_MAX;
    if (c->call_samples_max == 0)
        c->call_samples_max = (uint64_t)CALL_MINUTES_DEFAULT * 60 * FW_TERMINAL_SECOND;
    if (c->idle_samples_max == 0)
        c->idle_samples_max = (uint64_t)IDLE_SECONDS_DEFAULT * FW_TERMINAL_SECOND;
    t->guards.page_bytes_max = c->page_bytes_max ? c->page_bytes_max : PAGE_BYTES_DEFAULT;
    t->guards.page_rows_max = c->page_rows_max ? c->page_rows_max : PAGE_ROWS_DEFAULT;
    if (!c->calling)
        return FW_OK;
    struct fw_fault fault;
    struct fw_page_info *pages CLEANUP(pages_free) = calloc(FW_FIT_PAGES_MAX, sizeof *pages);
    uint32_t count = 0;
    if (!pages)
        return FW_NO_MEMORY;
    if (fw_page_file_info(t->tx_path, FW_FIT_PAGES_MAX, &count, pages, &fault) || count == 0)
        return FW_IO;
    t->tx_y_dpi = pages[0].y_dpi;
    for (uint32_t i = 0; i < count && i < FW_FIT_PAGES_MAX; i++)
        t->tx_rows_max = pages[i].rows > t->tx_rows_max ? pages[i].rows : t->tx_rows_max;
    t->result.pages_total = c->page_count ? c->page_count : count;
    return FW_OK;
}

enum fw_err fw_terminal_new(const struct fw_terminal_config *config,
                            const struct fw_terminal_callbacks *callbacks, struct fw_terminal **ret)
{
    if (!fw_terminal_guarded())
        return FW_INVALID;
    struct fw_terminal *t CLEANUP(free_p) = calloc(1, sizeof *t);
    if (!t)
        return FW_NO_MEMORY;
    t->config = *config;
    t->callbacks = *callbacks;
    fw_buf_init(&t->backlog, BACKLOG_BYTES_MAX);
    fw_dialogue_init(&t->dialogue);
    t->deferring = t->guards.defers = config->deferring;
    enum fw_err err = configure(t);
    if (!err)
        err = start_audio(t);
    if (err)
        return err;
    *ret = TAKE(t);
    return FW_OK;
}

static void listen_for_tones(struct fw_terminal *t, const int16_t *in, size_t count)
{
    if (t->underway)
        stop_listening(t);
    if (t->tones && in)
        modem_connect_tones_rx(t->tones, in, (int)count);
}

void fw_terminal_audio(struct fw_terminal *t, const int16_t *in, int16_t *out, size_t count)
{
    fw_assert(count <= FW_TERMINAL_SAMPLES_MAX);
    memset(out, 0, count * sizeof *out);
    if (!t->fax || t->result.finished || t->has_work)
        return;
    listen_for_tones(t, in, count);
    fw_guards_enter(&t->guards);
    t->gap_samples = in ? 0 : t->gap_samples + count;
    if (in || t->gap_samples > GAP_SAMPLES_MAX) {
        int16_t copy[FW_TERMINAL_SAMPLES_MAX] = { 0 }; /* the library takes its input without const */
        if (in)
            memcpy(copy, in, count * sizeof *in);
        fax_rx(t->fax, copy, (int)count);
    } else {
        fax_rx_fillin(t->fax, (int)count);
    }
    if (t->guards.tripped == FW_GUARD_NONE)
        fax_tx(t->fax, out, (int)count);
    after(t, count);
}

static int on_packet(t38_core_state_t *s, void *user_data, const uint8_t *buf, int len, int count)
{
    (void)s;
    struct fw_terminal *t = user_data;
    const uint32_t packets_max = t->unpaced ? PACKETS_MAX_UNPACED : PACKETS_MAX_PACED;
    if (++t->packets > packets_max)
        fw_guards_trip(&t->guards, FW_GUARD_PACKETS);
    /* A page that could not be stored must not be confirmed by what is still under way. */
    if (t->guards.tripped != FW_GUARD_NONE || len <= 0 || len > FW_TERMINAL_IFP_MAX)
        return -1;
    const unsigned data_type = buf[0] >> 1 & 0x0F;
    if ((buf[0] & 0x40) && data_type != T38_DATA_V21)
        t->guards.progress++;
    t->callbacks.send_ifp(t->callbacks.arg, (struct fw_span){ buf, (size_t)len },
                          count < 1   ? 1
                          : count > 3 ? 3
                                      : count);
    return 0;
}

/* A far end that takes only small packets, or only lower rates, gets slower modems: the size of a
 * packet follows from the rate, 30 ms in each. */
static unsigned modems_for(const struct fw_terminal *t, const struct fw_terminal_t38 *t38)
{
    unsigned fit = FW_MODEM_ALL;
    if ((t38->bit_rate_max > 0 && t38->bit_rate_max < 14400) ||
        (t38->datagram_max > 0 && t38->datagram_max < IFP_AT_14400))
        fit = FW_MODEM_V29 | FW_MODEM_V27TER;
    if (t38->bit_rate_max > 0 && t38->bit_rate_max < 9600)
        fit = FW_MODEM_V27TER;
    const unsigned both = t->config.modems & fit;
    return both ? both : FW_MODEM_V27TER;
}

/* The old engine is gone; the new one is a machine that has not heard anything yet. */
static void begin_afresh(struct fw_terminal *t, bool t38)
{
    t->result.t38 = t38;
    t->repeats = 0;
    t->idle_samples = 0;
    t->guards.awaits = t->eop_seen = t->eop_confirmed = false;
    free(TAKE(t->fitted));
    t->sheets = 0;
    t->guards.page_use = FW_PAGE_CLOSED;
    fw_guards_page(&t->guards);
}

enum fw_err fw_terminal_switch(struct fw_terminal *t, const struct fw_terminal_t38 *t38)
{
    if (t->t38 || t->result.pages > 0 || t->result.finished || t->has_work)
        return FW_CONFLICT;
    t38_terminal_state_t *fresh = t38_terminal_init(NULL, t->config.calling, on_packet, t);
    if (!fresh)
        return FW_NO_MEMORY;
    stop_engine(t);
    stop_listening(t);
    t->t38 = fresh;
    t->t30 = t38_terminal_get_t30_state(fresh);
    t->unpaced = t38->unpaced;
    begin_afresh(t, true);
    t38_core_state_t *core = t38_terminal_get_t38_core_state(fresh);
    if (t38->unpaced)
        t38_terminal_set_config(fresh, T38_TERMINAL_OPTION_NO_PACING);
    t38_set_t38_version(core, (int)t38->version);
    t38_set_data_rate_management_method(core, T38_DATA_RATE_MANAGEMENT_TRANSFERRED_TCF);
    t38_set_data_transport_protocol(core, T38_TRANSPORT_UDPTL);
    t38_set_sequence_number_handling(core, 1);
    t38_set_fastest_image_data_rate(core, 14400);
    fw_engine_setup_t30(t, modems_for(t, t38));
    fw_memory_give_back_zeroes(fresh);
    return FW_OK;
}

enum fw_err fw_terminal_return(struct fw_terminal *t)
{
    if (!t->t38 || t->result.pages > 0 || t->result.finished || t->has_work)
        return FW_CONFLICT;
    fax_state_t *fresh = fax_init(NULL, t->config.calling);
    if (!fresh)
        return FW_NO_MEMORY;
    stop_engine(t);
    t->unpaced = false;
    begin_afresh(t, false);
    start_fax(t, fresh);
    return FW_OK;
}

void fw_terminal_tick(struct fw_terminal *t, unsigned samples)
{
    fw_assert(samples <= FW_TERMINAL_SAMPLES_MAX);
    if (!t->t38 || t->result.finished || t->has_work || fw_guards_holds(&t->guards, samples))
        return;
    fw_guards_enter(&t->guards);
    t->packets = 0;
    t38_terminal_send_timeout(t->t38, (int)samples);
    after(t, samples);
}

void fw_terminal_ifp(struct fw_terminal *t, uint16_t seq, struct fw_span ifp)
{
    if (!t->t38 || t->result.finished || ifp.size == 0 || ifp.size > FW_TERMINAL_IFP_MAX)
        return;
    if (t->has_work) {
        keep_ifp(t, seq, ifp);
        return;
    }
    fw_guards_hear(&t->guards, ifp);
    fw_guards_enter(&t->guards);
    t38_core_rx_ifp_packet(t38_terminal_get_t38_core_state(t->t38), ifp.data, (int)ifp.size, seq);
    after(t, 0);
}

void fw_terminal_refuse_page(struct fw_terminal *t)
{
    fw_guards_trip(&t->guards, FW_GUARD_DISK);
}

void fw_terminal_hangup(struct fw_terminal *t)
{
    if (t->result.finished)
        return;
    t->has_work = false;
    t->working = true; /* here and now: the caller ends the call */
    fw_guards_trip(&t->guards, FW_GUARD_HANGUP);
    fw_guards_enter(&t->guards);
    after(t, 0);
}

bool fw_terminal_done(const struct fw_terminal *t)
{
    return t->result.finished;
}

const struct fw_terminal_result *fw_terminal_result(const struct fw_terminal *t)
{
    return &t->result;
}
