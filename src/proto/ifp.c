/* ifp.c - reads IFP packets of version 0 and follows the HDLC frames in them.
 *
 * The ASN.1 of 1998 leaves the extension bit out of the field types, so a field head is a "has
 * data" bit and three bits of type: half an octet. A head with data is filled up to a whole octet
 * by its data; two heads without data share one.
 */
#include "proto/ifp.h"

static enum fw_err read_type(struct fw_reader *r, struct fw_ifp *ifp, bool *ret_has_fields)
{
    const uint8_t head = fw_get_u8(r);
    ifp->is_data = head & 0x40;
    *ret_has_fields = head & 0x80;
    if (head & 0x20) { /* extension: six bits, counted from behind the plain values */
        const uint8_t tail = fw_get_u8(r);
        const unsigned extended = (((unsigned)head << 2) & 0x3c) | tail >> 6;
        ifp->value = (uint8_t)(extended + (ifp->is_data ? FW_IFP_DATA_COUNT : FW_IFP_IND_COUNT));
    } else {
        ifp->value = (head >> 1) & 0x0f;
        if (ifp->is_data && ifp->value >= FW_IFP_DATA_COUNT)
            return FW_PROTOCOL;
    }
    if (!r->ok || (!ifp->is_data && *ret_has_fields))
        return FW_PROTOCOL;
    return FW_OK;
}

/* `half`: the low half of the octet at `r` is the next head. */
static void read_field(struct fw_reader *r, bool *half, struct fw_ifp_field *field)
{
    *field = (struct fw_ifp_field){ 0 };
    if (!r->ok || r->rest.size == 0) {
        r->ok = false;
        return;
    }
    const unsigned head = *half ? r->rest.data[0] & 0x0fu : r->rest.data[0] >> 4;
    const bool has_data = head & 0x08;
    field->type = (enum fw_ifp_field_type)(head & 0x07);
    if (*half || has_data) {
        (void)fw_get_u8(r);
        *half = false;
    } else {
        *half = true;
    }
    if (has_data) {
        const size_t size = (size_t)fw_get_be16(r) + 1;
        field->data = fw_get_span(r, size);
    }
}

enum fw_err fw_ifp_parse(struct fw_span packet, struct fw_ifp *ret)
{
    struct fw_reader r = fw_reader_of(packet);
    struct fw_ifp ifp = { 0 };
    bool has_fields = false;
    const enum fw_err err = read_type(&r, &ifp, &has_fields);
    if (err)
        return err;
    if (has_fields) {
        const size_t count = fw_get_u8(&r);
        if (!r.ok)
            return FW_PROTOCOL;
        if (count > FW_IFP_FIELDS_MAX)
            return FW_LIMIT;
        bool half = false;
        for (size_t i = 0; i < count; i++)
            read_field(&r, &half, &ifp.fields[i]);
        if (half)
            (void)fw_get_u8(&r);
        if (!r.ok)
            return FW_PROTOCOL;
        ifp.field_count = count;
    }
    ifp.size = packet.size - r.rest.size;
    *ret = ifp;
    return FW_OK;
}

#define X(name, text) text,
static const char *const indicator_texts[] = { FW_IFP_INDICATORS(X) };
static const char *const data_texts[] = { FW_IFP_DATA_TYPES(X) };
static const char *const field_texts[] = { FW_IFP_FIELD_TYPES(X) };
#undef X

const char *fw_ifp_indicator_text(unsigned indicator)
{
    return indicator < ARRAY_LEN(indicator_texts) ? indicator_texts[indicator] : "?";
}

const char *fw_ifp_data_text(unsigned data)
{
    return data < ARRAY_LEN(data_texts) ? data_texts[data] : "?";
}

const char *fw_ifp_field_text(unsigned field_type)
{
    return field_type < ARRAY_LEN(field_texts) ? field_texts[field_type] : "?";
}

/* Bits in the order sent, first bit highest, X as 0. Those below 0x10 and DTC's kin have no X. */
static const struct {
    uint8_t control;
    char text[8];
} frames[] = {
    { 0x01, "DIS" },     { 0x02, "CSI" }, { 0x04, "NSF" }, { 0x81, "DTC" },     { 0x82, "CIG" },
    { 0x84, "NSC" },     { 0x83, "PWD" }, { 0x85, "SEP" }, { 0x86, "PSA" },     { 0x87, "CIA" },
    { 0x88, "ISP" },     { 0x60, "FCD" }, { 0x61, "RCP" }, { 0x41, "DCS" },     { 0x42, "TSI" },
    { 0x44, "NSS" },     { 0x43, "SUB" }, { 0x45, "SID" }, { 0x46, "TSA" },     { 0x47, "IRA" },
    { 0x48, "CTC" },     { 0x21, "CFR" }, { 0x22, "FTT" }, { 0x23, "CTR" },     { 0x24, "CSA" },
    { 0x71, "EOM" },     { 0x72, "MPS" }, { 0x74, "EOP" }, { 0x79, "PRI-EOM" }, { 0x7a, "PRI-MPS" },
    { 0x7c, "PRI-EOP" }, { 0x78, "EOS" }, { 0x7d, "PPS" }, { 0x73, "EOR" },     { 0x76, "RR" },
    { 0x31, "MCF" },     { 0x33, "RTP" }, { 0x32, "RTN" }, { 0x35, "PIP" },     { 0x34, "PIN" },
    { 0x3d, "PPR" },     { 0x37, "RNR" }, { 0x38, "ERR" }, { 0x3f, "FDM" },     { 0x5f, "DCN" },
    { 0x58, "CRP" },     { 0x53, "FNV" }, { 0x57, "TNR" }, { 0x56, "TR" },
};

