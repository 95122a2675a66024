/* What T.30 reports, frame by frame and page by page, and what it comes to in the end. */
#include "base/text.h"
#include "page/page.h"
#include "t30/engine.h"
#include "t30/pagefile.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REPEATS_MAX = 60, /* T.30 itself gives up after three; T5 allows about thirty RNR */
    /* Bits of DIS, ITU-T T.30 table 2. */
    DIS_BIT_FINE = 15,
    DIS_BIT_SUPERFINE = 41,
    DIS_BIT_2D = 16,
    DIS_BIT_ECM = 27,
    DIS_BIT_T6 = 31,
    DIS_BIT_B4_LENGTH = 19,
    DIS_BIT_ANY_LENGTH = 20,
    DIS_BIT_LEGAL = 77,
    DIS_BIT_SUBADDRESS = 49,
    A4_MM = 297,
    LEGAL_MM = 356,
    B4_MM = 364,
    PAGES_MEASURED = 8,    /* about 4 ms each */
    GAIN_MIN_PERCENT = 5,  /* MMR is left only for what gains as much */
    ANSWER_SAMPLES = FW_TERMINAL_SECOND * 3 / 2, /* V.21: a second of flags, and up to 20 octets at 300 bit/s */
};

void fw_engine_tell(struct fw_terminal *t, enum fw_terminal_event_kind kind)
{
    if (t->callbacks.event)
        t->callbacks.event(t->callbacks.arg, kind, &t->result);
}

static bool dis_bit(const uint8_t *msg, int len, int bit)
{
    const int at = 3 + (bit - 1) / 8;
    return at < len && (msg[at] & 1 << (bit - 1) % 8);
}

static enum fw_terminal_resolution resolution_of(int y_resolution)
{
    if (y_resolution < 5500) /* rows a metre: 3850, 7700, 15400 */
        return FW_RESOLUTION_STANDARD;
    return y_resolution < 11500 ? FW_RESOLUTION_FINE : FW_RESOLUTION_SUPERFINE;
}

static void take_statistics(struct fw_terminal *t, t30_stats_t *ret)
{
    struct fw_terminal_result *r = &t->result;
    t30_get_transfer_statistics(t->t30, ret);
    r->bit_rate = ret->bit_rate > 0 ? (uint32_t)ret->bit_rate : 0;
    r->ecm = ret->error_correcting_mode != 0;
    if (ret->y_resolution > 0)
        r->resolution = resolution_of(ret->y_resolution);
    r->page_bytes = t->guards.bytes;
    const char *ident = t30_get_rx_ident(t->t30);
    if (ident && ident[0])
        fw_text_clip(r->remote_ident, sizeof r->remote_ident, ident);
    const char *subaddress = t->config.calling ? t->far_subaddress ? t->config.subaddress : NULL
                                               : t30_get_rx_sub_address(t->t30);
    if (subaddress && fw_text_is_subaddress(subaddress)) /* the library has letters for one that is too long */
        fw_text_clip(r->subaddress, sizeof r->subaddress, subaddress);
}

static void negotiated(struct fw_terminal *t)
{
    t30_stats_t stats;
    take_statistics(t, &stats);
    fw_engine_tell(t, FW_TERMINAL_NEGOTIATED);
}

static void underway(struct fw_terminal *t)
{
    if (t->underway)
        return;
    t->underway = true;
    fw_engine_tell(t, FW_TERMINAL_UNDERWAY);
}

static bool is_eop(uint8_t fcf)
{
    fcf &= 0xFE;
    return fcf == (T30_EOP & 0xFE) || fcf == (T30_PRI_EOP & 0xFE);
}

static void set_codings(struct fw_terminal *t, bool mr, bool mmr)
{
    t30_set_supported_compressions(t->t30, T30_SUPPORT_T4_1D_COMPRESSION |
                                               (mr ? T30_SUPPORT_T4_2D_COMPRESSION : 0) |
                                               (mmr ? T30_SUPPORT_T6_COMPRESSION : 0));
}

