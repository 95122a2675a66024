/* The life of a call: opened by a message, reporting each fact once, closed by a message. */
#include "modem/call.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "modem/call_media.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CODE_FILE = 41, CODE_MEMORY = 47 }; /* T30_ERR_FILEERROR, T30_ERR_NOMEM */

const char *fw_modem_call_id(const struct fw_modem_call *c)
{
    return c->id;
}
int fw_modem_call_fd(const struct fw_modem_call *c)
{
    return c->fd;
}

static void tell_result(struct fw_modem_call *c, int code, const char *text)
{
    static const struct fw_terminal_result nothing;
    const struct fw_terminal_result *r = c->terminal ? fw_terminal_result(c->terminal) : &nothing;
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_RESULT };
    struct fw_msg_fax_result *f = &m.fax_result;
    if (c->result_told)
        return;
    c->result_told = true;
    f->modem = c->modem;
    fw_text_clip(f->call, sizeof f->call, c->id);
    f->t30_code = code;
    f->page_count = r->pages;
    f->bit_rate = r->bit_rate;
    f->ecm = r->ecm;
    f->transport = !c->t38      ? FW_TRANSPORT_AUDIO
                   : c->unpaced ? FW_TRANSPORT_T38_UNPACED
                                : FW_TRANSPORT_T38;
    fw_text_clip(f->remote_ident, sizeof f->remote_ident, r->remote_ident);
    fw_text_clip(f->text, sizeof f->text, text);
    c->report(c->report_arg, &m);
    fw_log(
        FW_LOG_INFO, "fax.result",
        "call=%s code=%d guard=%d pages=%u of=%u bit_rate=%u ecm=%d transport=%d retries=%u bytes=%llu lost=%llu",
        c->id, code, (int)r->guard, r->pages, r->pages_total, r->bit_rate, r->ecm, f->transport,
        r->retries, (unsigned long long)r->page_bytes, (unsigned long long)c->udptl_in.stats.lost);
}

static void tell_tone(struct fw_modem_call *c, enum fw_tone tone)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_TONE };
    m.media_tone.modem = c->modem;
    m.media_tone.tone = (uint8_t)tone;
    fw_text_clip(m.media_tone.call, sizeof m.media_tone.call, c->id);
    c->report(c->report_arg, &m);
}

static void tell_underway(struct fw_modem_call *c)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_UNDERWAY };
    m.media_underway.modem = c->modem;
    fw_text_clip(m.media_underway.call, sizeof m.media_underway.call, c->id);
    c->report(c->report_arg, &m);
}

void fw_modem_tell_silent(struct fw_modem_call *c)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_SILENT };
    m.media_silent.modem = c->modem;
    fw_text_clip(m.media_silent.call, sizeof m.media_silent.call, c->id);
    c->report(c->report_arg, &m);
}

static void tell_negotiated(struct fw_modem_call *c, const struct fw_terminal_result *now)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_NEGOTIATED };
    struct fw_msg_fax_negotiated *n = &m.fax_negotiated;
    n->modem = c->modem;
    fw_text_clip(n->call, sizeof n->call, c->id);
    n->bit_rate = now->bit_rate;
    n->ecm = now->ecm;
    fw_text_clip(n->remote_ident, sizeof n->remote_ident, now->remote_ident);
    fw_text_clip(n->subaddress, sizeof n->subaddress, now->subaddress);
    c->report(c->report_arg, &m);
}

/* A received page that is not in the journal must not be confirmed. A sent one is confirmed by the
 * far end whatever we can write. */
static void tell_page(struct fw_modem_call *c, const struct fw_terminal_result *now, bool received)
{
    if (c->journal_broken || fw_journal_page(c->journal, now->pages)) {
        c->journal_broken = true;
        if (received) {
            fw_terminal_refuse_page(c->terminal);
            return;
        }
    }
    struct fw_msg m = { .kind = FW_MSG_KIND_PAGE_CONFIRMED };
    m.page_confirmed.modem = c->modem;
    m.page_confirmed.page_count = now->pages;
    fw_text_clip(m.page_confirmed.call, sizeof m.page_confirmed.call, c->id);
    c->report(c->report_arg, &m);
}

static void tell_page_tried(struct fw_modem_call *c, const struct fw_terminal_page *p)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_PAGE };
    m.fax_page = (struct fw_msg_fax_page){
        .modem = c->modem, .number = p->number, .confirmed = p->confirmed, .bit_rate = p->bit_rate,
        .compression = (uint8_t)p->compression, .width = p->width, .rows = p->rows, .bytes = p->bytes,
        .bad_rows = p->bad_rows, .longest_bad_run = p->longest_bad_run,
        .repeated_frames = p->repeated_frames, .at_ms = (uint32_t)p->at_ms };
    fw_text_clip(m.fax_page.call, sizeof m.fax_page.call, c->id);
    c->report(c->report_arg, &m);
}

