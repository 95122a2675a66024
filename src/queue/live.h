/* live.h - the faxes that are worked on, in memory, and what the queue's thread shares among its files.
 *
 * A fax that waits, for its documents to be prepared or for a call, is a row of the store and nothing
 * here: store/waiting.h says which one is next.
 */
#ifndef FW_QUEUE_LIVE_H
#define FW_QUEUE_LIVE_H
#include <jansson.h>
#include <pthread.h>

#include "base/mailbox.h"
#include "base/map.h"
#include "fax/attempt.h"
#include "fax/outcome.h"
#include "fax/policy.h"
#include "queue/queue.h"

enum fw_phase {
    FW_PHASE_WAITING, /* only while something is done about it; it then goes on, or leaves the memory */
    FW_PHASE_IN_MEDIA,
    FW_PHASE_CALLING,
    FW_PHASE_DECIDING, /* the call is over; what it means is in the store, which could not be read */
};

struct fw_live {
    struct fw_fax  fax; /* as the store has it */
    struct fw_fax_attempt attempt; /* number 0: none; written with every change */
    enum fw_phase  phase;
    int            at;       /* in q->live */
    struct fw_mono due;      /* IN_MEDIA, CALLING: somebody must have spoken by then; DECIDING: again then */
    bool           late;     /* IN_MEDIA: the worker was asked to stop */
    struct fw_mono put_off;  /* DECIDING: since then */
    struct fw_attempt_facts facts; /* DECIDING: how the call ended; its text is facts_text */
    char           facts_text[FW_TEXT_SIZE];
    struct fw_mono answered; /* {0}: not yet */
    struct fw_call_ending { bool known; struct fw_msg_call_ended is; } ended;
    struct { bool known; struct fw_msg_fax_result is; } result;
    bool underway;           /* T.30 goes on; the call can end well without the line */
    bool t38_left;           /* in mid-call, for G.711: nothing came of it */
    char ident[FW_IDENT_MAX + 1]; /* that this call is made under */
    bool line_lost;
    bool modem_lost;         /* the line may not have heard of the call when it was told */
    bool cancel_sent;        /* by us, for want of a sign of life */
};

/* A note to the queue's thread. */
struct fw_queue_note {
    enum { FW_NOTE_ACCEPTED, FW_NOTE_CANCEL, FW_NOTE_PREPARED, FW_NOTE_MESSAGE, FW_NOTE_LINE,
           FW_NOTE_MODEM, FW_NOTE_CHANNELS, FW_NOTE_DRAIN, FW_NOTE_STOP } kind;
    char               fax[FW_UUID_SIZE];
    bool               up;
    uint8_t            modem;
    uint32_t           channels;
    struct fw_prepared prepared;
    struct fw_msg      msg;
};

struct fw_media_workers;
struct fw_lanes;

struct fw_queue {
    struct fw_queue_config   config;
    struct fw_queue_port     port;
    char                     trunk[64], ident[FW_IDENT_MAX + 1];
    struct fw_mailbox       *mailbox;
    struct fw_media_workers *workers;
    pthread_t                thread;
    bool                     running;
    atomic_bool              stop;
    atomic_bool              drained;   /* no call is left, and none will come */
    atomic_bool              note_lost; /* out of memory once: look into the store again */
    struct { /* as fw_queue_pace tells it */
        atomic_bool dialling;
        atomic_int calls_at_once, call_ms;
        atomic_int_fast64_t account_calls;
    } pace;
    struct fw_rules_kept *_Atomic new_rules; /* to be obeyed from the next turn on; NULL: none */
    /* Below: the queue's thread only. */
    struct fw_rules_kept *rules;
    struct fw_guard  guard;                  /* of them */
    int64_t          quotas[FW_QUOTA_COUNT]; /* likewise */
    struct fw_live **live;
    int              live_count, live_capacity;
    struct fw_map   *by_fax, *by_call; /* of them; by_call: CALLING */
    struct fw_lanes *lanes;
    bool             look;          /* somebody may be dialled: look into the store */
    struct fw_mono   look_at;       /* and then at the latest */
    struct fw_mono   overdue_at;    /* when those that wait for too long are looked for */
    bool             look_media;    /* likewise of documents */
    bool             look_expiry;   /* likewise of faxes that expire */
    struct fw_wall   expiry_at;     /* and then at the latest */
    int64_t          clocks_apart;  /* wall and now, in microseconds */
    bool             look_batch;    /* batches have faxes to be written, or something to tell them */
    struct fw_mono   batch_at;      /* and then at the latest */
    char             batch[FW_UUID_SIZE]; /* whose documents are being prepared; or empty */
    int              in_media;
    int64_t          media_account[FW_PRIORITY_COUNT]; /* whose turn it was */
    bool             line_up;
    bool             draining;   /* nothing new is begun */
    bool             recovering; /* the caller's thread, before there is ours */
    struct { bool up; } modems[FW_MODEMS_MAX];
    struct fw_seats *seats, own_seats;
    int              calls;
    uint32_t         channels; /* of all trunks; 0: any number */
    struct fw_mono   now;  /* of this turn */
    struct fw_wall   wall;
};