/* How many rows must become one for this far end. */
static unsigned divisor(const struct fw_terminal *t)
{
    const unsigned scale = fw_page_scale(t->tx_y_dpi);
    const unsigned taken = scale == 4 && t->far_superfine ? 4 : t->far_fine ? 2 : 1;
    return scale > taken ? scale / taken : 1;
}

/* What cannot be fitted goes as it is: the call then ends as it would without. */
static void fit_pages(struct fw_terminal *t)
{
    const struct fw_fit fit = { divisor(t), t->far_length_mm };
    const bool too_long = fit.length_mm > 0 && t->tx_rows_max > fw_fit_rows(fit.length_mm, t->tx_y_dpi);
    struct fw_fitted *fitted = fit.divisor > 1 || too_long ? calloc(1, sizeof *fitted) : NULL;
    if (!fitted || fw_page_fit(t->tx_path, t->tx_coarse_path, &fit, fitted)) {
        free(fitted);
        return;
    }
    t->fitted = fitted;
    t30_set_tx_file(t->t30, t->tx_coarse_path, -1, -1);
}

/* MMR nearly always wins, but not on dithered pictures, whose rows have nothing in common. Asked
 * before the library chooses: it looks at the DIS after this. */
static void choose_coding(struct fw_terminal *t, const uint8_t *dis, int len)
{
    size_t bytes[FW_PAGE_CODINGS];
    struct fw_fault fault;
    const bool mr = !t->config.no_mr && dis_bit(dis, len, DIS_BIT_2D);
    const bool mmr = !t->config.no_t6 && t->config.ecm && dis_bit(dis, len, DIS_BIT_ECM) &&
                     dis_bit(dis, len, DIS_BIT_T6);
    if (!t->config.calling || t->coding_chosen || !(mr || mmr) ||
        fw_page_measure(t->fitted ? t->tx_coarse_path : t->tx_path, PAGES_MEASURED, bytes, &fault))
        return;
    t->coding_chosen = true;
    const size_t most = 100 + GAIN_MIN_PERCENT;
    const size_t second = mr ? bytes[FW_PAGE_MR] : bytes[FW_PAGE_MH];
    const bool take_mmr = mmr && bytes[FW_PAGE_MMR] * 100 <= second * most &&
                          bytes[FW_PAGE_MMR] * 100 <= bytes[FW_PAGE_MH] * most;
    const bool take_mr = mr && bytes[FW_PAGE_MR] * 100 <= bytes[FW_PAGE_MH] * most;
    set_codings(t, take_mr, take_mmr);
}

static void frame_in(struct fw_terminal *t, const uint8_t *msg, int len)
{
    const uint8_t fcf = msg[2] & 0xFE;
    if (fcf == (T4_FCD & 0xFE) || fcf == (T4_RCP & 0xFE)) {
        t->guards.progress++;
        return;
    }
    if (fcf == (T30_MCF & 0xFE))
        t->repeats = 0;
    else if ((msg[1] & 0x10) && ++t->repeats > REPEATS_MAX)
        fw_guards_trip(&t->guards, FW_GUARD_REPEATS);
    if (fcf == (T30_DIS & 0xFE)) {
        t->far_fine = dis_bit(msg, len, DIS_BIT_FINE);
        t->far_superfine = dis_bit(msg, len, DIS_BIT_SUPERFINE);
        t->far_subaddress = dis_bit(msg, len, DIS_BIT_SUBADDRESS);
        t->far_length_mm = dis_bit(msg, len, DIS_BIT_ANY_LENGTH)  ? 0
                           : dis_bit(msg, len, DIS_BIT_B4_LENGTH) ? B4_MM
                           : dis_bit(msg, len, DIS_BIT_LEGAL)     ? LEGAL_MM
                                                                  : A4_MM;
        if (t->config.calling && t->config.tx_coarse_path && !t->fitted && !t->underway)
            fit_pages(t); /* before the document is opened; later it would be another one than is sent */
        choose_coding(t, msg, len); /* of what will be sent */
    } else if (fcf == (T30_DCS & 0xFE)) {
        t->guards.awaits = !t->config.calling;
        underway(t);
    } else if (fcf == (T30_CFR & 0xFE))
        negotiated(t);
    else if (fcf == (T30_PPS & 0xFE) || fcf == (T30_EOR & 0xFE))
        t->eop_seen = len > 3 && is_eop(msg[3]);
    else if (fcf == (T30_MPS & 0xFE) || fcf == (T30_EOM & 0xFE) || is_eop(fcf))
        t->eop_seen = is_eop(fcf);
}

