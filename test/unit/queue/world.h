/* world.h - what the queue's tests share: a real store, and messages as line and modem send them. */
#ifndef FW_TEST_QUEUE_WORLD_H
#define FW_TEST_QUEUE_WORLD_H
#include <pthread.h>
#include <stdatomic.h>

#include "queue/queue.h"
#include "test.h"

enum { PAGES = 3 };

struct world {
    char             dir[64];
    struct fw_store *store;
    struct fw_queue *queue;
    int64_t          account;
    int              calls_per_number, gap_ms; /* of the next open_world; 0: any, none */
    pthread_mutex_t  lock;
    pthread_cond_t   changed;
    struct fw_msg    placed[64];
    int              placed_count;
    int              cancels, closes; /* CALL_CANCEL and MEDIA_CLOSE sent */
    char             canceled[FW_CALL_ID_SIZE]; /* the last one */
    int              preparing;       /* times that documents were begun */
    atomic_bool      hold;            /* documents take as long as this is set, or until stopped */
    struct fw_prepared prepared;      /* what they come to */
};

int  setup(void **state); /* for cmocka: *state is a struct world */
int  teardown(void **state);
void open_world(struct world *w);
void close_world(struct world *w);

void accept_fax(struct world *w, char id[FW_UUID_SIZE]);
/* As `f` says, whose other fields are filled in: account and application of the world's unless set. */
void accept_as(struct world *w, struct fw_fax f, char id[FW_UUID_SIZE]);
void add_application(struct world *w, int64_t account, const char *id, const char *settings);
/* Waits until it has that status. */
void has_status(struct world *w, const char *id, enum fw_status status);
struct fw_msg_call_place placed(struct world *w, int n); /* the n-th CALL_PLACE, counted from 1 */
struct fw_fax ended(struct world *w, const char *id);    /* waits for it */
void wait_for(struct world *w, const int *count, int n); /* until `*count`, of `w`, is n */
void negotiated(struct world *w, const char *call);
void result(struct world *w, const char *call, uint8_t modem, int code, uint32_t pages);
void call_ended(struct world *w, const char *call, uint8_t cause, uint16_t sip);
void check_events(struct world *w, const char *id, const char *expected);
/* As the modem left it that had the call; `code`: of T.30, -1: it did not come to an end. */
void leave_journal(struct world *w, const char *call, uint32_t pages, int code);
/* Closes all, leaves a journal of `pages` for the call, opens all again. */
void restart(struct world *w, const char *call, uint32_t pages, bool finished);
#endif
