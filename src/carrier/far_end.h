/* far_end.h - the test numbers of the built-in carrier, as data.
 *
 * One row is one scripted fax machine behind `+1 200 555 01NN` (an area code that does not
 * exist). A row says how the number answers, what its machine can do and where it misbehaves;
 * the call only obeys. A number that is in no row is the mailbox: a machine that delivers.
 * Pure: no I/O and no clock.
 *
 * Source of the numbers: doc/test-numbers.md. Causes: ITU-T Q.850; Reason header: RFC 3326.
 */
#ifndef FW_CARRIER_FAR_END_H
#define FW_CARRIER_FAR_END_H
#include "base/buf.h"
#include "carrier/network.h"

enum {
    FW_CARRIER_NUMBER_MAX = 32, /* digits kept of a dialled number; E.164 has at most 15 */
    FW_CARRIER_NUMBER_SIZE = FW_CARRIER_NUMBER_MAX + 1,
    FW_CARRIER_MAILBOX = -1, /* `number` of the row for everybody else */
};

enum fw_far_act {
    FW_FAR_ANSWER, /* rings for `ring_ms`, then a fax machine answers */
    FW_FAR_RING,   /* rings until the caller gives up */
    FW_FAR_REJECT, /* `sip_status` at once */
};

struct fw_far_end {
    int number;       /* NN of the test number, or FW_CARRIER_MAILBOX */
    const char *what; /* for the log and the manual */
    enum fw_far_act act;
    uint16_t sip_status;  /* FW_FAR_REJECT */
    const char *phrase;   /* its reason phrase */
    uint8_t q850;         /* Reason header; 0: none */
    uint8_t refuse_first; /* so many calls of each caller get sip_status, then it acts */
    uint32_t ring_ms;     /* before it answers; 0: the next tick */
    bool t38;             /* takes and offers T.38; false: 488 to each T.38 re-INVITE */
    bool ecm;
    bool v17;           /* false: V.29 and V.27ter only */
    bool standard_only; /* 204x98 only */
    bool a4_only;       /* pages of 297 mm at most */
    bool no_t6;         /* MH and MR only */
    bool no_mr;         /* MH only, with no_t6 */
    bool no_subaddress; /* its DIS says that it takes no SUB */
    const char *ident;  /* CSI */
    uint32_t limit_ms;  /* then it hangs up; 0: when the fax is over */

    /* What goes wrong. */
    uint16_t hangup_page;  /* BYE in the middle of this page, from 1; 0: never */
    uint16_t refresh_page; /* a re-INVITE without any change in the middle of this page */
    struct fw_network_terms network; /* each way */
    uint8_t spoils;        /* so many packets of the pages never reach the machine */
    bool voice;            /* a human, no fax tones */
    bool fails_training;   /* TCF comes in broken */
    bool rtn;              /* RTN for each page, over T.38 */
    bool mute_after_eop;   /* over T.38 without ECM */
    bool mute_t38;         /* agrees to T.38 and sends nothing */
    bool returns;          /* may be asked back to G.711, where its machine speaks */
    bool killer;           /* sends the frame that kills unguarded engines */
    bool bomb;             /* pours 64 KB of page at the sender, out of turn */
    bool glare;            /* its re-INVITE crosses the caller's */
    bool image_in_answer;  /* an m-line too many in the first answer */
};

/* The digits of a dialled number: E.164 with or without '+', a `sip:`, `sips:` or `tel:` URI,
 * a name-addr around one, percent-encoding and visual separators (RFC 3966 clause 5.1.1).
 * False (and an empty text) when no number is in it; then the caller is refused. */
MUST_USE bool fw_carrier_number(const char *text, char ret[FW_CARRIER_NUMBER_SIZE]);

/* Never NULL. `digits` as fw_carrier_number gives them. */
const struct fw_far_end *fw_far_end_find(const char *digits);
/* The table, in the order of the numbers; for tests and the manual. */
const struct fw_far_end *fw_far_end_table(size_t *ret_count);
#endif
