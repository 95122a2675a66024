/* slot.h - the place of one call in the modem, and who may touch the call now.
 *
 * A slot that is busy belongs to a worker; the loop keeps what it is told for later. What a worker
 * reports goes through the mailbox, in order and before the letter that gives the slot back.
 */
#ifndef FW_MODEM_SLOT_H
#define FW_MODEM_SLOT_H
#include "base/clock.h"
#include "base/pcap.h"
#include "base/mailbox.h"
#include "modem/call.h"
#include "modem/pool.h"

enum { FW_SLOT_SWITCHES_MAX = 4 }; /* that come while a slot is busy */

enum fw_task { FW_TASK_OPEN, FW_TASK_WORK, FW_TASK_CLOSE };

/* What a worker tells the loop. */
struct fw_letter {
    uint32_t slot;
    bool done; /* else `msg` is for the parent */
    struct fw_msg msg;
};

struct fw_slot {
    struct fw_job job;
    uint32_t index;
    struct fw_mailbox *mailbox;
    fw_modem_report *report; /* of the loop */
    void *report_arg;
    uint32_t page_bytes_max;

    bool taken; /* a call is here, or is about to be */
    bool busy;  /* with a worker */
    bool eager; /* its call is, and it is with the loop */
    enum fw_task task;
    char id[FW_CALL_ID_SIZE];
    struct fw_modem_call *call; /* NULL while it is opened */
    struct fw_msg_media_open open;
    int fd; /* to be opened with */
    struct fw_pcap trace; /* that came while it was busy */

    bool closing;
    uint32_t switch_count;
    struct fw_msg_media_switch switches[FW_SLOT_SWITCHES_MAX];
    bool pending_told, pending; /* the last word on it that came while busy */
    uint32_t missed;       /* ticks while it was busy */
    struct fw_mono missed_at; /* when the first of them was due */
    int watched;           /* epoll that has its socket; -1: none */
};

/* Hands the slot to a worker. */
void fw_slot_start(struct fw_slot *s, struct fw_pool *pool, enum fw_task task);
/* The packets of its call go there from now on, or from when a worker gives it back. Takes `trace` over;
 * `s` NULL: there is no such call. */
void fw_slot_trace(struct fw_slot *s, struct fw_pcap trace);
/* The worker gave it back. False: there is no call any more. */
bool fw_slot_finish(struct fw_slot *s);
#endif