static void tell_facts(struct fw_modem_call *c, const struct fw_terminal_result *r)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_FACTS };
    struct fw_msg_fax_facts *f = &m.fax_facts;
    struct fw_terminal_facts facts;
    const struct fw_udptl_stats *u = &c->udptl_in.stats;
    fw_terminal_facts(c->terminal, &facts);
    f->modem = c->modem;
    fw_text_clip(f->call, sizeof f->call, c->id);
    fw_text_clip(f->vendor, sizeof f->vendor, facts.vendor);
    fw_text_clip(f->model, sizeof f->model, facts.model);
    fw_text_clip(f->country, sizeof f->country, facts.country);
    f->resolution = (uint8_t)r->resolution;
    f->phase_a_ms = (uint32_t)facts.phase_ms[FW_PHASE_A];
    f->phase_b_ms = (uint32_t)facts.phase_ms[FW_PHASE_B];
    f->phase_c_ms = (uint32_t)facts.phase_ms[FW_PHASE_C];
    f->phase_d_ms = (uint32_t)facts.phase_ms[FW_PHASE_D];
    f->phase_e_ms = (uint32_t)facts.phase_ms[FW_PHASE_E];
    f->packets_received = (uint32_t)u->packets;
    f->packets_recovered = (uint32_t)u->recovered;
    f->packets_lost = (uint32_t)u->lost;
    f->packets_malformed = (uint32_t)u->malformed;
    f->samples_missing = (uint32_t)(c->samples_missing + (c->audio ? c->audio->jitter.stats.missing : 0));
    c->report(c->report_arg, &m);
}

/* In parts of whole lines. */
static void tell_dialogue(struct fw_modem_call *c)
{
    struct fw_span rest = fw_terminal_dialogue(c->terminal);
    while (rest.size > 0) {
        struct fw_msg m = { .kind = FW_MSG_KIND_FAX_DIALOGUE };
        struct fw_msg_fax_dialogue *d = &m.fax_dialogue;
        size_t size = rest.size < sizeof d->lines ? rest.size : sizeof d->lines - 1;
        while (rest.data[size - 1] != '\n')
            size--;
        d->modem = c->modem;
        fw_text_clip(d->call, sizeof d->call, c->id);
        memcpy(d->lines, rest.data, size);
        c->report(c->report_arg, &m);
        rest.data += size;
        rest.size -= size;
    }
}

static void tell_done(struct fw_modem_call *c, const struct fw_terminal_result *now)
{
    if (c->journal_broken || fw_journal_end(c->journal, now->t30_code, now->pages))
        fw_log(FW_LOG_ERROR, "call.journal", "call=%s written=0", c->id);
    tell_facts(c, now);
    tell_dialogue(c);
    tell_result(c, now->t30_code, now->text);
}

static void on_event(void *arg, enum fw_terminal_event_kind kind,
                     const struct fw_terminal_result *now)
{
    struct fw_modem_call *c = arg;
    switch (kind) {
    case FW_TERMINAL_CED:
        tell_tone(c, FW_TONE_CED);
        break;
    case FW_TERMINAL_CNG:
        tell_tone(c, FW_TONE_CNG);
        break;
    case FW_TERMINAL_V21:
        tell_tone(c, FW_TONE_V21);
        break;
    case FW_TERMINAL_UNDERWAY:
        tell_underway(c);
        break;
    case FW_TERMINAL_NEGOTIATED:
        tell_negotiated(c, now);
        break;
    case FW_TERMINAL_PAGE_TRIED:
        tell_page_tried(c, &now->page);
        break;
    case FW_TERMINAL_PAGE_SENT:
        tell_page(c, now, false);
        break;
    case FW_TERMINAL_PAGE_RECEIVED:
        tell_page(c, now, true);
        break;
    case FW_TERMINAL_DONE:
        tell_done(c, now);
        break;
    }
}

/* A name of ours in the spool folder and nothing else. */
static bool name_safe(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return name[0] && name[0] != '.' && name[strspn(name, allowed)] == '\0';
}