static void frame_out(struct fw_terminal *t, const uint8_t *msg)
{
    const uint8_t fcf = msg[2] & 0xFE;
    if (!t->config.calling)
        t->guards.answer_samples = ANSWER_SAMPLES;
    if (fcf == (T4_FCD & 0xFE) || fcf == (T4_RCP & 0xFE))
        t->guards.progress++;
    else if (fcf == (T30_DCS & 0xFE))
        underway(t);
    else if (fcf == (T30_CFR & 0xFE))
        negotiated(t);
    else if (fcf == (T30_MCF & 0xFE) || fcf == (T30_RTP & 0xFE)) {
        t->repeats = 0;
        if (t->eop_seen && t->guards.tripped == FW_GUARD_NONE)
            t->eop_confirmed = true;
    }
}

static void on_frame(t30_state_t *s, void *user_data, int direction, const uint8_t msg[], int len)
{
    (void)s;
    struct fw_terminal *t = user_data;
    if (len < 3)
        return;
    fw_dialogue_frame(&t->dialogue, t->call_samples * 1000 / FW_TERMINAL_SECOND, direction != 0,
                      (struct fw_span){ msg, (size_t)len });
    if (direction)
        frame_in(t, msg, len);
    else
        frame_out(t, msg);
}

static void pages_sent(struct fw_terminal *t, uint32_t pages)
{
    t->guards.progress++;
    t->result.pages = pages;
    fw_engine_tell(t, FW_TERMINAL_PAGE_SENT);
}

static void page_received(struct fw_terminal *t, uint32_t pages)
{
    struct fw_fault fault = { 0 };
    t->guards.progress++;
    if (t->guards.tripped != FW_GUARD_NONE)
        return;
    if (pages > t->config.pages_max) {
        fw_guards_trip(&t->guards, FW_GUARD_PAGES);
        return;
    }
    if (fw_pagefile_secure(t->rx_path, pages - 1, &fault)) {
        fw_text_clip(t->fault, sizeof t->fault, fault.message);
        fw_guards_trip(&t->guards, FW_GUARD_DISK);
        return;
    }
    const uint32_t before = t->result.pages;
    t->result.pages = pages;
    fw_engine_tell(t, FW_TERMINAL_PAGE_RECEIVED);
    if (t->guards.tripped != FW_GUARD_NONE)
        t->result.pages = before;
}

static uint32_t natural(int value)
{
    return value > 0 ? (uint32_t)value : 0;
}

/* Pages that the first `sheets` are all of. */
static uint32_t whole_pages(const struct fw_terminal *t, uint32_t sheets)
{
    uint32_t pages = 0;
    while (t->fitted && pages < t->fitted->pages && t->fitted->sheets[pages] <= sheets)
        pages++;
    return t->fitted ? pages : sheets;
}

