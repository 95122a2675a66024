/* The other side of the queue's messages: a line, two modems, and fax machines of every manner. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "world.h"

enum { STEP_INVITE, STEP_ANSWER, STEP_BEGIN, STEP_PAGE, STEP_RESULT };

static struct sim_call *find(struct world *w, const char *id)
{
    for (int i = w->call_count - 1; i >= 0; i--) {
        if (strcmp(w->calls[i].id, id) == 0)
            return &w->calls[i];
    }
    return NULL;
}

static int index_of(const struct world *w, const struct sim_call *c)
{
    return (int)(c - w->calls);
}

/* On its way to the queue: it takes a moment, overtakes others, and is late, told twice or lost sometimes. Returns
 * when it arrives, 0: never. */
static int64_t tell(struct world *w, const struct fw_msg *msg)
{
    int64_t delay_us = (int64_t)env_draw(20000);
    if (w->down || (!w->calm && env_chance(w->lost))) {
        world_note(w, "lost %s", fw_msg_text(msg->kind));
        return 0;
    }
    if (!w->calm && env_chance(w->late))
        delay_us += (int64_t)env_draw(15 * SECOND);
    world_later(w, delay_us, EV_TELL, 0, msg);
    if (!w->calm && env_chance(w->twice))
        world_later(w, delay_us + 1 + (int64_t)env_draw(10 * SECOND), EV_TELL, 0, msg);
    return delay_us + 1;
}

/* A modem is fed by strangers: what it says besides its first account, or of a call of the other modem's, is not so. */
static bool tell_falsely(struct world *w, const struct sim_call *c, int64_t delay_us, uint8_t modem)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_RESULT };
    fw_text_clip(m.fax_result.call, sizeof m.fax_result.call, c->id);
    m.fax_result.modem = modem;
    m.fax_result.t30_code = env_chance(700) ? 0 : 49;
    m.fax_result.page_count = (uint32_t)(m.fax_result.t30_code ? env_draw(9) : (uint64_t)c->pages);
    if (w->calm || !env_chance(w->false_words))
        return false;
    world_later(w, delay_us, EV_TELL, 0, &m);
    return true;
}

/* Neither the line nor a modem works on it any more: the number is free. */
static void over(struct world *w, struct sim_call *c)
{
    if (c->line_has || c->modem_has || !c->step)
        return;
    const struct sim_fax *f = &w->faxes[c->fax];
    c->step = 0;
    w->in_call--;
    w->number_calls[f->number]--;
    w->application_calls[f->application]--;
    fw_journal_free(c->journal);
    c->journal = NULL;
}

/* Most is lost by a crash in a call that goes on where another one broke. */
static void crash_point(struct world *w, const struct sim_call *c)
{
    for (int chances = c->first > 0 ? 12 : 1; chances > 0; chances--)
        world_crash_point(w);
}

static void tell_ended(struct world *w, struct sim_call *c, uint8_t cause, uint16_t sip)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_CALL_ENDED };
    if (!c->line_has)
        return;
    crash_point(w, c);
    fw_text_clip(m.call_ended.call, sizeof m.call_ended.call, c->id);
    m.call_ended.cause = cause;
    m.call_ended.sip_status = sip;
    c->line_has = false;
    if (c->telling != LINE_IS_MUTE || !c->journal || cause == FW_CAUSE_CANCELED || cause == FW_CAUSE_MODEM_LOST)
        (void)tell(w, &m);
    over(w, c);
}

static void tell_result(struct world *w, struct sim_call *c, int code)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_RESULT };
    if (!c->modem_has)
        return;
    if (fw_journal_end(c->journal, code, (uint32_t)c->confirmed))
        world_fault(w, "the simulation cannot write a journal");
    if (code == 0 && c->confirmed == c->pages)
        w->faxes[c->fax].complete = true;
    fw_text_clip(m.fax_result.call, sizeof m.fax_result.call, c->id);
    m.fax_result.modem = c->modem;
    m.fax_result.t30_code = code;
    m.fax_result.page_count = (uint32_t)c->confirmed;
    m.fax_result.bit_rate = 14400;
    c->modem_has = false;
    crash_point(w, c);
    const int64_t arrives_us = c->telling != MODEM_IS_MUTE || !c->line_has ? tell(w, &m) : 0;
    if (arrives_us && tell_falsely(w, c, arrives_us + (int64_t)env_draw(4 * SECOND), c->modem))
        c->telling = LINE_IS_MUTE; /* else the call is over before it is heard */
    w->people[w->faxes[c->fax].application == 2][w->faxes[c->fax].number] += code == 2 || c->confirmed == 0;
    world_cancel_point(w, c->fax, 20000);
    over(w, c);
}

static void step_later(struct world *w, struct sim_call *c, int step, int64_t delay_us)
{
    c->step = step + 1;
    world_later(w, delay_us, EV_STEP, index_of(w, c), NULL);
}