static enum fw_err open_terminal(struct fw_modem_call *c, const struct fw_msg_media_open *open,
                                 uint32_t page_bytes_max)
{
    char receive[FW_CALL_ID_SIZE + 8];
    char ident[FW_IDENT_MAX + 1], subaddress[FW_IDENT_MAX + 1];
    const bool calling = open->calling != 0;
    if (!name_safe(open->call) || (calling && !name_safe(open->tx_file)))
        return FW_INVALID;
    fw_text_clip(ident, sizeof ident, open->ident);
    fw_text_clip(subaddress, sizeof subaddress, open->subaddress);
    (void)snprintf(receive, sizeof receive, "%s.tif", open->call);
    (void)snprintf(c->coarse, sizeof c->coarse, "%s.coarse.tif", open->call);
    const struct fw_terminal_config config = {
        .calling = calling,
        .tx_path = calling ? open->tx_file : NULL,
        .tx_coarse_path = calling ? c->coarse : NULL,
        .rx_path = calling ? NULL : receive,
        .ident = ident,
        .subaddress = subaddress,
        .ecm = open->ecm != 0,
        .modems = open->slow ? FW_MODEM_V29 | FW_MODEM_V27TER : FW_MODEM_ALL,
        .page_count = open->page_count,
        .page_bytes_max = page_bytes_max,
        .deferring = true,
        .call_samples_max = (uint64_t)open->call_limit_ms * (FW_TERMINAL_SECOND / 1000),
    };
    const struct fw_terminal_callbacks callbacks = { fw_modem_media_ifp, on_event, c };
    return fw_terminal_new(&config, &callbacks, &c->terminal);
}

static enum fw_err open_call(struct fw_modem_call *c, const struct fw_msg_media_open *open,
                             uint32_t page_bytes_max)
{
    char journal[FW_CALL_ID_SIZE + 16];
    union fw_address own = { 0 };
    socklen_t own_size = sizeof own;
    if (c->fd < 0 || getsockname(c->fd, &own.any, &own_size) != 0)
        return FW_INVALID;
    c->family = own.any.sa_family;
    c->own = fw_pcap_end_of(&own.any);
    enum fw_err err = open_terminal(c, open, page_bytes_max);
    if (err)
        return err;
    (void)snprintf(journal, sizeof journal, "%s.journal", open->call);
    err = fw_journal_new(journal, &c->journal);
    if (err)
        return err;
    (void)fw_peer_set(&c->peer, open->peer_host, open->peer_port, c->family);
    return fw_modem_media_audio(c, open->codec == FW_CODEC_PCMA ? FW_CODEC_PCMA : FW_CODEC_PCMU);
}

static void call_free(struct fw_modem_call *c)
{
    fw_terminal_free(c->terminal);
    if (c->coarse[0])
        unlink(c->coarse);
    fw_journal_free(c->journal);
    fw_modem_media_done(c);
    fw_fd_close(&c->fd);
    fw_pcap_close(&c->trace);
    free(c);
}

enum fw_err fw_modem_call_new(const struct fw_msg_media_open *open, int fd, uint32_t page_bytes_max,
                              fw_modem_report *report, void *report_arg, struct fw_modem_call **ret)
{
    struct fw_modem_call *c = calloc(1, sizeof *c);
    if (!c) {
        fw_fd_close(&fd);
        return FW_NO_MEMORY;
    }
    fw_text_clip(c->id, sizeof c->id, open->call);
    c->modem = open->modem;
    c->calling = open->calling != 0;
    c->fd = fd;
    c->trace.fd = -1;
    c->report = report;
    c->report_arg = report_arg;
    fw_outbox_init(&c->outbox);
    const enum fw_err err = open_call(c, open, page_bytes_max);
    if (err) {
        tell_result(c, err == FW_NO_MEMORY ? CODE_MEMORY : CODE_FILE,
                    err == FW_IO ? "the pages to send cannot be read"
                                 : "the call cannot be opened");
        call_free(c);
        return err;
    }
    *ret = c;
    return FW_OK;
}

void fw_modem_call_trace(struct fw_modem_call *c, struct fw_pcap trace)
{
    fw_pcap_close(&c->trace);
    c->trace = trace;
}

void fw_modem_call_close(struct fw_modem_call *c)
{
    fw_terminal_hangup(c->terminal);
    call_free(c);
}

bool fw_modem_call_has_work(const struct fw_modem_call *c)
{
    return fw_terminal_has_work(c->terminal);
}

void fw_modem_call_work(struct fw_modem_call *c, struct fw_mono now)
{
    fw_terminal_work(c->terminal);
    if (c->unpaced && !fw_terminal_done(c->terminal))
        (void)fw_modem_call_flush(c, now);
}

bool fw_modem_call_eager(const struct fw_modem_call *c)
{
    return c->unpaced;
}

void fw_modem_call_switch(struct fw_modem_call *c, const struct fw_msg_media_switch *to)
{
    const enum fw_codec codec = to->codec == FW_CODEC_PCMA ? FW_CODEC_PCMA : FW_CODEC_PCMU;
    (void)fw_peer_set(&c->peer, to->peer_host, to->peer_port, c->family);
    if (to->transport != FW_TRANSPORT_AUDIO && !c->t38)
        fw_modem_media_t38(c, to);
    else if (to->transport == FW_TRANSPORT_AUDIO && c->t38)
        fw_modem_media_return(c, codec);
    else if (to->transport == FW_TRANSPORT_AUDIO)
        c->audio->rtp.codec = codec;
}
