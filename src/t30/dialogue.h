/* dialogue.h - a T.30 call told in words: each frame both ways with its time, and how long the phases lasted.
 *
 * Pure. Bounded: coded frames are counted, not listed, and what passes the bounds is left out with a
 * last line that says so. All bytes are the far end's, so only printable ones come out.
 *
 * Source: ITU-T T.30 clause 5.3.6 (frames), table 2 (bits of DIS, DTC and DCS), figure 1 (phases).
 */
#ifndef FW_T30_DIALOGUE_H
#define FW_T30_DIALOGUE_H
#include "base/buf.h"

enum { FW_DIALOGUE_BYTES_MAX = 16 * 1024, FW_DIALOGUE_LINE_MAX = 200 };

enum fw_t30_phase {
    FW_PHASE_A, /* until the first frame: tones */
    FW_PHASE_B, /* what can you do, do this, training */
    FW_PHASE_C, /* the page */
    FW_PHASE_D, /* did you get it */
    FW_PHASE_E, /* goodbye */
    FW_PHASE_COUNT
};

struct fw_dialogue {
    struct fw_buf text; /* lines, each with its newline: "3.420 far DIS fine, ECM, ..." */
    bool full;
    bool last_page;     /* the page border was an end of procedure */
    bool again;         /* it was an end of message: phase B follows */
    uint32_t coded;     /* coded frames since the last line */
    uint64_t coded_ms;  /* when the first of them came */
    bool coded_in;
    enum fw_t30_phase phase;
    uint64_t phase_since_ms;
    uint64_t phase_ms[FW_PHASE_COUNT];
};

void fw_dialogue_init(struct fw_dialogue *d);
void fw_dialogue_done(struct fw_dialogue *d);
/* A frame at `ms` of the call; `in`: from the far end. */
void fw_dialogue_frame(struct fw_dialogue *d, uint64_t ms, bool in, struct fw_span frame);
/* The call is over at `ms`. */
void fw_dialogue_end(struct fw_dialogue *d, uint64_t ms);
#endif
