/* Two legs and what goes between them. */
#include "carrier/forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sip/edge.h"

enum {
    ASK_US = 10 * 1000 * 1000,   /* for the service to say whether it has the number */
    LEAVE_US = 10 * 1000 * 1000, /* for the end of a leg to be told */
    TEXT_MAX = 4096,             /* of a description */
};

enum { CALLER, CALLED };

struct side {
    struct fw_carrier_forward *of;
    struct fw_phone_leg *leg; /* NULL: not yet, or gone */
    bool up;                  /* answered */
};

struct fw_carrier_forward {
    struct fw_carrier_forward *next;
    struct fw_carrier *carrier;
    struct side sides[2];
    struct side *waits; /* whose re-INVITE the other side is to answer */
    uint32_t serial;    /* of the question; 0: it is answered */
    bool over;
    bool rang;
    struct fw_mono due; /* of the question, or of the end */
    char to[64], from[64], display_name[132], call_id[256];
    char sdp[TEXT_MAX];
};

static struct side *other(const struct side *s)
{
    return &s->of->sides[s == &s->of->sides[CALLER] ? CALLED : CALLER];
}

/* For the stack: NUL-terminated. False: longer than any description of ours. */
static bool text_of(struct fw_span sdp, char ret[TEXT_MAX])
{
    return sdp.size > 0 && fw_text_copy(ret, TEXT_MAX, sdp);
}

/* ---- the end ---- */

static void end_side(struct side *s, int status)
{
    if (!s->leg)
        return;
    if (s->up)
        fw_phone_hangup(s->leg);
    else if (s == &s->of->sides[CALLED])
        fw_phone_cancel(s->leg);
    else {
        fw_phone_refuse(s->leg, status, fw_phone_phrase(status), 0);
        s->leg = NULL;
    }
}

static void end(struct fw_carrier_forward *f, int status)
{
    if (f->over)
        return;
    f->over = true;
    f->due.us = f->carrier->now.us + LEAVE_US;
    end_side(&f->sides[CALLER], status);
    end_side(&f->sides[CALLED], status);
}

static void on_ended(void *arg)
{
    struct side *s = arg;
    s->leg = NULL;
    end(s->of, 480);
}

/* ---- between the legs ---- */

static void on_acked(void *arg)
{
    (void)arg;
}

static void on_progress(void *arg, int status)
{
    struct side *s = arg;
    struct side *caller = other(s);
    if (status < 180 || s->of->rang || !caller->leg || caller->up)
        return;
    s->of->rang = true;
    fw_phone_ring(caller->leg);
}

static void on_offered(void *arg, struct fw_span sdp)
{
    struct side *s = arg;
    struct fw_carrier_forward *f = s->of;
    char text[TEXT_MAX];
    if (f->waits || f->over || !other(s)->leg || !other(s)->up)
        fw_phone_refuse(s->leg, 491, fw_phone_phrase(491), 0);
    else if (!text_of(sdp, text))
        fw_phone_refuse(s->leg, 488, fw_phone_phrase(488), 0);
    else {
        f->waits = s;
        fw_phone_reinvite(other(s)->leg, text);
    }
}

/* True: it was an agreement. */
static bool pass_answer(struct side *to, int status, struct fw_span sdp)
{
    char text[TEXT_MAX];
    if (status < 300 && text_of(sdp, text)) {
        fw_phone_answer(to->leg, text);
        return true;
    }
    status = status < 300 ? 488 : status;
    fw_phone_refuse(to->leg, status, fw_phone_phrase(status), 0);
    return false;
}

static void on_reanswered(void *arg, int status, struct fw_span sdp)
{
    struct side *s = arg;
    struct fw_carrier_forward *f = s->of;
    struct side *to = other(s);
    if (s->up) {
        if (f->waits == to && to->leg)
            (void)pass_answer(to, status, sdp);
        f->waits = NULL;
        return;
    }
    if (status < 300)
        s->up = true;
    if (f->over) { /* our CANCEL crossed the answer */
        end_side(s, 480);
        return;
    }
    to->up = pass_answer(to, status, sdp);
    if (!to->up) {
        to->leg = NULL;
        end(f, status);
    }
}

static const struct fw_phone_port port = { .acked = on_acked,
                                           .progress = on_progress,
                                           .offered = on_offered,
                                           .reanswered = on_reanswered,
                                           .ended = on_ended };

/* ---- whose number is it ---- */

static void ask(struct fw_carrier_forward *f, const char *digits)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_NUMBER_ASK };
    m.number_ask.serial = f->serial;
    fw_text_clip(m.number_ask.number, sizeof m.number_ask.number, digits);
    fw_sip_send(f->carrier->sip, &m, -1);
}