const char *fw_ifp_frame_text(uint8_t control)
{
    for (size_t i = 0; i < ARRAY_LEN(frames); i++)
        if (frames[i].control == control)
            return frames[i].text;
    for (size_t i = 0; i < ARRAY_LEN(frames); i++)
        if (frames[i].control == (control & 0x7f) && frames[i].control >= 0x10)
            return frames[i].text;
    return "?";
}

const char *fw_ifp_frame_text_lsb(uint8_t control)
{
    unsigned reversed = 0;
    for (unsigned bit = 0; bit < 8; bit++)
        if (control & (1u << bit))
            reversed |= 0x80u >> bit;
    return fw_ifp_frame_text((uint8_t)reversed);
}

enum { FCD_CONTROL = 0x60 };

static void frame_restart(struct fw_ifp_watch *w)
{
    w->size = 0;
    w->head[0] = w->head[1] = w->head[2] = 0;
}

static void frame_data(struct fw_ifp_watch *w, struct fw_span data)
{
    for (size_t i = 0; i < data.size && w->size + i < sizeof w->head; i++)
        w->head[w->size + i] = data.data[i];
    w->size = data.size > UINT32_MAX - w->size ? UINT32_MAX : w->size + (uint32_t)data.size;
}

static enum fw_ifp_verdict frame_end(struct fw_ifp_watch *w, bool fcs_ok, fw_ifp_on_frame *on_frame,
                                     void *arg)
{
    const struct fw_ifp_frame frame = { .fcs_ok = fcs_ok, .control = w->head[2], .size = w->size };
    if (on_frame && frame.size > 0)
        on_frame(arg, &frame);
    frame_restart(w);
    const bool deadly = fcs_ok && frame.size == 3 && frame.control == FCD_CONTROL;
    return deadly ? FW_IFP_DEADLY : FW_IFP_PASS;
}

void fw_ifp_watch_init(struct fw_ifp_watch *w)
{
    *w = (struct fw_ifp_watch){ 0 };
}

/* Data inside an FCS field is counted nowhere: the library ignores it too. */
static enum fw_ifp_verdict watch_field(struct fw_ifp_watch *w, const struct fw_ifp_field *field,
                                       fw_ifp_on_frame *on_frame, void *arg)
{
    switch (field->type) {
    case FW_IFP_FIELD_HDLC_DATA:
        frame_data(w, field->data);
        return FW_IFP_PASS;
    case FW_IFP_FIELD_HDLC_FCS_OK:
    case FW_IFP_FIELD_HDLC_FCS_OK_SIG_END:
        return frame_end(w, true, on_frame, arg);
    case FW_IFP_FIELD_HDLC_FCS_BAD:
    case FW_IFP_FIELD_HDLC_FCS_BAD_SIG_END:
        return frame_end(w, false, on_frame, arg);
    case FW_IFP_FIELD_HDLC_SIG_END:
        frame_restart(w);
        return FW_IFP_PASS;
    case FW_IFP_FIELD_NON_ECM_DATA:
    case FW_IFP_FIELD_NON_ECM_SIG_END:
    case FW_IFP_FIELD_COUNT:
        return FW_IFP_PASS;
    }
    return FW_IFP_PASS;
}

enum fw_ifp_verdict fw_ifp_watch_packet(struct fw_ifp_watch *w, const struct fw_ifp *ifp,
                                        fw_ifp_on_frame *on_frame, void *arg)
{
    if (!ifp->is_data) {
        frame_restart(w);
        return FW_IFP_PASS;
    }
    if (ifp->value != w->modem)
        frame_restart(w);
    w->modem = ifp->value;

    enum fw_ifp_verdict verdict = FW_IFP_PASS;
    for (size_t i = 0; i < ifp->field_count; i++) {
        if (ifp->value != FW_IFP_DATA_V21)
            w->data_octets += ifp->fields[i].data.size;
        if (watch_field(w, &ifp->fields[i], on_frame, arg) == FW_IFP_DEADLY)
            verdict = FW_IFP_DEADLY;
    }
    return verdict;
}