static void invite(struct world *w, struct sim_call *c)
{
    struct fw_msg ringing = { .kind = FW_MSG_KIND_CALL_PROGRESS };
    static const uint16_t refusals[MANNERS] = { [BUSY] = 486, [UNALLOCATED] = 404, [DECLINES] = 603, [CONGESTED] = 503 };
    const int number = w->faxes[c->fax].number;
    if (c->manner == BUSY_THEN_GOOD && w->number_busy_left[number]-- > 0) {
        tell_ended(w, c, FW_CAUSE_REJECTED, 486);
        return;
    }
    if (refusals[c->manner]) {
        tell_ended(w, c, FW_CAUSE_REJECTED, refusals[c->manner]);
        return;
    }
    fw_text_clip(ringing.call_progress.call, sizeof ringing.call_progress.call, c->id);
    ringing.call_progress.sip_status = 180;
    (void)tell(w, &ringing);
    step_later(w, c, STEP_ANSWER, c->manner == NO_ANSWER ? RING_TIMEOUT_MS * 1000LL : 3 * SECOND);
}

static void answer(struct world *w, struct sim_call *c)
{
    struct fw_msg answered = { .kind = FW_MSG_KIND_CALL_ANSWERED }, way = { .kind = FW_MSG_KIND_CALL_TRANSPORT };
    char path[256];
    if (c->manner == NO_ANSWER) {
        tell_ended(w, c, FW_CAUSE_RING_TIMEOUT, 487);
        return;
    }
    snprintf(path, sizeof path, "%s/spool/modem-%d/%s.journal", w->dir, c->modem, c->id);
    if (fw_journal_new(path, &c->journal))
        world_fault(w, "the simulation cannot make a journal");
    c->modem_has = true;
    fw_text_clip(answered.call_answered.call, sizeof answered.call_answered.call, c->id);
    (void)tell(w, &answered);
    fw_text_clip(way.call_transport.call, sizeof way.call_transport.call, c->id);
    way.call_transport.transport = c->t38 ? FW_TRANSPORT_T38 : FW_TRANSPORT_AUDIO;
    (void)tell(w, &way);
    crash_point(w, c);
    step_later(w, c, STEP_BEGIN, c->manner == HUMAN ? 35 * SECOND : 5 * SECOND);
}

static void begin(struct world *w, struct sim_call *c)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_FAX_NEGOTIATED };
    int code = 0;
    if (c->manner == HUMAN)
        code = 2;
    else if (c->manner == NO_ROOM && env_chance(700))
        code = 47;
    else if ((c->manner == T38_BAD && c->t38) || (c->manner == V17_BAD && c->v17))
        code = 6;
    if (code) {
        tell_result(w, c, code);
        tell_ended(w, c, FW_CAUSE_DONE, 200);
        return;
    }
    fw_text_clip(m.fax_negotiated.call, sizeof m.fax_negotiated.call, c->id);
    m.fax_negotiated.modem = c->modem;
    m.fax_negotiated.bit_rate = 14400;
    m.fax_negotiated.ecm = 1;
    c->underway = true;
    (void)tell(w, &m);
    (void)tell_falsely(w, c, (int64_t)env_draw(60 * SECOND), !c->modem);
    world_cancel_point(w, c->fax, 60 * SECOND);
    check_sent(w, c);
    step_later(w, c, STEP_PAGE, 20 * SECOND);
}

static void page(struct world *w, struct sim_call *c)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_PAGE_CONFIRMED };
    if (c->drop_after >= 0 && c->confirmed >= c->drop_after) { /* in the middle of a page */
        tell_result(w, c, c->says_bye ? 0 : 49);
        tell_ended(w, c, c->says_bye ? FW_CAUSE_DONE : FW_CAUSE_REMOTE_HANGUP, 200);
        return;
    }
    c->confirmed++;
    w->faxes[c->fax].confirmed[c->first + c->confirmed - 1]++;
    if (fw_journal_page(c->journal, (uint32_t)c->confirmed))
        world_fault(w, "the simulation cannot write a journal");
    fw_text_clip(m.page_confirmed.call, sizeof m.page_confirmed.call, c->id);
    m.page_confirmed.modem = c->modem;
    m.page_confirmed.page_count = (uint32_t)c->confirmed;
    (void)tell(w, &m);
    crash_point(w, c);
    check_sent(w, c);
    step_later(w, c, c->confirmed < c->pages ? STEP_PAGE : STEP_RESULT, 20 * SECOND);
}

static bool hangs_up(const struct sim_call *c)
{
    return c->drop_after == c->confirmed && !c->says_bye;
}

