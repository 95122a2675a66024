/* The jobs of a slot, and where its reports go. */
#include "modem/slot.h"

/* There is no way to go on when a fact cannot be told: the journal has it, the process ends. */
static void post(struct fw_slot *s, const struct fw_letter *letter)
{
    fw_assert(fw_mailbox_put(s->mailbox, letter) == FW_OK);
}

static void report(void *arg, const struct fw_msg *msg)
{
    struct fw_slot *s = arg;
    if (!s->busy) {
        s->report(s->report_arg, msg);
        return;
    }
    const struct fw_letter letter = { .slot = s->index, .msg = *msg };
    post(s, &letter);
}

static void run(struct fw_job *job)
{
    struct fw_slot *s = (struct fw_slot *)job; /* its first member */
    switch (s->task) {
    case FW_TASK_OPEN:
        /* Why it failed is in its FAX_RESULT. */
        if (fw_modem_call_new(&s->open, s->fd, s->page_bytes_max, report, s, &s->call))
            s->call = NULL;
        break;
    case FW_TASK_WORK:
        fw_modem_call_work(s->call, fw_mono_now());
        break;
    case FW_TASK_CLOSE:
        fw_modem_call_close(TAKE(s->call));
        break;
    }
    const struct fw_letter letter = { .slot = s->index, .done = true };
    post(s, &letter);
}

void fw_slot_start(struct fw_slot *s, struct fw_pool *pool, enum fw_task task)
{
    fw_assert(s->taken && !s->busy);
    s->busy = true;
    s->task = task;
    s->missed = 0;
    s->job.run = run;
    fw_pool_put(pool, &s->job);
}

void fw_slot_trace(struct fw_slot *s, struct fw_pcap trace)
{
    if (!s) {
        fw_pcap_close(&trace);
        return;
    }
    if (s->taken && !s->busy) {
        fw_modem_call_trace(s->call, trace);
        return;
    }
    fw_pcap_close(&s->trace);
    s->trace = trace;
}

bool fw_slot_finish(struct fw_slot *s)
{
    fw_assert(s->busy);
    s->busy = false;
    s->taken = s->call != NULL;
    if (s->taken && s->trace.fd >= 0) {
        fw_modem_call_trace(s->call, s->trace);
        s->trace.fd = -1;
    }
    fw_pcap_close(&s->trace);
    return s->taken;
}
