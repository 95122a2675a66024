/* world.h - what the files of the queue's simulation share. */
#ifndef FW_SIM_WORLD_H
#define FW_SIM_WORLD_H
#include "env.h"
#include "fax/attempt.h"
#include "fax/policy.h"
#include "queue/live.h"
#include "queue_sim.h"
#include "t30/journal.h"

enum {
    FAXES_MAX = 48,
    FAXES_ALONE_MAX = 32,
    BATCHES_MAX = 3,
    BATCH_FAXES_MAX = 5,
    SLICE = 2, /* of them are written at a time */
    CALLS_MAX = 1024,
    EVENTS_MAX = 4096,
    PAGES_MAX = 6,
    ATTEMPTS_MAX = 128, /* of a fax */
    NUMBERS = 10,
    APPLICATIONS = 3,
    LIMITED_APPLICATION = 1, /* has one channel */
    CALLS_AT_ONCE = 6,
    GAP_MS = 2000,
    RECEIVERS = APPLICATIONS + 2, /* one each, and two that some of them have besides */
    TRIES_MAX = 8192,
    REPLAYS_MAX = 256,
    TOLD_AT_ONCE = 4, /* webhooks, and */
    TOLD_HOST_MAX = 2,
    TOLD_FIRST_MS = 1000,
    TOLD_MAX_MS = 600 * 1000,
    TOLD_ROUNDS = 6,
    RING_TIMEOUT_MS = 60000,
    CALL_LIMIT_MS = 1800000,
};

#define SECOND 1000000LL
#define HOUR (3600 * SECOND)

/* How the machine behind a number behaves. */
enum manner {
    GOOD, BUSY, BUSY_THEN_GOOD, NO_ANSWER, UNALLOCATED, DECLINES, CONGESTED, HUMAN, T38_BAD, V17_BAD, DROPS, EARLY_BYE,
    NO_ROOM, MOODY,
    MANNERS
};

/* How a receiver of webhooks behaves; all but those that are good or slow may be mended. */
enum receiver_manner {
    RECEIVER_GOOD, RECEIVER_SLOW, RECEIVER_BROKEN, RECEIVER_DEAD, RECEIVER_SILENT, RECEIVER_BY_TURNS, RECEIVER_MANNERS
};
struct sim_receiver {
    enum receiver_manner manner;
    int64_t mended_us, period_us;
    int sending;  /* to it, now */
    int failures; /* in a row, as far as the notifier that runs knows */
};

/* A webhook as its receiver saw it. */
struct sim_try {
    int64_t delivery, seq; /* of the store */
    int fax, receiver, attempt, status;
    struct fw_wall started_at;
    int64_t ended_us; /* 0: it is on its way */
    bool taken;
    bool broken;      /* off, by a stop of ours */
    int before;       /* the one before of the same fax, as below */
};

/* A client wanted to be told once more. */
struct sim_replay { int fax; int64_t seq, at_us; bool more; /* a delivery was made for it */ };

struct sim_fax {
    char id[FW_UUID_SIZE];
    int batch; /* number of it, from 1; 0: none */
    int number, application, pages;
    bool accepted, final, delivered;
    bool has_policy;
    struct fw_policy policy;
    int64_t send_in_us, expires_in_us; /* after it was accepted; 0: none */
    const char *window;
    struct fw_fax schedule;   /* its times, as accepted */
    int confirmed[PAGES_MAX]; /* times that the far end confirmed it */
    int64_t canceled_us;      /* since when the store has the wish; 0: it has none */
    int calls;                /* that were placed, as the line saw it */
    bool complete;            /* a call of it ended with success and every page confirmed */
    int64_t waits_us;         /* since when it waits for another call */
    int64_t pause_us;         /* that its policy asks for before that */
    bool must_be_delivered;   /* the queue was told of its success */
    int asked;                /* times, with the same key */
    enum fw_status status;    /* at the last look */
    struct fw_wall seen;      /* what of its row and its events was looked at */
    int64_t seen_seq;
    struct sim_past {
        int dialled, pages;   /* events of calls begun; the last page that one told of */
        bool in_call, answered, sending, ended;
        enum fw_status status;
        struct { enum fw_attempt_state state; struct fw_wall ended_at; } attempts[ATTEMPTS_MAX];
    } past;
    struct sim_told {
        int last;              /* its last try, from 1; 0: none */
        int64_t seq_max;       /* the newest event that was told */
        int deliveries;        /* that were tried */
        int replays, doubtful; /* deliveries more that were asked for; those that the disk may have */
        int64_t replayed_us;   /* when it was last asked for, and of which event that waited; 0: of none */
        int64_t hurried;
    } told;
};

struct sim_call {
    char id[FW_CALL_ID_SIZE];
    int fax;
    uint8_t modem;
    enum manner manner;
    bool t38, v17;
    int pages, confirmed;     /* of this call */
    int first;                /* the document's page that is its first */
    int drop_after;           /* pages; -1: never */
    bool says_bye;            /* then, instead of hanging up */
    enum { BOTH_TELL, LINE_IS_MUTE, MODEM_IS_MUTE } telling; /* of its end */
    int64_t result_us;        /* when the queue was told of the modem's account; 0: not yet */
    bool line_has, modem_has; /* who still works on it */
    bool underway;
    bool disturbed;           /* it was cancelled, its line died, or a message was lost */
    int step;
    struct fw_journal *journal;
};

/* Faxes of one document, that follow each other in the world. */
struct sim_batch {
    char id[FW_UUID_SIZE];
    int first, count, pages, asked;
    bool accepted, done;
    int unwritten; /* faxes, at the last look */
    int completed; /* events that tell so */
};