void far_step(struct world *w, int call)
{
    struct sim_call *c = &w->calls[call];
    const int step = c->step - 1;
    if (step < 0 || (step <= STEP_ANSWER ? !c->line_has : !c->modem_has))
        return;
    switch (step) {
    case STEP_INVITE: invite(w, c); break;
    case STEP_ANSWER: answer(w, c); break;
    case STEP_BEGIN: begin(w, c); break;
    case STEP_PAGE: page(w, c); break;
    default: /* it hangs up when all has arrived, or says goodbye */
        tell_result(w, c, hangs_up(c) ? 49 : 0);
        tell_ended(w, c, hangs_up(c) ? FW_CAUSE_REMOTE_HANGUP : FW_CAUSE_DONE, 200);
        break;
    }
}

static int fax_of(const struct world *w, const char *id)
{
    for (int i = 0; i < w->fax_count; i++) {
        if (strcmp(w->faxes[i].id, id) == 0)
            return i;
    }
    return -1;
}

static void place(struct world *w, const struct fw_msg_call_place *p)
{
    if (w->call_count == CALLS_MAX || !w->line_up)
        return;
    struct sim_call *c = &w->calls[w->call_count];
    const struct fw_live *l = fw_live_by_call(w->queue, p->call);
    const int fax = l ? fax_of(w, l->fax.id) : -1;
    if (fax < 0) {
        world_fault(w, "a call of no fax was placed: %s", p->call);
        return;
    }
    struct sim_fax *f = &w->faxes[fax];
    check_placed(w, p, f);
    w->call_count++;
    *c = (struct sim_call){ .fax = fax, .modem = p->modem, .t38 = p->t38_enabled, .v17 = !p->slow,
                            .pages = (int)p->page_count, .first = f->pages - (int)p->page_count,
                            .drop_after = -1, .line_has = true, .disturbed = w->lost > 0 };
    fw_text_clip(c->id, sizeof c->id, p->call);
    c->manner = (enum manner)w->numbers[f->number];
    if (c->manner == MOODY)
        c->manner = (enum manner)env_draw(MOODY);
    if (c->manner == DROPS || c->manner == EARLY_BYE)
        c->drop_after = (int)env_draw((uint64_t)f->pages + 1);
    c->says_bye = c->manner == EARLY_BYE;
    if (env_chance(w->late))
        c->telling = env_chance(500) ? LINE_IS_MUTE : MODEM_IS_MUTE;
    w->in_call++;
    w->number_calls[f->number]++;
    w->application_calls[f->application]++;
    f->calls++;
    step_later(w, c, STEP_INVITE, 200000);
    crash_point(w, c);
    world_cancel_point(w, fax, 5 * SECOND);
}

void far_message(struct world *w, const struct fw_msg *msg)
{
    struct sim_call *c;
    hash_bytes(w, &msg->kind, sizeof msg->kind);
    if (w->cut)
        return; /* it is dead, and does not know it yet */
    world_note(w, "queue says %s", fw_msg_text(msg->kind));
    if (!w->calm && env_chance(w->lost)) {
        world_note(w, "and it is lost");
        return;
    }
    if (msg->kind == FW_MSG_KIND_CALL_PLACE) {
        hash_bytes(w, &msg->call_place, sizeof msg->call_place);
        place(w, &msg->call_place);
    } else if (msg->kind == FW_MSG_KIND_CALL_CANCEL && (c = find(w, msg->call_cancel.call)) != NULL) {
        c->disturbed = true;
        tell_ended(w, c, FW_CAUSE_CANCELED, 487);
        if (c->modem_has)
            tell_result(w, c, 49);
    } else if (msg->kind == FW_MSG_KIND_MEDIA_CLOSE && (c = find(w, msg->media_close.call)) != NULL) {
        c->disturbed = true;
        tell_result(w, c, 49);
    }
}

static void disturb(struct sim_call *c)
{
    c->disturbed |= c->step != 0;
}

/* Some calls go on a little, and even end, before their programs see that nobody is there any more. */
void far_outlive(struct world *w)
{
    w->down = true;
    for (int i = 0; i < w->call_count; i++) {
        for (uint64_t steps = w->calls[i].step ? env_draw(4) : 0; steps > 0 && w->calls[i].step; steps--)
            far_step(w, i);
    }
    w->down = false;
}

void far_all_gone(struct world *w)
{
    for (int i = 0; i < w->call_count; i++) {
        w->calls[i].line_has = w->calls[i].modem_has = false;
        over(w, &w->calls[i]);
    }
    w->line_up = false;
}

void far_modem_gone(struct world *w, int modem)
{
    for (int i = 0; i < w->call_count; i++) {
        struct sim_call *c = &w->calls[i];
        if (c->modem != modem || !c->step)
            continue;
        c->modem_has = false;
        tell_ended(w, c, FW_CAUSE_MODEM_LOST, 200);
        over(w, c);
    }
}

/* Calls that were being set up are lost; where T.30 goes on, the modem and the far end do not notice. */
void far_line_gone(struct world *w)
{
    for (int i = 0; i < w->call_count; i++) {
        disturb(&w->calls[i]);
        w->calls[i].line_has = false;
        over(w, &w->calls[i]);
    }
    w->line_up = false;
}
