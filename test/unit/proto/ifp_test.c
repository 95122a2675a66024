/* ifp_test.c - IFP packets read, frames named, the deadly frame seen. */
#include "test.h"
#include "proto/ifp.h"
#include <string.h>

#define SPAN(...)                                                                                  \
    ((struct fw_span){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static struct fw_ifp parse(struct fw_span packet)
{
    struct fw_ifp ifp;
    CHECK_INT(fw_ifp_parse(packet, &ifp), FW_OK);
    return ifp;
}

static void indicators_are_read(void **state)
{
    (void)state;
    for (unsigned value = 0; value < FW_IFP_IND_COUNT; value++) {
        const uint8_t octet = (uint8_t)(value << 1);
        const struct fw_ifp ifp = parse((struct fw_span){ &octet, 1 });
        CHECK(!ifp.is_data);
        CHECK_INT(ifp.value, value);
        CHECK_INT(ifp.size, 1);
    }
    CHECK_TEXT(fw_ifp_indicator_text(FW_IFP_IND_CED), "ced");
    CHECK_TEXT(fw_ifp_indicator_text(FW_IFP_IND_V21_PREAMBLE), "v21-preamble");
    CHECK_TEXT(fw_ifp_indicator_text(FW_IFP_IND_COUNT), "?");
    CHECK_TEXT(fw_ifp_data_text(FW_IFP_DATA_V17_14400), "v17-14400");
    CHECK_TEXT(fw_ifp_data_text(99), "?");
    CHECK_TEXT(fw_ifp_field_text(FW_IFP_FIELD_NON_ECM_SIG_END), "t4-non-ecm-sig-end");
    const struct fw_ifp extended = parse(SPAN(0x20, 0x40));
    CHECK_INT(extended.value, FW_IFP_IND_COUNT + 1);
    CHECK_INT(extended.size, 2);
}

static void fields_are_read(void **state)
{
    (void)state;
    const struct fw_ifp ifp = parse(SPAN(0xc0, 2, 0x80, 0, 2, 0xff, 0xc8, 0x01, 0x20));
    CHECK(ifp.is_data);
    CHECK_INT(ifp.value, FW_IFP_DATA_V21);
    CHECK_INT(ifp.field_count, 2);
    CHECK_INT(ifp.fields[0].type, FW_IFP_FIELD_HDLC_DATA);
    CHECK_INT(ifp.fields[0].data.size, 3);
    CHECK_INT(ifp.fields[0].data.data[2], 0x01);
    CHECK_INT(ifp.fields[1].type, FW_IFP_FIELD_HDLC_FCS_OK);
    CHECK_INT(ifp.fields[1].data.size, 0);
    CHECK_INT(ifp.size, 9);

    const struct fw_ifp pair = parse(SPAN(0xc0, 2, 0x21)); /* two heads in one octet */
    CHECK_INT(pair.fields[0].type, FW_IFP_FIELD_HDLC_FCS_OK);
    CHECK_INT(pair.fields[1].type, FW_IFP_FIELD_HDLC_SIG_END);
    CHECK_INT(pair.size, 3);

    const struct fw_ifp low =
        parse(SPAN(0xc0, 3, 0x28, 0, 0, 0xff, 0x10)); /* data in the low half */
    CHECK_INT(low.fields[1].type, FW_IFP_FIELD_HDLC_DATA);
    CHECK_INT(low.fields[1].data.size, 1);
    CHECK_INT(low.fields[2].type, FW_IFP_FIELD_HDLC_SIG_END);
    CHECK_INT(low.size, 7);

    CHECK_INT(parse(SPAN(0x0c, 0, 0, 0)).size, 1); /* filling of a sum is not of the packet */
    CHECK_INT(parse(SPAN(0x50)).field_count, 0);
}

static void malformed_ones_are_refused(void **state)
{
    (void)state;
    const struct fw_span bad[] = {
        { NULL, 0 },
        SPAN(0x82),          /* an indicator with fields */
        SPAN(0x20),          /* extension cut */
        SPAN(0x52),          /* data type 9 */
        SPAN(0xc0),          /* no count */
        SPAN(0xc0, 1),       /* no field */
        SPAN(0xc0, 1, 0x80), /* no length */
        SPAN(0xc0, 1, 0x80, 0),
        SPAN(0xc0, 1, 0x80, 0, 0), /* no data */
        SPAN(0xc0, 1, 0x80, 0, 2, 1, 2),
        SPAN(0xc0, 1, 0x80, 0xff, 0xff, 1, 2),
        SPAN(0xc0, 3, 0x21),
        SPAN(0xc0, 2, 0x28, 0, 1, 0xff),
    };
    struct fw_ifp ifp = { .field_count = 77 };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK_INT(fw_ifp_parse(bad[i], &ifp), FW_PROTOCOL);
    uint8_t many[64] = { 0xc0, FW_IFP_FIELDS_MAX };
    CHECK_INT(fw_ifp_parse((struct fw_span){ many, 2 + FW_IFP_FIELDS_MAX / 2 }, &ifp), FW_OK);
    ifp.field_count = 77;
    many[1] = FW_IFP_FIELDS_MAX + 1;
    CHECK_INT(fw_ifp_parse((struct fw_span){ many, sizeof many }, &ifp), FW_LIMIT);
    CHECK_INT(ifp.field_count, 77);
}

static void frames_have_names(void **state)
{
    (void)state;
    static const struct {
        uint8_t control;
        const char *text;
    } known[] = {
        { 0x01, "DIS" }, { 0x41, "DCS" }, { 0xc1, "DCS" }, { 0x81, "DTC" }, { 0x21, "CFR" },
        { 0xa1, "CFR" }, { 0x22, "FTT" }, { 0x31, "MCF" }, { 0xb1, "MCF" }, { 0x7d, "PPS" },
        { 0xfd, "PPS" }, { 0x74, "EOP" }, { 0xf4, "EOP" }, { 0x5f, "DCN" }, { 0xdf, "DCN" },
        { 0x60, "FCD" }, { 0x61, "RCP" }, { 0x00, "?" },   { 0x11, "?" },
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        CHECK_TEXT(fw_ifp_frame_text(known[i].control), known[i].text);
    CHECK_TEXT(fw_ifp_frame_text_lsb(0x80), "DIS");
    CHECK_TEXT(fw_ifp_frame_text_lsb(0x06), "FCD");
    CHECK_TEXT(fw_ifp_frame_text_lsb(0x83), "DCS");
    CHECK_TEXT(fw_ifp_frame_text_lsb(0xfb), "DCN");
}

struct frames {
    size_t count;
    struct fw_ifp_frame last;
};

static void on_frame(void *arg, const struct fw_ifp_frame *frame)
{
    struct frames *f = arg;
    f->count++;
    f->last = *frame;
}

static enum fw_ifp_verdict watch(struct fw_ifp_watch *w, struct frames *f, struct fw_span packet)
{
    const struct fw_ifp ifp = parse(packet);
    return fw_ifp_watch_packet(w, &ifp, on_frame, f);
}

/* The frame that kills the library: FCD with good FCS and nothing in it, whole or in pieces, on
 * any modem. One octet more or less, a bad FCS, another frame: not deadly. */
static void the_deadly_frame_is_seen(void **state)
{
    (void)state;
    struct fw_ifp_watch w;
    struct frames f = { 0 };
    fw_ifp_watch_init(&w);
    CHECK_INT(watch(&w, &f, SPAN(0xd0, 2, 0x80, 0, 2, 0xff, 0xc0, 0x60, 0x20)), FW_IFP_DEADLY);
    CHECK_INT(watch(&w, &f, SPAN(0xc0, 2, 0x80, 0, 2, 0xff, 0xc0, 0x60, 0x40)), FW_IFP_DEADLY);
    CHECK_INT(watch(&w, &f, SPAN(0xd0, 1, 0x80, 0, 1, 0xff, 0xc0)), FW_IFP_PASS);
    CHECK_INT(watch(&w, &f, SPAN(0xd0, 1, 0x80, 0, 0, 0x60)), FW_IFP_PASS);
    CHECK_INT(watch(&w, &f, SPAN(0xd0, 1, 0x20)), FW_IFP_DEADLY);
    CHECK_INT(f.count, 3);
    CHECK_INT(f.last.size, 3);
    CHECK_TEXT(fw_ifp_frame_text(f.last.control), "FCD");

    CHECK_INT(watch(&w, &f, SPAN(0xd0, 2, 0x80, 0, 2, 0xff, 0xc0, 0x60, 0x30)), FW_IFP_PASS);
    CHECK(!f.last.fcs_ok);
    CHECK_INT(watch(&w, &f, SPAN(0xd0, 2, 0x80, 0, 3, 0xff, 0xc0, 0x60, 1, 0x20)), FW_IFP_PASS);
    CHECK_INT(f.last.size, 4);
    CHECK_INT(watch(&w, &f, SPAN(0xc0, 2, 0x80, 0, 2, 0xff, 0xc8, 0xfb, 0x20)), FW_IFP_PASS);
    CHECK_INT(watch(&w, &f, SPAN(0xd0, 1, 0x20)), FW_IFP_PASS); /* no frame, no report */
    CHECK_INT(f.count, 6);
}

static void page_data_is_counted(void **state)
{
    (void)state;
    struct fw_ifp_watch w;
    fw_ifp_watch_init(&w);
    struct frames f = { 0 };
    (void)watch(&w, &f, SPAN(0xc0, 1, 0x80, 0, 2, 1, 2, 3)); /* V.21: signalling */
    CHECK_INT(w.data_octets, 0);
    (void)watch(&w, &f, SPAN(0xd0, 1, 0xe0, 0, 2, 1, 2, 3)); /* V.17, no ECM */
    (void)watch(&w, &f, SPAN(0xd0, 1, 0x80, 0, 1, 1, 2));
    CHECK_INT(w.data_octets, 5);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(indicators_are_read),        cmocka_unit_test(fields_are_read),
        cmocka_unit_test(malformed_ones_are_refused), cmocka_unit_test(frames_have_names),
        cmocka_unit_test(the_deadly_frame_is_seen),   cmocka_unit_test(page_data_is_counted),
    };
    return cmocka_run_group_tests_name("ifp", cases, NULL, NULL);
}
