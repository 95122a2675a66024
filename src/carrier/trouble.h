/* trouble.h - what goes wrong on the line of a far end: its row says which, this says when.
 *
 * Stands between the wire and the fax machine, for IFP packets and audio frames. Pure: chance
 * comes from a seed, so a call goes wrong the same way each time.
 *
 * Source: ITU-T T.30 clause 5.3.6 (frames), ITU-T T.38 clause 8 (their packets).
 */
#ifndef FW_CARRIER_TROUBLE_H
#define FW_CARRIER_TROUBLE_H
#include "carrier/far_end.h"
#include "proto/ifp.h"
#include "proto/udptl.h"

struct fw_trouble {
    const struct fw_far_end *far;
    uint64_t chance;
    struct fw_ifp_watch heard, said; /* frames of the caller, and ours */
    unsigned frames;                 /* of the page, since its begin */
    size_t octets;                   /* the same of IFP packets */
    unsigned spoiled;
    uint32_t voice_at; /* samples */
    uint16_t page;     /* being received, from 1; 0: training */
    bool mute;         /* after the last page: nothing is said any more */
};

/* `seed` is drawn from for loss. */
void fw_trouble_init(struct fw_trouble *t, const struct fw_far_end *far, uint64_t seed);
/* A page begins: the first after training, the next after each that was received. */
void fw_trouble_page(struct fw_trouble *t, uint16_t page);
/* True while that page (from 1) is being received and past its begin; never for 0. */
bool fw_trouble_in_middle(const struct fw_trouble *t, uint16_t page);

/* An IFP packet of the caller; may be spoiled (then it is in `copy`) or taken away (empty). */
struct fw_span fw_trouble_hear(struct fw_trouble *t, struct fw_span ifp,
                               uint8_t copy[FW_UDPTL_IFP_MAX]);
/* An IFP packet of our machine, likewise. */
struct fw_span fw_trouble_say(struct fw_trouble *t, struct fw_span ifp,
                              uint8_t copy[FW_UDPTL_IFP_MAX]);
/* 20 ms of audio of the caller: false when they are lost. */
bool fw_trouble_hear_audio(struct fw_trouble *t, int16_t *samples, size_t count);
/* A human voice, more or less; no tone that a fax machine knows. */
void fw_trouble_voice(struct fw_trouble *t, int16_t *samples, size_t count);
/* The frame that kills unguarded engines: FCD of three octets with good FCS. */
struct fw_span fw_trouble_killer(void);
/* One coded frame (by its number) of a page that would be half a million rows; in `ret`. */
struct fw_span fw_trouble_bomb(unsigned number, uint8_t ret[FW_UDPTL_IFP_MAX]);
#endif
