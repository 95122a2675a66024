/* keeper.c - one thread, one queue, one line in the log for each fax. */
#include "carrier/keeper.h"
#include "base/log.h"
#include "base/mailbox.h"
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { WAITING_MAX = 512 };

struct item {
    struct fw_carrier_mail mail;
    struct fw_wall at;
    bool last; /* no mail: the thread ends */
};

struct fw_carrier_keeper {
    const struct fw_carrier_mailbox *box;
    struct fw_mailbox *queue;
    pthread_t thread;
    atomic_uint waiting;
};

static void keep(const struct fw_carrier_mailbox *box, const struct item *item)
{
    char path[FW_CARRIER_PATH_SIZE];
    const struct fw_carrier_mail *m = &item->mail;
    const enum fw_err err = fw_carrier_mailbox_keep(box, m, item->at, path);
    fw_log(err ? FW_LOG_ERROR : FW_LOG_INFO, "carrier.fax",
           "call=%s to=%s transport=%s pages=%u t30=%d whole=%d err=%s path=%s", m->hash, m->to,
           m->transport ? m->transport : "", m->page_count, m->t30_code, m->whole, fw_err_text(err),
           FW_LOG_TEXT(path));
}

static void *run(void *arg)
{
    struct fw_carrier_keeper *k = arg;
    for (;;) {
        struct item item;
        struct pollfd p = { .fd = fw_mailbox_fd(k->queue), .events = POLLIN };
        poll(&p, 1, -1);
        while (fw_mailbox_take(k->queue, &item)) {
            if (item.last)
                return NULL;
            keep(k->box, &item);
            atomic_fetch_sub(&k->waiting, 1);
        }
    }
}

enum fw_err fw_carrier_keeper_new(const struct fw_carrier_mailbox *box,
                                  struct fw_carrier_keeper **ret)
{
    struct fw_carrier_keeper *k = calloc(1, sizeof *k);
    if (!k || fw_mailbox_new(sizeof(struct item), &k->queue)) {
        free(k);
        return FW_NO_MEMORY;
    }
    k->box = box;
    if (pthread_create(&k->thread, NULL, run, k) != 0) {
        fw_mailbox_free(k->queue);
        free(k);
        return FW_NO_MEMORY;
    }
    *ret = k;
    return FW_OK;
}

void fw_carrier_keeper_free(struct fw_carrier_keeper *k)
{
    if (!k)
        return;
    const struct item last = { .last = true };
    while (fw_mailbox_put(k->queue, &last))
        poll(NULL, 0, 10); /* no memory just now; the thread is giving some back */
    pthread_join(k->thread, NULL);
    fw_mailbox_free(k->queue);
    free(k);
}

void fw_carrier_keeper_put(struct fw_carrier_keeper *k, const struct fw_carrier_mail *mail)
{
    const struct item item = { .mail = *mail, .at = fw_wall_now() };
    if (atomic_fetch_add(&k->waiting, 1) < WAITING_MAX && fw_mailbox_put(k->queue, &item) == FW_OK)
        return;
    atomic_fetch_sub(&k->waiting, 1);
    keep(k->box, &item);
}
