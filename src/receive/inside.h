/* inside.h - what the files of this room share; the room's thread only, where nothing else is said. */
#ifndef FW_RECEIVE_INSIDE_H
#define FW_RECEIVE_INSIDE_H
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/mailbox.h"
#include "fax/attempt.h"
#include "receive/receive.h"

enum fw_taken_phase {
    FW_TAKEN_CALL, /* the line and a modem have it */
    FW_TAKEN_KEEP, /* over; its pages become the document, and are then read for barcodes */
    FW_TAKEN_WAIT, /* that failed; at `due` again */
};

/* A fax that is not final. */
struct fw_taken {
    struct fw_fax       fax; /* as the store has it */
    struct fw_fax_attempt attempt; /* its call; number 0: none, of an earlier release. Written with every change */
    json_t             *rules;    /* `inbound` of its application when the call came, or at a start; may be NULL */
    char                ident[FW_IDENT_MAX + 1]; /* of its application, or empty */
    enum fw_taken_phase phase;
    struct fw_mono      due;      /* CALL: somebody must have spoken by then */
    struct fw_mono      answered; /* {0}: not yet */
    struct { bool known; struct fw_msg_call_ended is; } ended;
    struct { bool known; struct fw_msg_fax_result is; } result;
    bool                underway;    /* T.30 goes on; the call can end well without the line */
    bool                line_lost;
    bool                cancel_sent; /* by us, for want of a sign of life */
    int                 kept_pages;  /* that are in the document */
    bool                reading;     /* there is a document; its barcodes are looked for */
};

/* To the threads that keep documents and read barcodes, and back. */
struct fw_keep_job {
    char fax[FW_UUID_SIZE], call[FW_UUID_SIZE];
    int  modem, pages;
    enum fw_media_format format;
    struct fw_mono given;
};
struct fw_keep_done {
    char        fax[FW_UUID_SIZE];
    enum fw_err err;   /* FW_OK, or try again later */
    int         pages; /* that are in the document; 0: there is none */
};
struct fw_read_done {
    char  fax[FW_UUID_SIZE];
    char *codes; /* owned; NULL: they could not be read */
};

struct fw_receive_note {
    enum { FW_NOTE_MESSAGE, FW_NOTE_LINE, FW_NOTE_MODEM, FW_NOTE_CANCEL, FW_NOTE_KEPT, FW_NOTE_READ,
           FW_NOTE_DRAIN, FW_NOTE_STOP } kind;
    bool                up;
    uint8_t             modem;
    uint16_t            port;
    char                fax[FW_UUID_SIZE];
    struct fw_keep_done kept;
    struct fw_read_done read;
    struct fw_msg       msg;
};

struct fw_hands;

struct fw_receive {
    struct fw_receive_config config;
    struct fw_receive_port   port;
    char                     ident[FW_IDENT_MAX + 1];
    struct fw_mailbox       *mailbox;
    struct fw_hands         *keeper, *reader;
    pthread_t                thread;
    bool                     running;
    atomic_bool              stop;
    atomic_bool              drained; /* nothing is left, and nothing will come */
    /* Below: this room's thread only. */
    struct fw_taken **taken;
    int               taken_count, taken_capacity;
    bool              line_up;
    bool              draining;   /* no call is taken any more */
    bool              recovering; /* the caller's thread, before there is ours */
    uint16_t          sip_port;
    struct { bool up; } modems[FW_MODEMS_MAX];
    int               calls;
    struct fw_mono    now; /* of this turn */
};

/* receive.c */
void fw_receive_put(struct fw_receive *r, const struct fw_receive_note *note); /* any thread */

/* taken.c: the table, and the one way a fax of it changes. */
MUST_USE enum fw_err fw_taken_add(struct fw_receive *r, struct fw_fax *fax, struct fw_taken **ret); /* takes it over */
struct fw_taken *fw_taken_by_fax(struct fw_receive *r, const char *fax);
struct fw_taken *fw_taken_by_call(struct fw_receive *r, const char *call); /* in phase CALL */
void fw_taken_remove(struct fw_receive *r, struct fw_taken *t);
/* Writes `status` and what the caller set in t->fax, with its event. Waits out a store that cannot
 * write. False: this service is stopping or cannot start, or the fax is not ours any more (then it
 * has left the table); do nothing more. `details` is stolen, may be NULL. */