static void *hold(struct fw_carrier *carrier, struct fw_phone_leg *leg, const struct fw_phone_invite *invite,
                  const char *digits)
{
    struct fw_carrier_forward *f = calloc(1, sizeof *f);
    if (!f || !text_of(invite->sdp, f->sdp)) {
        free(f);
        return fw_carrier_take(carrier, leg, invite);
    }
    f->carrier = carrier;
    for (int i = 0; i < 2; i++)
        f->sides[i].of = f;
    f->sides[CALLER].leg = leg;
    f->serial = ++carrier->ask_serial ? carrier->ask_serial : ++carrier->ask_serial;
    f->due.us = carrier->now.us + ASK_US;
    fw_text_clip(f->to, sizeof f->to, invite->to);
    fw_text_clip(f->from, sizeof f->from, invite->from);
    fw_text_clip(f->display_name, sizeof f->display_name, invite->display_name);
    fw_text_clip(f->call_id, sizeof f->call_id, invite->call_id);
    f->next = carrier->forwards;
    carrier->forwards = f;
    fw_phone_hand(leg, &port, &f->sides[CALLER]);
    ask(f, digits);
    return &f->sides[CALLER];
}

void *fw_forward_invite(void *arg, struct fw_phone_leg *leg, const struct fw_phone_invite *invite)
{
    struct fw_carrier *carrier = arg;
    char digits[FW_CARRIER_NUMBER_SIZE];
    if (carrier->options->channel < 0 || !fw_carrier_number(invite->to, digits) ||
        fw_far_end_find(digits)->number != FW_CARRIER_MAILBOX)
        return fw_carrier_take(carrier, leg, invite);
    return hold(carrier, leg, invite, digits);
}

/* Nobody in the service has it: a far end of ours answers. */
static void let_go(struct fw_carrier_forward *f)
{
    struct fw_phone_leg *leg = TAKE(f->sides[CALLER].leg);
    const struct fw_phone_invite invite = { .to = f->to, .from = f->from, .display_name = f->display_name,
                                            .call_id = f->call_id, .sdp = fw_span_of(f->sdp) };
    f->serial = 0;
    f->over = true;
    f->due.us = 0;
    if (leg)
        fw_phone_take_back(leg, fw_carrier_take(f->carrier, leg, &invite));
}

static void bring_back(struct fw_carrier_forward *f, uint16_t sip_port)
{
    char uri[128];
    f->serial = 0;
    snprintf(uri, sizeof uri, "sip:%s@127.0.0.1:%u", f->to, (unsigned)sip_port);
    const struct fw_phone_place place = { .uri = uri, .from = f->from, .display_name = f->display_name, .sdp = f->sdp };
    f->sides[CALLED].leg = fw_phone_place(f->carrier->phone, &port, &f->sides[CALLED], &place);
    fw_log(FW_LOG_INFO, "carrier.forward", "to=%s port=%u placed=%d", FW_LOG_TEXT(f->to), (unsigned)sip_port,
           f->sides[CALLED].leg != NULL);
    if (!f->sides[CALLED].leg)
        end(f, 503);
}

/* A far end of ours would take what is meant for the service. */
static void cannot_say(struct fw_carrier_forward *f)
{
    f->serial = 0;
    fw_log(FW_LOG_INFO, "carrier.forward", "to=%s later=1", FW_LOG_TEXT(f->to));
    end(f, 503);
}

void fw_forward_route(struct fw_carrier *carrier, const struct fw_msg_number_route *route)
{
    for (struct fw_carrier_forward *f = carrier->forwards; f; f = f->next) {
        if (f->serial == 0 || f->serial != route->serial || f->over)
            continue;
        if (route->later)
            cannot_say(f);
        else if (route->sip_port)
            bring_back(f, route->sip_port);
        else
            let_go(f);
        return;
    }
}

/* ---- time ---- */

void fw_forward_due(struct fw_carrier *carrier)
{
    for (struct fw_carrier_forward **at = &carrier->forwards; *at;) {
        struct fw_carrier_forward *f = *at;
        const bool due = f->due.us <= carrier->now.us;
        if (!f->over && f->serial && due)
            cannot_say(f);
        const bool gone = !f->sides[CALLER].leg && !f->sides[CALLED].leg;
        if (!f->over || (!gone && f->due.us > carrier->now.us)) {
            at = &f->next;
            continue;
        }
        for (int i = 0; i < 2; i++) {
            if (f->sides[i].leg)
                fw_phone_forget(f->sides[i].leg);
        }
        *at = f->next;
        free(f);
    }
}

void fw_forward_hangup_all(struct fw_carrier *carrier)
{
    for (struct fw_carrier_forward *f = carrier->forwards; f; f = f->next)
        end(f, 503);
}

void fw_forward_drop_all(struct fw_carrier *carrier)
{
    while (carrier->forwards) {
        struct fw_carrier_forward *f = carrier->forwards;
        carrier->forwards = f->next;
        free(f);
    }
}
