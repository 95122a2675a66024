/* trouble.c - loss, noise, broken frames, wrong answers, and silence, as a row asks for. */
#include "carrier/trouble.h"
#include <string.h>

enum {
    MIDDLE_OCTETS = 200, /* of T.38: less than one ECM frame */
    MIDDLE_FRAMES = 200, /* of audio: our MCF, training, and a second of the page */
    SPOIL_EVERY = 3,     /* data packets of the page */
    NOISE_PEAK = 6000,   /* V.21 gets through, TCF does not */
    MCF = 0x31,          /* facsimile control fields in T.38's bit order, without the X bit */
    RTN = 0x32,
    X_BIT = 0x80,
};

void fw_trouble_init(struct fw_trouble *t, const struct fw_far_end *far, uint64_t seed)
{
    *t = (struct fw_trouble){ .far = far, .chance = seed | 1 };
    fw_ifp_watch_init(&t->heard);
    fw_ifp_watch_init(&t->said);
}

/* xorshift64: good enough to lose packets by. */
static uint32_t draw(struct fw_trouble *t)
{
    t->chance ^= t->chance << 13;
    t->chance ^= t->chance >> 7;
    t->chance ^= t->chance << 17;
    return (uint32_t)(t->chance >> 16);
}

void fw_trouble_page(struct fw_trouble *t, uint16_t page)
{
    t->page = page;
    t->octets = 0;
    t->frames = 0;
}

bool fw_trouble_in_middle(const struct fw_trouble *t, uint16_t page)
{
    return page != 0 && t->page == page && (t->octets > MIDDLE_OCTETS || t->frames > MIDDLE_FRAMES);
}

static void on_frame(void *arg, const struct fw_ifp_frame *frame)
{
    struct fw_trouble *t = arg;
    if (t->far->mute_after_eop && frame->fcs_ok &&
        strcmp(fw_ifp_frame_text(frame->control), "EOP") == 0)
        t->mute = true;
}

/* TCF is a run of zeros: one wrong octet in each packet of it is enough. */
static struct fw_span spoil_training(const struct fw_ifp *ifp, struct fw_span packet, uint8_t *copy)
{
    memcpy(copy, packet.data, packet.size);
    for (size_t i = 0; i < ifp->field_count; i++) {
        const struct fw_span data = ifp->fields[i].data;
        if (ifp->fields[i].type == FW_IFP_FIELD_NON_ECM_DATA && data.size > 0)
            memset(copy + (data.data - packet.data), 0x5a, data.size);
    }
    return (struct fw_span){ copy, packet.size };
}

struct fw_span fw_trouble_hear(struct fw_trouble *t, struct fw_span packet,
                               uint8_t copy[FW_UDPTL_IFP_MAX])
{
    struct fw_ifp ifp;
    t->octets += packet.size;
    if (packet.size > FW_UDPTL_IFP_MAX || fw_ifp_parse(packet, &ifp))
        return packet;
    fw_ifp_watch_packet(&t->heard, &ifp, on_frame, t);
    if (!ifp.is_data || ifp.value == FW_IFP_DATA_V21)
        return packet;
    if (t->far->fails_training)
        return spoil_training(&ifp, packet, copy);
    if (t->page > 0 && t->spoiled < t->far->spoils && t->frames++ % SPOIL_EVERY == 1) {
        t->spoiled++;
        return (struct fw_span){ 0 };
    }
    return packet;
}

struct fw_span fw_trouble_say(struct fw_trouble *t, struct fw_span packet,
                              uint8_t copy[FW_UDPTL_IFP_MAX])
{
    struct fw_ifp ifp;
    if (t->mute)
        return (struct fw_span){ 0 };
    if (!t->far->rtn || packet.size > FW_UDPTL_IFP_MAX || fw_ifp_parse(packet, &ifp))
        return packet;
    uint32_t at = t->said.size; /* octets of the frame that this packet goes on with */
    fw_ifp_watch_packet(&t->said, &ifp, NULL, NULL);
    if (!ifp.is_data || ifp.value != FW_IFP_DATA_V21)
        return packet;
    memcpy(copy, packet.data, packet.size);
    for (size_t i = 0; i < ifp.field_count; i++) {
        const struct fw_span data = ifp.fields[i].data;
        if (ifp.fields[i].type != FW_IFP_FIELD_HDLC_DATA) {
            at = 0;
            continue;
        }
        if (at <= 2 && at + data.size > 2) {
            uint8_t *control = copy + (data.data - packet.data) + (2 - at);
            if ((*control & ~X_BIT) == MCF)
                *control = (uint8_t)((*control & X_BIT) | RTN);
        }
        at += (uint32_t)data.size;
    }
    return (struct fw_span){ copy, packet.size };
}

bool fw_trouble_hear_audio(struct fw_trouble *t, int16_t *samples, size_t count)
{
    t->frames++;
    for (size_t i = 0; t->far->fails_training && i < count; i++) {
        const int noisy = samples[i] + (int)(draw(t) % (2 * NOISE_PEAK)) - NOISE_PEAK;
        samples[i] = (int16_t)(noisy > INT16_MAX   ? INT16_MAX
                               : noisy < INT16_MIN ? INT16_MIN
                                                   : noisy);
    }
    if (t->page > 0 && t->spoiled < t->far->spoils && t->frames > MIDDLE_FRAMES &&
        t->frames % 16 == 0) {
        t->spoiled++;
        return false;
    }
    return true;
}

/* A triangle of 125 Hz, whose overtones fade fast, in syllables of a quarter of a second. */
void fw_trouble_voice(struct fw_trouble *t, int16_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++, t->voice_at++) {
        const int phase = (int)(t->voice_at % 64), syllable = (int)(t->voice_at / 2000 % 4);
        const int triangle = phase < 32 ? phase * 2 - 32 : 96 - phase * 2;
        samples[i] = (int16_t)(triangle * (syllable == 3 ? 0 : 60 + 20 * syllable));
    }
}

struct fw_span fw_trouble_killer(void)
{
    /* V.21 data, two fields: FF C8 60 (FCD) and "FCS good". */
    static const uint8_t frame[] = { 0xc0, 2, 0x80, 0, 2, 0xff, 0xc8, 0x60, 0x20 };
    return (struct fw_span){ frame, sizeof frame };
}

struct fw_span fw_trouble_bomb(unsigned number, uint8_t ret[FW_UDPTL_IFP_MAX])
{
    enum { CODED = 256, HEAD = 4 };
    /* V.17 14400 data, two fields: an FCD frame (T.38's bit order) and "FCS good". */
    const uint8_t begin[] = { 0xd0, 2, 0x80, (CODED + HEAD - 1) >> 8, (CODED + HEAD - 1) & 0xff, 0xff, 0xc0, 0x60,
                              (uint8_t)number };
    memcpy(ret, begin, sizeof begin);
    memset(ret + sizeof begin, 0xff, CODED);
    ret[sizeof begin + CODED] = 0x20;
    return (struct fw_span){ ret, sizeof begin + CODED + 1 };
}
