/* Frames in words. */
#include "t30/dialogue.h"
#include <stdio.h>
#include <string.h>

enum {
    FCF_AT = 2, /* behind address and control */
    FCF_DIS = 0x80, FCF_DTC = 0x81, FCF_DCS = 0x82, FCF_CSI = 0x40, FCF_TSI = 0x42, FCF_CFR = 0x84,
    FCF_PPS = 0xBE, FCF_EOR = 0xCE, FCF_EOP = 0x2E, FCF_MPS = 0x4E, FCF_EOM = 0x8E, FCF_MCF = 0x8C,
    FCF_RTP = 0xCC, FCF_RTN = 0x4C, FCF_PPR = 0xBC, FCF_DCN = 0xFA, FCF_FCD = 0x06, FCF_RCP = 0x86,
    FCF_ERR = 0x1C, FCF_NULL = 0x00,
    X_BIT = 0x01, /* who speaks: set by the one that got DIS; not part of the name */
    BIT_2D = 16, BIT_FINE = 15, BIT_ECM = 27, BIT_T6 = 31, BIT_SUPERFINE = 41, BIT_A3 = 17, BIT_B4 = 18,
    RATE_AT = 4, RATE_MASK = 0x3C,
    IDENT_SIZE = 20,
};

/* As the library has them: the first bit sent is the top one of these numbers. */
static const struct {
    uint8_t fcf;
    const char *name, *words;
} names[] = {
    { FCF_DIS, "DIS", "can" }, { FCF_DTC, "DTC", "asks for documents" }, { FCF_DCS, "DCS", "will send" },
    { FCF_CSI, "CSI", "its number" }, { FCF_TSI, "TSI", "its number" }, { 0x41, "CIG", "its number" },
    { 0x20, "NSF", "maker's own" }, { 0x22, "NSS", "maker's own" }, { 0x21, "NSC", "maker's own" },
    { 0xC2, "SUB", "sub-address" }, { 0xA2, "SID", "sender" }, { 0xC1, "PWD", "password" }, { 0xA1, "SEP", "polling" },
    { FCF_CFR, "CFR", "trained, go on" }, { 0x44, "FTT", "training failed" }, { 0x12, "CTC", "continue to correct" },
    { 0xC4, "CTR", "go on correcting" }, { FCF_EOM, "EOM", "end of page, then new terms" },
    { FCF_MPS, "MPS", "end of page, more follow" }, { FCF_EOP, "EOP", "end of the last page" },
    { 0x9E, "PRI-EOM", "end of page, calls a person" }, { 0x5E, "PRI-MPS", "end of page, calls a person" },
    { 0x3E, "PRI-EOP", "end, calls a person" }, { FCF_PPS, "PPS", "end of block" },
    { FCF_EOR, "EOR", "gives up correcting" }, { 0x6E, "RR", "are you ready" }, { FCF_MCF, "MCF", "received" },
    { FCF_RTP, "RTP", "received, train again" }, { FCF_RTN, "RTN", "bad page, train again" },
    { 0xAC, "PIP", "received, calls a person" }, { 0x2C, "PIN", "bad page, calls a person" },
    { FCF_PPR, "PPR", "send parts again" }, { 0xEC, "RNR", "not ready yet" }, { FCF_ERR, "ERR", "agrees to go on" },
    { 0xFC, "FDM", "diagnostics" }, { FCF_DCN, "DCN", "goodbye" }, { 0x1A, "CRP", "say that again" },
    { 0xCA, "FNV", "field not valid" }, { 0xEA, "TNR", "not ready to send" }, { 0x6A, "TR", "ready to send" },
};

static const struct {
    uint8_t bits;
    const char *one, *all; /* in DCS; in DIS */
} rates[] = {
    { 0x00, "2400 bit/s", "2400 bit/s" },      { 0x08, "4800 bit/s", "to 4800 bit/s" },
    { 0x04, "9600 bit/s V.29", "V.29 only" },  { 0x0C, "7200 bit/s V.29", "to 9600 bit/s" },
    { 0x20, "14400 bit/s", "to 14400 bit/s" }, { 0x28, "12000 bit/s", "to 14400 bit/s" },
    { 0x24, "9600 bit/s", "to 14400 bit/s" },  { 0x2C, "7200 bit/s", "to 14400 bit/s" },
};

void fw_dialogue_init(struct fw_dialogue *d)
{
    *d = (struct fw_dialogue){ 0 };
    fw_buf_init(&d->text, FW_DIALOGUE_BYTES_MAX);
}

void fw_dialogue_done(struct fw_dialogue *d)
{
    fw_buf_done(&d->text);
}

/* DIS and DTC clear the lowest bit of none; commands and responses may carry the X bit. */
static uint8_t plain(uint8_t fcf)
{
    const uint8_t bare = fcf & (uint8_t)~X_BIT;
    return fcf == FCF_DTC || fcf == 0x41 || fcf == 0x21 || fcf == 0xC1 || fcf == 0xA1 ? fcf : bare;
}

static bool bit(struct fw_span frame, int number)
{
    const size_t at = FCF_AT + 1 + (size_t)(number - 1) / 8;
    return at < frame.size && (frame.data[at] & 1 << (number - 1) % 8);
}

static void add(char line[FW_DIALOGUE_LINE_MAX], const char *text)
{
    const size_t used = strlen(line);
    (void)snprintf(line + used, FW_DIALOGUE_LINE_MAX - used, "%s", text);
}