struct sim_event {
    int64_t at;
    uint64_t seq; /* breaks ties */
    enum { EV_ACCEPT, EV_CANCEL, EV_STEP, EV_TELL, EV_CRASH, EV_MODEM_DOWN, EV_MODEM_UP, EV_LINE_DOWN, EV_LINE_UP,
           EV_WALL, EV_CALM, EV_ASK_AGAIN, EV_MISTAKE, EV_BATCH, EV_BATCH_CANCEL, EV_REPLAY } kind;
    int what; /* fax, batch, call or modem */
    struct fw_msg msg;
};

struct world {
    bool trace;
    struct sim_report *report;
    char dir[64];
    struct fw_store *store;
    struct fw_queue *queue;
    int64_t accounts[2];
    struct sim_fax faxes[FAXES_MAX];
    struct sim_call calls[CALLS_MAX];
    struct sim_event *events[EVENTS_MAX];
    struct sim_batch batches[BATCHES_MAX];
    int fax_count, batch_count, call_count, event_count, in_call;
    int numbers[NUMBERS]; /* their manners */
    int number_calls[NUMBERS], application_calls[APPLICATIONS];
    int64_t number_free_us[NUMBERS];
    int number_busy_left[NUMBERS];
    int people[2][NUMBERS]; /* calls that may look answered by one */
    uint64_t seq;
    unsigned lost, late, twice, false_words; /* messages in a thousand */
    unsigned crash_points;                   /* in a thousand moments at which a crash is worst */
    unsigned cuts;                           /* in a thousand writes, in which the power goes */
    unsigned cancel_points;                  /* in a thousand moments at which a cancel crosses something */
    unsigned crossings;                      /* in a thousand calls that begin, with a cancel of another fax */
    bool line_up, calm, wall_moved, unread;
    bool down;    /* the queue is; its children live a moment longer */
    bool in_turn, cut;
    bool tells; /* webhooks */
    int64_t told_since_us, told_ended_us; /* since when there is a notifier, and when a try last ended */
    int64_t idle_us;   /* since when nobody is in a call, and somebody could be; 0: not now */
    unsigned looked;   /* faults of the disk, when the queue last looked by itself */
    struct sim_receiver receivers[RECEIVERS];
    int failover[APPLICATIONS]; /* the receiver that is told when its own does not take it; 0: none */
    struct sim_try tries[TRIES_MAX];
    struct sim_replay replays[REPLAYS_MAX];
    int try_count, replay_count;
    uint64_t writes;   /* at the last look */
    int64_t calls_max; /* of an account at the same time; 0: any number */
};

void world_fault(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_note(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_later(struct world *w, int64_t delay_us, int kind, int what, const struct fw_msg *msg);
void world_crash_point(struct world *w);
void world_cancel_point(struct world *w, int fax, int64_t within_us);

/* accept.c: clients. */
void accept_fax(struct world *w, int fax);
void accept_batch(struct world *w, int batch);
void look_at_batch(struct world *w, struct sim_batch *b); /* which of its faxes are written */
void cancel_fax(struct world *w, int fax);
void cancel_batch(struct world *w, int batch);
void draw_fax(struct world *w, struct sim_fax *f);
void draw_batches(struct world *w);

/* far.c: the line, the modems and the far ends. */
void far_message(struct world *w, const struct fw_msg *msg); /* from the queue */
void far_step(struct world *w, int call);
void far_tell(struct world *w, const struct fw_msg *msg);    /* arrives at the queue */
void far_outlive(struct world *w);                           /* the parent was killed, and nobody hears them; then */
void far_all_gone(struct world *w);                          /* its children end, too */
void far_modem_gone(struct world *w, int modem);
void far_line_gone(struct world *w);

/* told.c: the notifier, and receivers of webhooks. */
void told_start(struct world *w);
void told_stop(void);
void told_close(void);
void told_wake(void);
bool told_run(const struct world *w);    /* it had something to do */
int64_t told_due(const struct world *w); /* when it has; INT64_MAX: never */

void told_replay(struct world *w, int fax); /* a client asks for one of its events */

/* check_told.c */
struct sim_try *check_told_begins(struct world *w, int fax, const struct fw_delivery *d, struct fw_wall now,
                                  int receiver);
void check_told_ends(struct world *w, struct sim_try *t, int status, bool broken);
void check_replayed(struct world *w, int fax, int64_t seq, enum fw_err err);
void check_told_all(struct world *w, int fax);
/* check_log.c: the log of webhooks, and what their receivers saw. */
void check_log(struct world *w);
int told_tries_max(const struct world *w, const struct sim_fax *f); /* of a webhook */

/* check.c */
void check_placed(struct world *w, const struct fw_msg_call_place *p, struct sim_fax *f);
void check_told(struct world *w, const struct fw_msg *msg); /* the queue will hear it next */
void check_step(struct world *w);
void check_end(struct world *w);
void check_sent(struct world *w, const struct sim_call *c); /* it begins to send a page */

/* check_past.c: the calls and events of a fax, as they are written. */
void check_batch(struct world *w, struct sim_batch *b);
void check_past(struct world *w, struct sim_fax *f, const struct fw_fax *stored);
void check_mistake(struct world *w, struct sim_fax *f); /* somebody would change its status as nobody may */
bool check_may_become(enum fw_status from, enum fw_status to);
struct sim_fax *check_fax_of_call(struct world *w, const char *call, struct sim_call **ret);
void hash_bytes(struct world *w, const void *data, size_t size);
#endif