/* live.c */
MUST_USE enum fw_err fw_live_add(struct fw_queue *q, struct fw_fax *fax, struct fw_live **ret); /* takes `fax` over */
/* The call of `l` is about to be placed by `modem`: it counts from now on. FW_NO_MEMORY: it does not. */
MUST_USE enum fw_err fw_live_called(struct fw_queue *q, struct fw_live *l, int modem);
void            fw_live_released(struct fw_queue *q, struct fw_live *l); /* not CALLING is fine */
struct fw_live *fw_live_by_fax(struct fw_queue *q, const char *fax);
struct fw_live *fw_live_by_call(struct fw_queue *q, const char *call);
void            fw_live_remove(struct fw_queue *q, struct fw_live *l);
/* What becomes of the count of confirmed pages when a modem tells `told`: the modem is the program
 * that strangers feed, so it is believed as far as it can be true; and no page is taken back. */
int             fw_live_pages(const struct fw_fax *fax, uint32_t told); /* of the document; `told` of the call */
/* Sleeps a little before the store is asked for the n-th time more; false: there is no time for that. */
MUST_USE bool   fw_live_pause(struct fw_queue *q, int n);
/* Writes `change` (status and what else was set in l->fax by the caller) with its events. Waits
 * out a store that cannot write: nothing is acted upon that is not on disk. False: the queue is
 * stopping or cannot start, or somebody else ended this fax (it is then no longer live); do nothing
 * more. */
struct fw_live_event { enum fw_event_kind kind; json_t *details; /* stolen, may be NULL */ };
MUST_USE bool fw_live_save(struct fw_queue *q, struct fw_live *l, enum fw_status status,
                           struct fw_live_event *events, int event_count);
/* Removes the files of faxes that were deleted and have ended. */
void fw_live_sweep(struct fw_queue *q);
/* Ends the fax and removes it. */
void fw_live_fail(struct fw_queue *q, struct fw_live *l, const char *reason, const char *detail);

/* pace.c */
void fw_pace_publish(struct fw_queue *q); /* of this turn */
void fw_pace_called(struct fw_queue *q, const struct fw_fax_attempt *a); /* it has ended */

/* lanes.c */
MUST_USE enum fw_err fw_lanes_new(struct fw_lanes **ret);
void fw_lanes_free(struct fw_lanes *lanes); /* NULL is fine */
/* The fax that is dialled next. FW_NOT_FOUND: nobody may be now. */
MUST_USE enum fw_err fw_lanes_next(struct fw_queue *q, struct fw_fax *ret);
/* When to look again after that; {INT64_MAX}: when something happens. */
MUST_USE enum fw_err fw_lanes_when(struct fw_queue *q, struct fw_mono *ret);
/* A call of `fax` begins and ends. */
MUST_USE enum fw_err fw_lanes_take(struct fw_queue *q, const struct fw_fax *fax);
void fw_lanes_give(struct fw_queue *q, const struct fw_fax *fax);
/* Nobody of the account is dialled before one of its calls has ended. */
void fw_lanes_wait(struct fw_queue *q, int64_t account);
/* Why `fax` gets no call: the reason of CONTRACT 4, when all that its account or application may have at the same
 * time is in use; else NULL. */
