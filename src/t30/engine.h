/* engine.h - the terminal's inside, shared by the files of this room only. */
#ifndef FW_T30_ENGINE_H
#define FW_T30_ENGINE_H
#include "page/fit.h"
#include "t30/guards.h"
#include <tiffio.h>

#include <spandsp.h>

/* What each tick needs comes first and together: with a thousand calls it is memory that is waited for. */
struct fw_terminal {
    /* One of the two is alive; `t30` is the state inside it. */
    t38_terminal_state_t *t38;
    fax_state_t *fax;
    t30_state_t *t30;
    bool unpaced;
    bool deferring; /* fw_terminal_work does what takes long */
    bool has_work;
    bool working;
    bool phase_e; /* the library is through; `phase_e_code` is what it says */
    int phase_e_code;
    uint32_t packets; /* of this step */
    uint64_t call_samples;
    uint64_t idle_samples;
    uint64_t progress_seen;
    uint64_t gap_samples; /* of audio, lost up to now without a break */
    struct fw_guards guards;
    struct fw_terminal_result result;
    struct fw_terminal_callbacks callbacks;
    struct fw_terminal_config config; /* paths and ident point into the arrays below */

    modem_connect_tones_rx_state_t *tones; /* NULL: not listening */
    bool tone_told[3];                     /* by event kind: CED, CNG, V21 */
    struct fw_buf backlog; /* IFP packets that came meanwhile: number, size (2 octets each), data */

    bool underway;
    bool eop_seen;                /* receiving: the last command was EOP */
    bool eop_confirmed;           /* and our answer to it was a confirmation */
    bool coding_chosen;           /* sending: the pages were measured */
    bool far_fine, far_superfine, far_subaddress; /* sending: what the far end's DIS has */
    uint32_t far_length_mm;       /* of its paper; 0: any */
    uint32_t tx_y_dpi;            /* of the first page */
    uint32_t tx_rows_max;         /* of the longest page */
    struct fw_fitted *fitted;     /* owned: sending tx_coarse_path, with so many sheets; NULL: tx_path */
    uint32_t sheets;              /* confirmed */
    uint32_t repeats;             /* commands and answers since something was confirmed */
    struct fw_dialogue dialogue;
    struct fw_terminal_facts facts;
    char fault[FW_TERMINAL_TEXT_SIZE];

    char tx_path[FW_TERMINAL_PATH_MAX + 1];
    char tx_coarse_path[FW_TERMINAL_PATH_MAX + 1];
    char rx_path[FW_TERMINAL_PATH_MAX + 1];
    char ident[FW_IDENT_MAX + 1], subaddress[FW_IDENT_MAX + 1];
};

/* terminal_t30.c: sets up T.30 in a fresh engine, and draws the sum when it is over. */
void fw_engine_setup_t30(struct fw_terminal *t, unsigned modems);
void fw_engine_conclude(struct fw_terminal *t);
void fw_engine_tell(struct fw_terminal *t, enum fw_terminal_event_kind kind);
#endif
