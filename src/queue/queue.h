/* queue.h - takes every accepted fax to its end: media, call, outcome.
 *
 * One thread owns all decisions; it holds in memory the faxes that are worked on (documents, a call),
 * and writes a change to the store before it acts on it. Those that wait are rows of the store, which
 * says what is due next. Everything else leaves a note in its mailbox. A start settles the calls that
 * an earlier run left behind.
 */
#ifndef FW_QUEUE_H
#define FW_QUEUE_H
#include <stdatomic.h>

#include "fax/guard.h"
#include "fax/header_line.h"
#include "fax/pace.h"
#include "ipc/msg.h"
#include "ipc/seats.h"
#include "store/store.h"

/* What became of the documents of a fax; `stop` asks a running one to give up. */
struct fw_prepared {
    enum { FW_PREPARED_OK, FW_PREPARED_FAILED, FW_PREPARED_INTERRUPTED } result;
    int  page_count;
    char reason[FW_REASON_SIZE]; /* FAILED: of CONTRACT 4 */
    char detail[FW_TEXT_SIZE];
};

/* What the queue needs from other rooms; called from its own threads, may not call back. */
struct fw_queue_port {
    /* Blocking, on a media worker: documents in `dir` (or fetched) to `dir`/pages.tif. */
    void (*prepare)(void *arg, const struct fw_fax *fax, const char *dir, const atomic_bool *stop,
                    struct fw_prepared *ret);
    void (*send)(void *arg, const struct fw_msg *msg); /* to the line or a modem */
    void (*send_with)(void *arg, const struct fw_msg *msg, int fd); /* `fd` is taken over; only of traced calls */
    /* Makes `to` of the pages in the folder `dir` but the first `skip`, under `header` if that is not NULL. */
    enum fw_err (*put_pages)(const char *dir, const char *to, int skip, const struct fw_header_text *header);
    void *arg;
};

/* What may be called, and how much of it; read again while calls go on. */
struct fw_queue_rules {
    struct fw_guard guard;             /* numbers that are never called; texts are copied */
    int64_t quotas[FW_QUOTA_COUNT];    /* of accounts that have none of their own */
};

struct fw_queue_config {
    struct fw_store *store;
    const char *trunk;           /* name of the trunk that calls go to */
    const char *ident;           /* our TSI: up to 20 characters; empty: the fax's `from` */
    int         modem_count;
    struct fw_seats *seats;      /* shared with who takes calls; NULL: nobody does */
    int         media_workers;
    int         calls_max;       /* at the same time */
    int         calls_per_number; /* at the same time to one destination; 0: any number */
    int         number_gap_ms;   /* between two calls to one */
    struct fw_queue_rules rules;
    struct fw_limits limits;     /* WAIT and DOCUMENTS 0: none */
    uint32_t    trace_bytes_max; /* of the packets of one call */
    uint64_t    disk_free_min;   /* bytes that must be free for a trace */
};

struct fw_queue;

/* Recovers first (store, journals of the spool), so it must run before any modem is started. */
MUST_USE enum fw_err fw_queue_new(const struct fw_queue_config *config, const struct fw_queue_port *port,
                                  struct fw_queue **ret);
MUST_USE enum fw_err fw_queue_start(struct fw_queue *q);
/* What the thread does over and over: takes what was noted, acts on what is due. Returns the milliseconds
 * until it must be called again, INT_MAX when only a note can make a difference. For whoever drives the
 * queue without fw_queue_start: documents are then prepared inside of it. */
int fw_queue_turn(struct fw_queue *q);
/* From now on nobody is dialled and no document begun; drained once the calls in progress have been concluded. From
 * any thread. */
void fw_queue_drain(struct fw_queue *q);
MUST_USE bool fw_queue_drained(const struct fw_queue *q);
/* Decides nothing any more, waits for the workers. Calls in progress stay as the store has them. */
void fw_queue_stop(struct fw_queue *q);
void fw_queue_free(struct fw_queue *q); /* NULL is fine */

/* Something else that the threads of documents do, in order, while no fax waits for one; a fax that comes
 * interrupts it, and it is begun again later. One thread at least is left to faxes if there are several. */
struct fw_queue_chore {
    /* Blocking; gives up soon once `stop`. True: it did, and is to be done again. */
    bool (*run)(void *arg, const atomic_bool *stop);
    void (*drop)(void *arg); /* frees `arg`, whether it was done or not */
    void *arg;
};
enum { FW_QUEUE_CHORES_MAX = 64 };
/* FW_LIMIT: so many wait already; `drop` is not called then. From any thread, between start and stop. */
MUST_USE enum fw_err fw_queue_chore(struct fw_queue *q, const struct fw_queue_chore *chore);

/* From any thread. */
/* From the next call on. FW_NO_MEMORY: the old ones stay. */
MUST_USE enum fw_err fw_queue_obey(struct fw_queue *q, const struct fw_queue_rules *rules);
void fw_queue_accepted(struct fw_queue *q, const char *fax); /* or a batch */
/* The store has the wish already (fw_store_fax_cancel or _delete); here is when it is acted upon. */
void fw_queue_cancel(struct fw_queue *q, const char *fax); /* empty: several */
void fw_queue_message(struct fw_queue *q, const struct fw_msg *msg);
void fw_queue_line(struct fw_queue *q, bool up);
void fw_queue_modem(struct fw_queue *q, uint8_t modem, bool up);
/* So many calls, in and out, the trunks take at the same time; 0: any number. Faxes beyond wait here, not in the
 * line, which gives a call up that finds no channel for two minutes. */
void fw_queue_channels(struct fw_queue *q, uint32_t count);
/* How fast it goes. From any thread. */
void fw_queue_pace(const struct fw_queue *q, struct fw_pace *ret);
/* `<documents>/spool/modem-<index>`, made; where that modem finds and leaves its files. */
MUST_USE enum fw_err fw_queue_spool_dir(const char *documents_dir, int modem, char *dst, size_t dst_size);
#endif
