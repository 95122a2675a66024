/* A mailbox between threads: a list under a lock, and an eventfd that says when to look. */
#include "base/mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/file.h"

struct letter {
    struct letter *next;
    max_align_t    item[];
};

struct fw_mailbox {
    pthread_mutex_t lock;
    struct letter  *first, **last;
    size_t          item_size;
    int             fd;
};

enum fw_err fw_mailbox_new(size_t item_size, struct fw_mailbox **ret)
{
    struct fw_mailbox *m = calloc(1, sizeof *m);
    if (!m)
        return FW_NO_MEMORY;
    m->item_size = item_size;
    m->last = &m->first;
    m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (m->fd < 0) {
        free(m);
        return FW_IO;
    }
    pthread_mutex_init(&m->lock, NULL);
    *ret = m;
    return FW_OK;
}

void fw_mailbox_free(struct fw_mailbox *m)
{
    if (!m)
        return;
    while (m->first) {
        struct letter *l = m->first;
        m->first = l->next;
        free(l);
    }
    pthread_mutex_destroy(&m->lock);
    fw_fd_close(&m->fd);
    free(m);
}

enum fw_err fw_mailbox_put(struct fw_mailbox *m, const void *item)
{
    struct letter *l = malloc(sizeof *l + m->item_size);
    if (!l)
        return FW_NO_MEMORY;
    l->next = NULL;
    memcpy(l->item, item, m->item_size);
    pthread_mutex_lock(&m->lock);
    const bool was_empty = !m->first;
    *m->last = l;
    m->last = &l->next;
    if (was_empty) {
        const uint64_t one = 1;
        /* An eventfd of count 0 always takes a 1. */
        fw_assert(write(m->fd, &one, sizeof one) == sizeof one);
    }
    pthread_mutex_unlock(&m->lock);
    return FW_OK;
}

bool fw_mailbox_take(struct fw_mailbox *m, void *ret_item)
{
    pthread_mutex_lock(&m->lock);
    struct letter *l = m->first;
    if (l) {
        m->first = l->next;
        if (!m->first) {
            uint64_t count;
            m->last = &m->first;
            fw_assert(read(m->fd, &count, sizeof count) == sizeof count);
        }
    }
    pthread_mutex_unlock(&m->lock);
    if (!l)
        return false;
    memcpy(ret_item, l->item, m->item_size);
    free(l);
    return true;
}

int fw_mailbox_fd(const struct fw_mailbox *m) { return m->fd; }
