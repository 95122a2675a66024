/* terminal.h - one fax machine: T.30 with its modems, driven by samples, IFP packets and ticks.
 *
 * The only door to spandsp. No sockets and no clock: time is the samples that the caller passes,
 * 8000 a second, so that a call can be simulated as fast as the processor goes. What a far end
 * sends is hostile; the guards (enum fw_terminal_guard) stand before the library and end the call.
 *
 * A terminal starts on audio. fw_terminal_switch moves it to T.38 with fresh T.30 state as long as
 * no page was confirmed, and fw_terminal_return takes it back when T.38 stays silent; a call that is
 * never switched stays on audio undisturbed. A calling
 * terminal sends `tx_path`, an answering one receives into `rx_path`.
 * Terminals are independent; one thread at a time may be inside any of them.
 *
 * Source: ITU-T T.30 (phases A to E), ITU-T T.38 (IFP), and what spandsp 0.0.6 does.
 */
#ifndef FW_T30_TERMINAL_H
#define FW_T30_TERMINAL_H
#include "base/bounds.h"
#include "base/buf.h"
#include "t30/dialogue.h"

enum {
    FW_TERMINAL_SAMPLES_MAX = 1600, /* of one audio block or tick: 200 ms */
    FW_TERMINAL_PATH_MAX = 250,     /* characters; spandsp cuts longer ones silently */
    FW_TERMINAL_IFP_MAX = 1400,     /* bytes of one IFP packet, in or out */
    FW_TERMINAL_SECOND = 8000,      /* samples */
    FW_TERMINAL_TEXT_SIZE = 160,
};

enum fw_terminal_modem {
    FW_MODEM_V27TER = 1,
    FW_MODEM_V29 = 2,
    FW_MODEM_V17 = 4,
    FW_MODEM_ALL = 7
};
enum fw_terminal_resolution {
    FW_RESOLUTION_STANDARD = 1,
    FW_RESOLUTION_FINE = 2,
    FW_RESOLUTION_SUPERFINE = 4,
    FW_RESOLUTION_ALL = 7
};

/* Zero means the default of the field. Paths and texts are copied. */
struct fw_terminal_config {
    bool calling;               /* T.30 caller: sends; else answers and receives */
    const char *tx_path;        /* TIFF to send; calling only */
    const char *tx_coarse_path; /* where a copy is made if the far end cannot print as many rows, or as long
                                   pages; the caller removes it; NULL: calls for fewer rows fail (11) */
    const char *rx_path;        /* TIFF to make; answering only; NULL: refuse pages */
    const char *ident;          /* CSI or TSI, at most FW_IDENT_MAX characters; NULL: none */
    const char *subaddress;     /* SUB (clause 5.3.6.2.8) for a far end that takes one, likewise; calling only */
    bool no_subaddress;         /* answering: takes none */
    bool ecm;
    bool deferring;            /* leave what takes long to fw_terminal_work */
    bool no_t6;                /* MH and MR only (T.6 needs ECM anyway) */
    bool no_mr;                /* MH only */
    unsigned modems;           /* of enum fw_terminal_modem; 0: all */
    unsigned resolutions;      /* answering; of enum fw_terminal_resolution; 0: all */
    bool a4_only;              /* answering: pages of 297 mm at most; else any length */
    uint32_t page_count;       /* to be sent; 0: as many as tx_path has */
    uint32_t pages_max;        /* received; 0: FW_PAGES_MAX */
    uint32_t page_bytes_max;   /* received coded bytes of one page; 0: 4 MiB */
    uint32_t page_rows_max;    /* received; 0: 14400, 93 cm at superfine */
    uint64_t call_samples_max; /* whole call; 0: 60 minutes */
    uint64_t idle_samples_max; /* without progress; 0: 180 s */
};

