/* IFP packets made by hand. */
#include "liar.h"
#include "test.h"

enum { FRAME_MAX = 300 };

static int liar_sends(t38_core_state_t *s, void *arg, const uint8_t *buf, int len, int count)
{
    struct liar *l = arg;
    (void)s;
    (void)count;
    l->say(l, (struct fw_span){ buf, (size_t)len });
    return 0;
}

static int nothing_indicator(t38_core_state_t *s, void *arg, int indicator)
{
    (void)s, (void)arg, (void)indicator;
    return 0;
}

static int nothing_data(t38_core_state_t *s, void *arg, int type, int field, const uint8_t *buf,
                        int n)
{
    (void)s, (void)arg, (void)type, (void)field, (void)buf, (void)n;
    return 0;
}

static int nothing_missing(t38_core_state_t *s, void *arg, int seq, int expected)
{
    (void)s, (void)arg, (void)seq, (void)expected;
    return 0;
}

void liar_open(struct liar *l, void (*say)(struct liar *l, struct fw_span ifp), void *arg)
{
    *l = (struct liar){ .say = say, .arg = arg };
    l->core =
        t38_core_init(NULL, nothing_indicator, nothing_data, nothing_missing, l, liar_sends, l);
    CHECK(l->core != NULL);
}

void liar_close(struct liar *l)
{
    t38_core_free(l->core);
}

void frame_send(struct liar *l, int data_type, const uint8_t *frame, int size, bool last)
{
    uint8_t wire[FRAME_MAX];
    CHECK(size <= FRAME_MAX);
    bit_reverse(wire, frame, size);
    const t38_data_field_t fields[] = {
        { T38_FIELD_HDLC_DATA, wire, size },
        { last ? T38_FIELD_HDLC_FCS_OK_SIG_END : T38_FIELD_HDLC_FCS_OK, NULL, 0 },
    };
    CHECK_INT(t38_core_send_data_multi_field(l->core, data_type, fields, 2, 0), 0);
}

void command_send(struct liar *l, const uint8_t *frame, int size)
{
    t38_core_send_indicator(l->core, T38_IND_NO_SIGNAL);
    t38_core_send_indicator(l->core, T38_IND_V21_PREAMBLE);
    frame_send(l, T38_DATA_V21, frame, size, true);
    t38_core_send_indicator(l->core, T38_IND_NO_SIGNAL);
}