MUST_USE bool fw_taken_save(struct fw_receive *r, struct fw_taken *t, enum fw_status status,
                            enum fw_event_kind kind, json_t *details);
/* As fw_taken_save: page `page` (from 1) of a fax that is being received is on disk and confirmed. */
MUST_USE bool fw_taken_page(struct fw_receive *r, struct fw_taken *t, int page);
void fw_taken_fail(struct fw_receive *r, struct fw_taken *t, const char *reason, const char *detail);

/* decide.c: whether a call is taken. */
void fw_decide_incoming(struct fw_receive *r, const struct fw_msg_call_incoming *m);
void fw_decide_route(struct fw_receive *r, const struct fw_msg_number_ask *m);

/* call.c: a call, from the answer to its end. */
void fw_call_begun(struct fw_receive *r, struct fw_taken *t);
void fw_call_message(struct fw_receive *r, const struct fw_msg *msg);
void fw_call_line_lost(struct fw_receive *r);
void fw_call_modem_lost(struct fw_receive *r, uint8_t modem);
void fw_call_cancel(struct fw_receive *r, const char *fax);
/* A mistake of ours ends the fax: whoever has its call is asked to end it, and nobody listens to it any more. Not in
 * a call is fine. */
void fw_call_abandon(struct fw_receive *r, struct fw_taken *t);
void fw_call_due(struct fw_receive *r);
/* What the call of `t` came to, as far as it will ever be known; also at a start. */
void fw_call_conclude(struct fw_receive *r, struct fw_taken *t);

/* hands.c: threads for what takes long, one job after the other. */
typedef void fw_hands_work(struct fw_receive *r, const struct fw_keep_job *job);
enum { FW_HANDS_MAX = 2 };
MUST_USE enum fw_err fw_hands_start(struct fw_receive *r, int count, fw_hands_work *work, struct fw_hands **ret);
void fw_hands_stop(struct fw_hands *h); /* r->stop is set; NULL is fine */
/* `h` NULL, in a room that was not started: the caller does it. False: there is no memory for it. */
MUST_USE bool fw_hands_give(struct fw_receive *r, struct fw_hands *h, fw_hands_work *work, const struct fw_taken *t);
/* From them to the room's thread, surely; false: the room stops. */
bool fw_hands_report(struct fw_receive *r, const struct fw_receive_note *note, const char *fax);

/* keep.c: from the spool to the folder of the fax; a thread of its own. */
fw_hands_work fw_keep_work;
void fw_keeper_give(struct fw_receive *r, struct fw_taken *t);
void fw_keep_done(struct fw_receive *r, const struct fw_keep_done *done);
/* The document is there, and all that was to be found out of it: the fax is received. */
void fw_keep_finish(struct fw_receive *r, struct fw_taken *t);

/* read.c: barcodes of the document, by other threads. */
fw_hands_work fw_read_work;
/* False: nobody wants them. */
MUST_USE bool fw_read_give(struct fw_receive *r, struct fw_taken *t);
void fw_read_done(struct fw_receive *r, const struct fw_read_done *done); /* takes the codes over */
/* True: `t` could not be made into a document in its time; it has failed, and left the table. */
MUST_USE bool fw_keep_overdue(struct fw_receive *r, struct fw_taken *t);
/* Takes what the modem left of the call of `fax` out of its spool. FW_OK also when there is nothing. */
MUST_USE enum fw_err fw_keep_secure(struct fw_store *s, const struct fw_keep_job *job);
/* The journal of the call of `fax`, wherever it is by now. */
struct fw_journal_facts;
MUST_USE enum fw_err fw_keep_journal(struct fw_store *s, const struct fw_fax *fax, struct fw_journal_facts *ret);
/* Nothing of the call is needed any more. */
void fw_keep_clear(struct fw_store *s, const struct fw_fax *fax);

/* recovery.c */
MUST_USE enum fw_err fw_receive_recover(struct fw_receive *r);
#endif