const char *fw_lanes_full(struct fw_queue *q, const struct fw_fax *fax);
/* Accounts in turn: `next` is the one above, `try_one` finds a fax of it or FW_NOT_FOUND. */
typedef enum fw_err fw_turn_account(struct fw_store *s, int priority, int64_t after, int64_t *ret);
typedef enum fw_err fw_turn_try(struct fw_queue *q, int priority, int64_t account, struct fw_fax *ret);
MUST_USE enum fw_err fw_turns_take(struct fw_queue *q, int priority, int64_t *last, fw_turn_account *next,
                                   fw_turn_try *try_one, struct fw_fax *ret);

/* batch.c: documents that many faxes share. FW_NOT_FOUND: none are to be prepared now. */
MUST_USE enum fw_err fw_batch_give(struct fw_queue *q);
/* False: the note is not of a batch. */
MUST_USE bool fw_batch_prepared(struct fw_queue *q, const struct fw_queue_note *note);
/* Writes some of the faxes that are accepted and not written, and tells others what became of their documents. */
void fw_batch_look(struct fw_queue *q);

/* cancel.c */
void fw_cancel_note(struct fw_queue *q, const char *fax);
/* Finds what was cancelled by notes that were lost. */
void fw_cancel_look(struct fw_queue *q);
/* Ends `l` as soon as whoever works on it has let go; `l` may be gone after it. */
void fw_cancel_now(struct fw_queue *q, struct fw_live *l);
/* What the API says of a fax that was cancelled before its call. */
void fw_cancel_fail(struct fw_queue *q, struct fw_live *l);
#define FW_CANCEL_REASON "sender_canceled"
const char *fw_cancel_detail(const struct fw_fax *f);

/* schedule.c: when a fax may be dialled, and until when (fax/window.h). */
/* Reads both clocks; what waits is looked for again when somebody has set the one on the wall. */
void fw_schedule_clock(struct fw_queue *q);
/* The next call of `l` is due at `from`, or when it may be after that. False: never; it has failed, and left
 * the memory. */
MUST_USE bool fw_schedule_put(struct fw_queue *q, struct fw_live *l, struct fw_wall from);
/* It may be dialled now. False: it has failed or waits for its window, and left the memory. */
MUST_USE bool fw_schedule_pass(struct fw_queue *q, struct fw_live *l);
/* Ends some of those whose time is over. */
void fw_schedule_expire(struct fw_queue *q);
int fw_schedule_wait_ms(const struct fw_queue *q); /* until it must be called again */
/* Writes that the faxes of `page` come to `to`, each with events of `kinds`, in one write. Who is worked on is
 * left out. */
MUST_USE enum fw_err fw_live_save_all(struct fw_queue *q, struct fw_fax_page *page, enum fw_status to,
                                      const enum fw_event_kind *kinds, int each);
/* Ends what was cancelled while it waited; who is worked on is left out. */
MUST_USE enum fw_err fw_schedule_cancel_all(struct fw_queue *q, struct fw_fax_page *page);

/* overdue.c: what has waited for too long ends. */
void fw_overdue_look(struct fw_queue *q);
/* Documents that are not ready in time: `l` (which is IN_MEDIA) is asked back, and then given up. */
void fw_overdue_documents(struct fw_queue *q, struct fw_live *l);
void fw_overdue_ask_back(struct fw_queue *q, struct fw_live *l); /* its worker was told to stop, or is */
/* The end of one whose worker stopped because of that, or did not. */
void fw_overdue_end(struct fw_queue *q, struct fw_live *l);