static void add_terms(char line[FW_DIALOGUE_LINE_MAX], struct fw_span frame, bool command)
{
    const uint8_t bits = frame.size > RATE_AT ? frame.data[RATE_AT] & RATE_MASK : 0;
    for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
        if (rates[i].bits == bits) {
            add(line, " ");
            add(line, command ? rates[i].one : rates[i].all);
        }
    }
    add(line, bit(frame, BIT_SUPERFINE) ? ", superfine" : bit(frame, BIT_FINE) ? ", fine" : ", standard");
    if (command)
        add(line, bit(frame, BIT_T6) ? ", MMR" : bit(frame, BIT_2D) ? ", MR" : ", MH");
    else
        add(line, bit(frame, BIT_T6) ? ", MH MR MMR" : bit(frame, BIT_2D) ? ", MH MR" : ", MH");
    add(line, bit(frame, BIT_ECM) ? ", ECM" : ", no ECM");
    add(line, bit(frame, BIT_A3) ? ", A3 wide" : bit(frame, BIT_B4) ? ", B4 wide" : ", A4 wide");
}

/* Sent last character first. */
static void add_ident(char line[FW_DIALOGUE_LINE_MAX], struct fw_span frame)
{
    char ident[IDENT_SIZE + 1] = "";
    size_t used = 0;
    for (size_t at = frame.size; at > FCF_AT + 1 && used < IDENT_SIZE; at--) {
        const uint8_t c = frame.data[at - 1];
        if (used > 0 || c != ' ')
            ident[used++] = c >= 0x20 && c < 0x7F && c != '"' && c != '\\' ? (char)c : '?';
    }
    add(line, " ");
    add(line, ident);
}

static const char *name_of(uint8_t fcf, const char **words)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].fcf == fcf) {
            *words = names[i].words;
            return names[i].name;
        }
    }
    *words = "unknown frame";
    return "?";
}

static void put_line(struct fw_dialogue *d, uint64_t ms, bool in, const char *text)
{
    if (d->full)
        return;
    d->full = d->text.size + FW_DIALOGUE_LINE_MAX + 64 > FW_DIALOGUE_BYTES_MAX;
    if (fw_buf_putf(&d->text, "%llu.%03llu %s %s\n", (unsigned long long)ms / 1000, (unsigned long long)ms % 1000,
                    in ? "far" : "us ", d->full ? "(what follows is not kept)" : text))
        d->full = true;
}

static void put_coded(struct fw_dialogue *d)
{
    char text[48];
    if (d->coded == 0)
        return;
    (void)snprintf(text, sizeof text, "FCD %u coded frames", d->coded);
    d->coded = 0;
    put_line(d, d->coded_ms, d->coded_in, text);
}

static void enter(struct fw_dialogue *d, uint64_t ms, enum fw_t30_phase phase)
{
    d->phase_ms[d->phase] += ms - d->phase_since_ms;
    d->phase_since_ms = ms;
    d->phase = phase;
}

/* Notes what kind of page border it is, so it is asked of nothing that may follow one. */
static bool border(struct fw_dialogue *d, uint8_t fcf)
{
    d->last_page = fcf == FCF_EOP || fcf == 0x3E;
    d->again = fcf == FCF_EOM || fcf == 0x9E;
    return d->last_page || d->again || fcf == FCF_MPS || fcf == 0x5E || fcf == FCF_NULL;
}

static void follow(struct fw_dialogue *d, uint64_t ms, uint8_t fcf, struct fw_span frame)
{
    const bool block = fcf == FCF_PPS || fcf == FCF_EOR;
    if (fcf == FCF_DCN)
        enter(d, ms, FW_PHASE_E);
    else if (fcf == FCF_DIS || fcf == FCF_DTC || fcf == FCF_DCS || d->phase == FW_PHASE_A)
        enter(d, ms, FW_PHASE_B);
    else if (fcf == FCF_CFR || fcf == FCF_PPR)
        enter(d, ms, FW_PHASE_C);
    else if (fcf == FCF_MCF)
        enter(d, ms, d->last_page ? FW_PHASE_E : d->again ? FW_PHASE_B : FW_PHASE_C);
    else if (block && frame.size > FCF_AT + 1 && border(d, plain(frame.data[FCF_AT + 1])))
        enter(d, ms, FW_PHASE_D);
    else if (fcf == FCF_RTP || fcf == FCF_RTN)
        enter(d, ms, d->last_page && fcf == FCF_RTP ? FW_PHASE_E : FW_PHASE_B);
    else if (!block && fcf != FCF_NULL && border(d, fcf))
        enter(d, ms, FW_PHASE_D);
}

void fw_dialogue_frame(struct fw_dialogue *d, uint64_t ms, bool in, struct fw_span frame)
{
    char line[FW_DIALOGUE_LINE_MAX] = "";
    const char *words, *second;
    if (frame.size <= FCF_AT)
        return;
    const uint8_t fcf = plain(frame.data[FCF_AT]);
    if (fcf == FCF_FCD || fcf == FCF_RCP) {
        if (fcf == FCF_FCD && d->coded++ == 0) {
            d->coded_ms = ms;
            d->coded_in = in;
        }
        return;
    }
    put_coded(d);
    add(line, name_of(fcf, &words));
    if ((fcf == FCF_PPS || fcf == FCF_EOR) && frame.size > FCF_AT + 1) {
        const uint8_t what = plain(frame.data[FCF_AT + 1]);
        add(line, "-");
        add(line, what == FCF_NULL ? "NULL" : name_of(what, &second));
    }
    add(line, " ");
    add(line, words);
    if (fcf == FCF_DIS || fcf == FCF_DTC || fcf == FCF_DCS)
        add_terms(line, frame, fcf == FCF_DCS);
    else if (fcf == FCF_CSI || fcf == FCF_TSI)
        add_ident(line, frame);
    put_line(d, ms, in, line);
    follow(d, ms, fcf, frame);
}

void fw_dialogue_end(struct fw_dialogue *d, uint64_t ms)
{
    put_coded(d);
    enter(d, ms, d->phase);
}