static void page_tried(struct fw_terminal *t, const t30_stats_t *stats, int sheets)
{
    const bool confirmed = natural(sheets) > t->sheets;
    t->result.page = (struct fw_terminal_page){
        .number = whole_pages(t, confirmed ? natural(sheets) - 1 : t->sheets) + 1,
        .confirmed = confirmed,
        .bit_rate = t->result.bit_rate,
        .compression = natural(stats->encoding) <= FW_COMPRESSION_MMR
                           ? (enum fw_compression)natural(stats->encoding)
                           : FW_COMPRESSION_NONE,
        .width = natural(stats->width),
        .rows = natural(stats->length),
        .bytes = natural(stats->image_size),
        .bad_rows = natural(stats->bad_rows),
        .longest_bad_run = natural(stats->longest_bad_row_run),
        .repeated_frames = natural(stats->error_correcting_mode_retries),
        .at_ms = t->call_samples * 1000 / FW_TERMINAL_SECOND,
    };
    fw_engine_tell(t, FW_TERMINAL_PAGE_TRIED);
}

/* A page that was never trained gives this call and no page: only the counts are believed. */
static int on_phase_d(t30_state_t *s, void *user_data, int result)
{
    (void)s;
    (void)result;
    struct fw_terminal *t = user_data;
    t30_stats_t stats;
    take_statistics(t, &stats);
    const int sheets = t->config.calling ? stats.pages_tx : stats.pages_rx;
    page_tried(t, &stats, sheets);
    if (stats.bad_rows > 0 || stats.error_correcting_mode_retries > 0)
        t->result.retries +=
            (uint32_t)(stats.bad_rows > 0 ? stats.bad_rows : stats.error_correcting_mode_retries);
    if (!t->config.calling)
        fw_guards_page(&t->guards);
    if (natural(sheets) > t->sheets) {
        const uint32_t pages = whole_pages(t, natural(sheets));
        t->sheets = natural(sheets);
        if (!t->config.calling)
            page_received(t, pages);
        else if (pages > t->result.pages)
            pages_sent(t, pages);
    }
    return T30_ERR_OK;
}

static void take_maker(struct fw_terminal *t)
{
    const char *vendor = t30_get_rx_vendor(t->t30), *model = t30_get_rx_model(t->t30);
    const char *country = t30_get_rx_country(t->t30);
    fw_text_clip(t->facts.vendor, sizeof t->facts.vendor, vendor ? vendor : "");
    fw_text_clip(t->facts.model, sizeof t->facts.model, model ? model : "");
    fw_text_clip(t->facts.country, sizeof t->facts.country, country ? country : "");
}

static void on_phase_e(t30_state_t *s, void *user_data, int completion_code)
{
    (void)s;
    struct fw_terminal *t = user_data;
    t30_stats_t stats;
    take_statistics(t, &stats);
    take_maker(t);
    t->phase_e = true;
    t->phase_e_code = completion_code;
}

void fw_engine_setup_t30(struct fw_terminal *t, unsigned modems)
{
    t30_state_t *s = t->t30;
    const struct fw_terminal_config *c = &t->config;
    const unsigned resolutions = c->resolutions;
    int supported = T30_SUPPORT_R8_RESOLUTION;
    if (c->calling || (resolutions & FW_RESOLUTION_STANDARD))
        supported |= T30_SUPPORT_STANDARD_RESOLUTION;
    if (c->calling || (resolutions & FW_RESOLUTION_FINE))
        supported |= T30_SUPPORT_FINE_RESOLUTION;
    if (c->calling || (resolutions & FW_RESOLUTION_SUPERFINE))
        supported |= T30_SUPPORT_SUPERFINE_RESOLUTION;
    t30_set_supported_resolutions(s, supported);
    t30_set_supported_image_sizes(
        s, T30_SUPPORT_215MM_WIDTH | T30_SUPPORT_255MM_WIDTH | T30_SUPPORT_303MM_WIDTH |
               T30_SUPPORT_A4_LENGTH |
               (c->a4_only ? 0 : T30_SUPPORT_UNLIMITED_LENGTH | T30_SUPPORT_B4_LENGTH |
                                     T30_SUPPORT_US_LETTER_LENGTH | T30_SUPPORT_US_LEGAL_LENGTH));
    t30_set_supported_modems(s, (int)modems);
    set_codings(t, !c->no_mr, !c->no_t6);
    t30_set_ecm_capability(s, c->ecm);
    t30_set_rx_encoding(s, T4_COMPRESSION_ITU_T6);
    if (c->ident)
        t30_set_tx_ident(s, c->ident);
    if (c->calling && c->subaddress && c->subaddress[0])
        t30_set_tx_sub_address(s, c->subaddress);
    if (!c->calling && !c->no_subaddress)
        t30_set_supported_t30_features(s, T30_SUPPORT_SUB_ADDRESSING);
    if (c->calling)
        t30_set_tx_file(s, t->tx_path, -1, -1);
    else if (c->rx_path)
        t30_set_rx_file(s, t->rx_path, -1);
    t30_set_real_time_frame_handler(s, on_frame, t);
    t30_set_phase_d_handler(s, on_phase_d, t);
    t30_set_phase_e_handler(s, on_phase_e, t);
}