/* media_work.c: threads that prepare documents. */
MUST_USE enum fw_err fw_media_workers_start(struct fw_queue *q, int count, struct fw_media_workers **ret);
void fw_media_workers_stop(struct fw_media_workers *w); /* q->stop is set; NULL is fine */
MUST_USE enum fw_err fw_media_workers_give(struct fw_queue *q, const struct fw_fax *fax);
/* True: it had not begun, and will not. False: it goes on. */
MUST_USE bool fw_media_workers_take_back(struct fw_queue *q, const char *fax);
/* The same, and one that has begun is told to stop: FW_NOTE_PREPARED comes soon. */
MUST_USE bool fw_media_workers_cancel(struct fw_queue *q, const char *fax);

/* dial.c */
void fw_attempt_dial_due(struct fw_queue *q);

/* attempt.c: the call of a fax. */
void fw_attempt_message(struct fw_queue *q, const struct fw_msg *msg);
void fw_attempt_line_lost(struct fw_queue *q);
void fw_attempt_modem_lost(struct fw_queue *q, uint8_t modem);
void fw_attempt_deadlines(struct fw_queue *q);
/* Asks whoever has the call to end it; its end is concluded as ever. */
void fw_attempt_cancel(struct fw_queue *q, struct fw_live *l);

/* again.c: what the calls of `l` came to, this one, which ended as `o` says, counted. */
struct fw_again_history {
    bool known; /* else it cannot be read, and what depends on it must not be decided */
    struct fw_policy_history of_calls;
    int interrupted; /* by failures of our own */
};
struct fw_again_history fw_again_history(struct fw_queue *q, const struct fw_live *l, const struct fw_outcome *o);
/* The call failed. True: the fax waits for another call, and has left the memory. False: it has failed; `o`
 * then says why it is not dialled again. */
MUST_USE bool fw_again_if_asked(struct fw_queue *q, struct fw_live *l, struct fw_outcome *o,
                                const struct fw_again_history *h);

/* dial.c. False: nobody may call the number; the fax has failed, and left the memory. */
MUST_USE bool fw_guard_pass(struct fw_queue *q, struct fw_live *l);

/* quota.c: what an account may send. False: not now, and it has left the memory; it waits on, or has failed. */
MUST_USE bool fw_quota_pass(struct fw_queue *q, struct fw_live *l);
int64_t fw_quota_calls_max(struct fw_queue *q, int64_t account); /* at the same time; 0: any number */

/* profile.c: what is known of the number. False: it is parked; the fax has failed. */
MUST_USE bool fw_profile_apply(struct fw_queue *q, struct fw_live *l);
void fw_profile_learn(struct fw_queue *q, const struct fw_live *l, const struct fw_outcome *o);

/* conclude.c: decides what an attempt came to: delivered, failed, or dial again. */
void fw_attempt_conclude(struct fw_queue *q, struct fw_live *l, const struct fw_attempt_facts *facts);
/* From the accounts of line and modem, or one of them and no hope for the other. */
void fw_attempt_conclude_call(struct fw_queue *q, struct fw_live *l);
/* fax.sending.started is told once, and always before the end of a fax that was sent. */
MUST_USE bool fw_attempt_sending(struct fw_queue *q, struct fw_live *l, json_t *details);

/* spool.c: files that a modem may see. */
MUST_USE enum fw_err fw_spool_put(struct fw_queue *q, const struct fw_fax *fax, int modem, const char *call);
void fw_spool_remove(struct fw_queue *q, int modem, const char *call);
/* What the modem left in its journal about the last attempt of `fax`. */
void fw_spool_journal(struct fw_queue *q, const struct fw_fax *fax, struct fw_attempt_facts *facts);
void fw_spool_clear(struct fw_queue *q);

/* rules.c: takes up what fw_queue_obey left. */
void fw_rules_look(struct fw_queue *q);
void fw_rules_free(struct fw_queue *q);

/* recovery.c */
MUST_USE enum fw_err fw_queue_recover(struct fw_queue *q);
#endif