enum fw_terminal_event_kind {
    FW_TERMINAL_CED,           /* the far end's 2100 Hz was heard (calling) */
    FW_TERMINAL_CNG,           /* the far end's 1100 Hz was heard (answering) */
    FW_TERMINAL_V21,           /* HDLC of the far end was heard */
    FW_TERMINAL_UNDERWAY,      /* DCS went either way: ask for no switching any more; told once */
    FW_TERMINAL_PAGE_TRIED,    /* a page went over the line; `page` says how, and whether it counts */
    FW_TERMINAL_NEGOTIATED,    /* trained: bit_rate, ecm, resolution, remote_ident; may repeat */
    FW_TERMINAL_PAGE_SENT,     /* the far end confirmed page `pages` */
    FW_TERMINAL_PAGE_RECEIVED, /* page `pages` is whole and on disk; its confirmation goes next */
    FW_TERMINAL_DONE,          /* once; the result is final */
};

/* Guards of ours that may end a call. */
enum fw_terminal_guard {
    FW_GUARD_NONE,
    FW_GUARD_PACKETS,    /* the library sent packets without end */
    FW_GUARD_PAGE_BYTES, /* page over page_bytes_max or page_rows_max */
    FW_GUARD_PAGES,      /* more than pages_max */
    FW_GUARD_RATE,       /* paced T.38: more image than any line carries in the time */
    FW_GUARD_DISK,       /* a page could not be read back or synced; not confirmed */
    FW_GUARD_REPEATS,    /* the same page again and again without being confirmed */
    FW_GUARD_IDLE,       /* idle_samples_max without progress */
    FW_GUARD_QUIET,      /* answering: the far end began, and then was silent for 20 s */
    FW_GUARD_CALL,       /* call_samples_max */
    FW_GUARD_HANGUP,     /* fw_terminal_hangup before phase E */
};
const char *fw_terminal_guard_text(enum fw_terminal_guard guard);

enum fw_compression { FW_COMPRESSION_NONE, FW_COMPRESSION_MH, FW_COMPRESSION_MR, FW_COMPRESSION_MMR };
const char *fw_compression_text(unsigned compression);

/* One page, once over the line. */
struct fw_terminal_page {
    uint32_t number; /* from 1 */
    bool confirmed;
    uint32_t bit_rate;
    enum fw_compression compression;
    uint32_t width, rows, bytes;
    uint32_t bad_rows, longest_bad_run; /* received without ECM */
    uint32_t repeated_frames;           /* blocks asked for again, with ECM */
    uint64_t at_ms;                     /* of the call */
};

struct fw_terminal_facts {
    char vendor[48], model[48], country[48]; /* as the far end's NSF tells, or empty */
    uint64_t phase_ms[FW_PHASE_COUNT];
};

struct fw_terminal_result {
    bool finished; /* DONE was reported */
    bool t38;
    int t30_code; /* spandsp's T30_ERR number; 0 only if the fax is delivered:
                     every page confirmed, or received up to EOP */
    enum fw_terminal_guard guard;
    uint32_t pages;       /* confirmed by the far end, or received and on disk */
    uint32_t pages_total; /* to be sent; 0 when receiving */
    uint32_t bit_rate;
    bool ecm;
    unsigned resolution;                 /* enum fw_terminal_resolution of the last page */
    uint32_t retries;                    /* ECM frames asked for again, or bad rows */
    struct fw_terminal_page page;        /* the last one tried */
    uint64_t page_bytes;                 /* coded bytes received */
    char remote_ident[FW_IDENT_MAX + 1]; /* as received: data, not text to trust */
    char subaddress[FW_IDENT_MAX + 1];   /* that was sent or received; fw_text_is_subaddress, or empty: none */
    char text[FW_TERMINAL_TEXT_SIZE];    /* one sentence for people */
};

struct fw_terminal_callbacks {
    /* One IFP packet to be sent as one UDPTL packet (one sequence number), `copies` (1 to 3) times
     * over; borrowed during the call. Only on T.38. */
    void (*send_ifp)(void *arg, struct fw_span ifp, int copies);
    /* `now` is a snapshot of the result. Must not free the terminal, nor call into it but for
     * fw_terminal_refuse_page. */
    void (*event)(void *arg, enum fw_terminal_event_kind kind,
                  const struct fw_terminal_result *now);
    void *arg;
};