/* What our guards say in the library's words, for those who only look at the number. */
static int code_of_guard(enum fw_terminal_guard guard, int code)
{
    switch (guard) {
    case FW_GUARD_PACKETS:
        return T30_ERR_UNEXPECTED;
    case FW_GUARD_PAGE_BYTES:
    case FW_GUARD_PAGES:
    case FW_GUARD_RATE:
        return T30_ERR_RX_INVALCMD;
    case FW_GUARD_DISK:
        return T30_ERR_FILEERROR;
    case FW_GUARD_REPEATS:
        return T30_ERR_RETRYDCN;
    case FW_GUARD_IDLE:
    case FW_GUARD_QUIET:
    case FW_GUARD_CALL:
        return T30_ERR_CALLDROPPED;
    case FW_GUARD_HANGUP:
    case FW_GUARD_NONE:
        break;
    }
    return code;
}

/* Delivered is what the far end confirmed, or what we received whole and confirmed up to EOP. A
 * line that drops after that changes nothing; the library's own zero proves nothing. */
static bool delivered(const struct fw_terminal *t)
{
    if (t->config.calling)
        return t->result.pages_total > 0 && t->result.pages >= t->result.pages_total;
    const enum fw_terminal_guard guard = t->guards.tripped;
    const bool silent = guard == FW_GUARD_QUIET || guard == FW_GUARD_IDLE || guard == FW_GUARD_HANGUP;
    return t->result.pages > 0 && t->eop_confirmed && (guard == FW_GUARD_NONE || silent);
}

void fw_engine_conclude(struct fw_terminal *t)
{
    struct fw_terminal_result *r = &t->result;
    fw_assert(!r->finished);
    fw_dialogue_end(&t->dialogue, t->call_samples * 1000 / FW_TERMINAL_SECOND);
    if (delivered(t)) {
        r->t30_code = T30_ERR_OK;
        r->guard = FW_GUARD_NONE;
        (void)snprintf(r->text, sizeof r->text, "%u pages %s", r->pages,
                       t->config.calling ? "confirmed" : "received");
    } else {
        r->guard = t->guards.tripped;
        r->t30_code = code_of_guard(r->guard, t->phase_e_code);
        if (r->t30_code == T30_ERR_OK)
            r->t30_code = t->config.calling ? T30_ERR_TX_PHDDEAD : T30_ERR_RX_DCNWHY;
        fw_text_clip(r->text, sizeof r->text,
                     t->fault[0]                 ? t->fault
                     : r->guard != FW_GUARD_NONE ? fw_terminal_guard_text(r->guard)
                                                 : fw_terminal_code_text(r->t30_code));
    }
    r->finished = true;
    fw_engine_tell(t, FW_TERMINAL_DONE);
}
