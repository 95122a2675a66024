/* guards.h - what stands between a far end and spandsp 0.0.6, inside the library.
 *
 * The library calls some of its own functions through the dynamic linker. guards.c defines these
 * names itself, looks at what comes by, and hands it on. So a frame that would kill the library is
 * turned into a bad frame on T.38 and on audio alike, and a page is measured while it is decoded.
 *
 * The guarded call is found by a thread-local pointer: fw_guards_enter before every call into the
 * library, fw_guards_leave after it.
 *
 * At the same place a frame can be set aside. Nearly all that the library does at a page border (it
 * reads or writes the page file, codes or decodes a page, 4 to 8 ms and a sync of the disk) is its
 * answer to a T.30 command or response, so a thread that must not wait keeps those frames, and
 * another one hands them on by fw_guards_hand_on.
 */
#ifndef FW_T30_GUARDS_H
#define FW_T30_GUARDS_H
#include "t30/terminal.h"

enum {
    FW_DEFERRED_MAX = 16,        /* frames and line states in one packet or block of samples */
    FW_DEFERRED_FRAME_MAX = 264, /* octets; no T.30 frame is longer */
    FW_COMMAND_MAX = 8,          /* octets of the longest command after a page, PPS, and one more */
};

struct fw_deferred {
    void *user_data;
    int len; /* negative: a state of the line */
    int ok;
    uint8_t msg[FW_DEFERRED_FRAME_MAX];
};

enum fw_page_use { FW_PAGE_CLOSED, FW_PAGE_SENT, FW_PAGE_RECEIVED };

struct fw_guards {
    bool defers; /* T.30 commands and responses are set aside */
    uint8_t deferred_count;
    struct fw_deferred *deferred; /* FW_DEFERRED_MAX of them; NULL while there are none */
    /* Bounds, set once. */
    uint32_t page_bytes_max, page_rows_max;
    /* What was seen. */
    enum fw_terminal_guard tripped; /* the first one */
    uint32_t page_bytes;            /* coded bytes received since the page began */
    uint64_t bytes;                 /* of all pages */
    enum fw_page_use page_use;      /* what the library has its page coder for */
    uint64_t progress;              /* grows with every piece of image, in or out */
    uint32_t page_bits;             /* bits that are not yet a byte in page_bytes */
    uint32_t extras;                /* optional frames that the library keeps on the heap */
    bool awaits;                    /* we answer, and the far end has begun: it has the next word */
    uint64_t quiet_samples;         /* since it said anything */
    bool far_sends;                 /* a command, over T.38 */
    uint32_t hold_samples;          /* how long our answer still waits for that to end */
    uint32_t answer_samples;        /* until our answer has left; an answer to `command` */
    uint8_t command_len;            /* 0: there was none since the image */
    uint8_t command[FW_COMMAND_MAX]; /* the last one after a page or a block */
};

void fw_guards_trip(struct fw_guards *g, enum fw_terminal_guard guard);
void fw_guards_page(struct fw_guards *g); /* another page begins */
void fw_guards_enter(struct fw_guards *g);
void fw_guards_leave(void);
/* Inside enter and leave: gives the library what was set aside, in order. */
void fw_guards_hand_on(struct fw_guards *g);
/* Time goes by for the library. */
void fw_guards_time(struct fw_guards *g, uint64_t samples);
/* An answer that is late, for our disk was slow, meets the far end's next try. `hear`: a packet came. `hold`: an answer
 * was made, and what came meanwhile was heard. `holds`: no time goes by for the library yet, because the far end sends,
 * and who sends hears nothing. */
void fw_guards_hear(struct fw_guards *g, struct fw_span ifp);
void fw_guards_hold(struct fw_guards *g);
MUST_USE bool fw_guards_holds(struct fw_guards *g, unsigned samples);
/* Finds the library's own functions. False: this program is not guarded. */
MUST_USE bool fw_guards_ready(void);
#endif