struct fw_terminal_t38 {
    unsigned version;      /* as agreed; 0 unless both said more */
    uint32_t bit_rate_max; /* of the far end; 0: 14400 */
    unsigned datagram_max; /* the most bytes that an IFP packet may have; 0: no limit known */
    bool unpaced;          /* both ends are ours: no line speed. See fw_terminal_tick */
};

struct fw_terminal;

/* FW_INVALID: a path or ident too long, a caller without tx_path, or a program without guards;
 * FW_IO: tx_path is no page file; FW_NO_MEMORY. */
MUST_USE enum fw_err fw_terminal_new(const struct fw_terminal_config *config,
                                     const struct fw_terminal_callbacks *callbacks,
                                     struct fw_terminal **ret);
/* Closes the received file. NULL is fine. Reports nothing any more. */
void fw_terminal_free(struct fw_terminal *t);

/* Audio: takes `count` samples in and gives as many out (silence when there is nothing to say).
 * `in` is NULL when the samples were lost: the demodulators are carried over the gap, for 2 s; a longer
 * one is a line without a signal, or a far end that is gone would be waited for as if it spoke. */
void fw_terminal_audio(struct fw_terminal *t, const int16_t *in, int16_t *out, size_t count);

/* To T.38, where T.30 begins afresh. Best before it is UNDERWAY; until a page is confirmed it is
 * still better than to stay on audio alone. FW_CONFLICT: a page was confirmed, the fax is over, or
 * it is on T.38 already; then nothing changes. */
MUST_USE enum fw_err fw_terminal_switch(struct fw_terminal *t, const struct fw_terminal_t38 *t38);

/* Back to audio, where T.30 begins afresh: T.38 was agreed, and nothing came of it. FW_CONFLICT: a
 * page was confirmed, the fax is over, or it is on audio; then nothing changes. */
MUST_USE enum fw_err fw_terminal_return(struct fw_terminal *t);

/* T.38: time goes on by `samples`. Every 20 ms with 160 when paced. Unpaced, the pauses of the
 * line are left out and each call does one step of work, so call it as well whenever packets came
 * in and the packets of the last step are on their way, with the samples that really went by
 * (0 is fine). One step can send 600 packets (a whole ECM block, a whole page without ECM). */
void fw_terminal_tick(struct fw_terminal *t, unsigned samples);
/* T.38: one received IFP packet; `seq` is that of its UDPTL packet, gaps are seen by it. */
void fw_terminal_ifp(struct fw_terminal *t, uint16_t seq, struct fw_span ifp);

/* For callers with a clock to keep (config.deferring): opening, coding, storing and syncing pages,
 * and the end of the call, are left over by the functions above; true when something is. Then only
 * fw_terminal_work, called by any one thread, makes the call go on; until it has returned ticks
 * and audio do nothing, and IFP packets are kept. Events come from that thread as well. */
bool fw_terminal_has_work(const struct fw_terminal *t);
void fw_terminal_work(struct fw_terminal *t);

/* During PAGE_RECEIVED only: the page cannot be kept after all. It does not count, is not confirmed
 * to the far end, and the call ends with FW_GUARD_DISK. */
void fw_terminal_refuse_page(struct fw_terminal *t);

/* The call was ended from outside: concludes with what is known. DONE is reported if it was not. */
void fw_terminal_hangup(struct fw_terminal *t);

bool fw_terminal_done(const struct fw_terminal *t);
const struct fw_terminal_result *fw_terminal_result(const struct fw_terminal *t);
/* Both may be asked during DONE and after. The dialogue is lines of text, borrowed. */
void fw_terminal_facts(const struct fw_terminal *t, struct fw_terminal_facts *ret);
struct fw_span fw_terminal_dialogue(const struct fw_terminal *t);
/* What the engine says of a T30_ERR number. */
const char *fw_terminal_code_text(int t30_code);

/* True when the guards really stand between the far end and the library in this program. Programs
 * check it once at their start and refuse to run otherwise. Also finds the library's functions, so
 * that nothing is loaded later in a sandbox. */
MUST_USE bool fw_terminal_guarded(void);
#endif
