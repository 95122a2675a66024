/* ifp.h - looks into IFP packets: what they carry, which T.30 frame ends in them, what is deadly.
 *
 * Pure. For trace logs and as a first guard. The guard proper belongs in the HDLC layer, in front
 * of the library's t30_hdlc_accept (audio passes there too); here the same frame can be seen one
 * step earlier, on T.38 only.
 *
 * Source: ITU-T T.38 clauses 7 and 8 with the ASN.1 of 1998 (version 0: field types in 4 bits),
 * ITU-T T.30 clause 5.3.6.1 (facsimile control field).
 */
#ifndef FW_IFP_H
#define FW_IFP_H
#include "base/buf.h"

enum { FW_IFP_FIELDS_MAX = 32 };

/* X(NAME, text): the numbers of T.38 version 0. */
#define FW_IFP_INDICATORS(X)                                                                       \
    X(NO_SIGNAL, "no-signal") X(CNG, "cng") X(CED, "ced") X(V21_PREAMBLE, "v21-preamble")          \
    X(V27_2400, "v27-2400-training") X(V27_4800, "v27-4800-training")                              \
    X(V29_7200, "v29-7200-training") X(V29_9600, "v29-9600-training")                              \
    X(V17_7200_SHORT, "v17-7200-short-training") X(V17_7200_LONG, "v17-7200-long-training")        \
    X(V17_9600_SHORT, "v17-9600-short-training") X(V17_9600_LONG, "v17-9600-long-training")        \
    X(V17_12000_SHORT, "v17-12000-short-training") X(V17_12000_LONG, "v17-12000-long-training")    \
    X(V17_14400_SHORT, "v17-14400-short-training") X(V17_14400_LONG, "v17-14400-long-training")
#define FW_IFP_DATA_TYPES(X)                                                                       \
    X(V21, "v21") X(V27_2400, "v27-2400") X(V27_4800, "v27-4800") X(V29_7200, "v29-7200")          \
    X(V29_9600, "v29-9600") X(V17_7200, "v17-7200") X(V17_9600, "v17-9600")                        \
    X(V17_12000, "v17-12000") X(V17_14400, "v17-14400")
#define FW_IFP_FIELD_TYPES(X)                                                                      \
    X(HDLC_DATA, "hdlc-data") X(HDLC_SIG_END, "hdlc-sig-end") X(HDLC_FCS_OK, "hdlc-fcs-ok")        \
    X(HDLC_FCS_BAD, "hdlc-fcs-bad") X(HDLC_FCS_OK_SIG_END, "hdlc-fcs-ok-sig-end")                  \
    X(HDLC_FCS_BAD_SIG_END, "hdlc-fcs-bad-sig-end") X(NON_ECM_DATA, "t4-non-ecm-data")             \
    X(NON_ECM_SIG_END, "t4-non-ecm-sig-end")
#define X(name, text) FW_IFP_IND_##name,
enum fw_ifp_indicator { FW_IFP_INDICATORS(X) FW_IFP_IND_COUNT };
#undef X
#define X(name, text) FW_IFP_DATA_##name,
enum fw_ifp_data { FW_IFP_DATA_TYPES(X) FW_IFP_DATA_COUNT };
#undef X
#define X(name, text) FW_IFP_FIELD_##name,
enum fw_ifp_field_type { FW_IFP_FIELD_TYPES(X) FW_IFP_FIELD_COUNT };
#undef X

struct fw_ifp_field {
    enum fw_ifp_field_type type;
    struct fw_span         data; /* borrowed; empty: the field has none */
};
struct fw_ifp {
    bool                is_data; /* else an indicator */
    uint8_t             value;   /* enum fw_ifp_indicator or fw_ifp_data, or above their counts */
    size_t              size;    /* octets that the packet really has; what follows is filling */
    size_t              field_count;
    struct fw_ifp_field fields[FW_IFP_FIELDS_MAX];
};
/* Version 0. FW_PROTOCOL when it is no IFP packet, FW_LIMIT with more than FW_IFP_FIELDS_MAX
 * fields; `ret` is then untouched. Octets behind the packet are no error: see `size`. */
MUST_USE enum fw_err fw_ifp_parse(struct fw_span packet, struct fw_ifp *ret);

const char *fw_ifp_indicator_text(unsigned indicator); /* "?" for others */
const char *fw_ifp_data_text(unsigned data);
const char *fw_ifp_field_text(unsigned field_type);
/* "DIS", "DCS", "FCD", … of a facsimile control field in T.38's bit order (first bit sent is the
 * highest: DIS 0x01), with or without the X bit; "?" for others. */
const char *fw_ifp_frame_text(uint8_t control);
/* The same of an octet in the modem library's order (first bit sent is the lowest: DIS 0x80). */
const char *fw_ifp_frame_text_lsb(uint8_t control);

/* Puts HDLC frames together across packets of one direction. Packets must come in order. */
struct fw_ifp_watch {
    uint8_t  head[3]; /* address, control, facsimile control field, in T.38's bit order */
    uint32_t size;    /* octets of the frame so far, saturating */
    uint8_t  modem;   /* data type of the frame in work */
    uint64_t data_octets; /* HDLC and non-ECM octets of all data types but V.21: page data */
};
enum fw_ifp_verdict {
    FW_IFP_PASS,
    FW_IFP_DEADLY, /* ends an FCD frame of fewer than 4 octets with good FCS: drop, end the call */
};
/* A frame that ended. */
struct fw_ifp_frame { bool fcs_ok; uint8_t control; uint32_t size; };
typedef void fw_ifp_on_frame(void *arg, const struct fw_ifp_frame *frame);
void fw_ifp_watch_init(struct fw_ifp_watch *w);
/* `on_frame` may be NULL. */
enum fw_ifp_verdict fw_ifp_watch_packet(struct fw_ifp_watch *w, const struct fw_ifp *ifp,
                                        fw_ifp_on_frame *on_frame, void *arg);
#endif
