/* Whether a call is taken: everything that can speak against it is asked before it is answered,
 * because a call that was answered is one that the sender believes in.
 *
 * Causes: ITU-T Q.850; status codes: RFC 3261 clause 21.
 */
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "fax/fax_json.h"
#include "receive/inside.h"
#include "receive/rules.h"
#include "store/attempts.h"
#include "store/numbers.h"

/* Why not. Status 0: it is taken. */
struct refusal {
    int         status, q850;
    const char *text;
};

static const struct refusal taken_up = { 0, 0, "" };
static const struct refusal unknown = { 404, 1, "no application has this number" };
static const struct refusal inactive = { 480, 31, "the application of this number is not active" };
static const struct refusal limited = { 486, 17, "the application takes no more calls now" };
static const struct refusal full = { 503, 34, "every channel is in use" };
static const struct refusal store_trouble = { 503, 41, "the store cannot be read or written" };
static const struct refusal stopping = { 503, 41, "the service is being stopped" };
static const struct refusal disk_trouble = { 503, 42, "the disk is nearly full" };

/* Digits as trunks send them, to how numbers are kept. False: no number at all. */
static bool to_e164(const char *text, char ret[FW_E164_SIZE])
{
    size_t size = 1;
    const char *p = text[0] == '+' ? text + 1 : fw_text_starts(text, "00") ? text + 2 : text;
    ret[0] = '+';
    for (; *p; p++) {
        if (strchr(" -.()", *p))
            continue;
        if (*p < '0' || *p > '9' || size + 1 >= FW_E164_SIZE)
            return false;
        ret[size++] = *p;
    }
    ret[size] = '\0';
    return size > 1;
}

static enum fw_err find_number(struct fw_receive *r, const char *called, struct fw_number *ret)
{
    char number[FW_E164_SIZE];
    return to_e164(called, number) ? fw_store_number_find(r->config.store, number, ret) : FW_NOT_FOUND;
}

void fw_decide_route(struct fw_receive *r, const struct fw_msg_number_ask *m)
{
    struct fw_number number = { 0 };
    struct fw_msg route = { .kind = FW_MSG_KIND_NUMBER_ROUTE };
    const enum fw_err err = find_number(r, m->number, &number);
    const bool ours = err == FW_OK && number.application[0];
    route.number_route.serial = m->serial;
    route.number_route.later = (err && err != FW_NOT_FOUND) || (ours && !r->line_up);
    if (ours && r->line_up)
        route.number_route.sip_port = r->sip_port;
    fw_number_done(&number);
    r->port.send(r->port.arg, &route);
}

/* -1: none. */
static int channel_limit(const json_t *inbound)
{
    const json_t *limit = json_object_get(inbound, "channel_limit");
    return json_is_integer(limit) ? (int)json_integer_value(limit) : -1;
}

static int calls_of(const struct fw_receive *r, const char *application)
{
    int count = 0;
    for (int i = 0; i < r->taken_count; i++)
        count += r->taken[i]->phase == FW_TAKEN_CALL && strcmp(r->taken[i]->fax.application, application) == 0;
    return count;
}

/* The modem with the fewest calls among those up, -1 when all are full or down. */
static int choose_modem(const struct fw_receive *r)
{
    int best = -1;
    for (int m = 0; m < r->config.modem_count; m++) {
        if (r->modems[m].up && fw_seats_of(r->config.seats, m) < FW_CALLS_PER_MODEM &&
            (best < 0 || fw_seats_of(r->config.seats, m) < fw_seats_of(r->config.seats, best)))
            best = m;
    }
    return best;
}

/* A number that nobody has, on a trunk whose numbers all are one application's. */
static enum fw_err catch_all(struct fw_receive *r, const char *called, struct fw_number *ret)
{
    char number[FW_E164_SIZE];
    if (!to_e164(called, number))
        return FW_NOT_FOUND;
    const enum fw_err err = fw_store_number_catch_all(r->config.store, ret);
    if (!err)
        fw_text_clip(ret->number, sizeof ret->number, number);
    return err;
}

/* What the application says of calls that come in; zeroed before. */
struct said {
    json_t *inbound; /* owned, or NULL */
    char    ident[FW_IDENT_MAX + 1];
};

static void said_done(struct said *s) { json_decref(s->inbound); }

static struct refusal ask_application(struct fw_receive *r, const struct fw_number *number, const char *caller,
                                      struct said *ret)
{
    struct fw_application a = { 0 };
    struct refusal no = taken_up;
    const enum fw_err err = fw_store_application_get(r->config.store, number->account, number->application, &a);
    if (err)
        no = err == FW_NOT_FOUND ? unknown : store_trouble;
    else if (!a.active)
        no = inactive;
    if (!err) {
        ret->inbound = fw_rules_of_application(&a);
        fw_application_ident(&a, ret->ident);
    }
    if (!no.status) {
        const struct fw_rules_refusal rule = fw_rules_of_call(ret->inbound, caller, fw_wall_now());
        no = (struct refusal){ rule.status, rule.q850, rule.text };
    }
    const int limit = channel_limit(ret->inbound);
    if (!no.status && limit >= 0 && calls_of(r, number->application) >= limit)
        no = limited;
    fw_application_done(&a);
    return no;
}

static struct refusal judge(struct fw_receive *r, const struct fw_msg_call_incoming *m, struct fw_number *number,
                            int *ret_modem, struct said *ret)
{
    enum fw_err err = find_number(r, m->to, number);
    if (err == FW_NOT_FOUND)
        err = catch_all(r, m->to, number);
    if (err)
        return err == FW_NOT_FOUND ? unknown : store_trouble;
    if (!number->application[0])
        return unknown;
    const struct refusal no = ask_application(r, number, m->from, ret);
    if (no.status)
        return no;
    *ret_modem = choose_modem(r);
    if (*ret_modem < 0 || r->calls >= r->config.calls_max)
        return full;
    return fw_store_has_room(r->config.store, r->config.disk_free_min) ? taken_up : disk_trouble;
}

static enum fw_media_format format_of(const json_t *inbound)
{
    const char *text = json_string_value(json_object_get(inbound, "media_format"));
    return text && strcmp(text, "tiff") == 0 ? FW_FORMAT_TIFF : FW_FORMAT_PDF;
}

static void describe(const struct fw_msg_call_incoming *m, const struct fw_number *number, int modem,
                     struct fw_fax *ret)
{
    *ret = (struct fw_fax){ .account = number->account, .quality = FW_QUALITY_NORMAL, .t38_enabled = true,
                            .black_threshold = 95, .direction = FW_INBOUND, .status = FW_STATUS_INITIATED,
                            .modem = modem, .transport = -1, .attempts = 1 };
    char caller[FW_E164_SIZE];
    ret->created_at = ret->updated_at = ret->due = fw_wall_now();
    fw_uuid_new(ret->created_at, ret->id);
    fw_text_clip(ret->application, sizeof ret->application, number->application);
    fw_text_clip(ret->to, sizeof ret->to, number->number);
    fw_text_clip(ret->from, sizeof ret->from, m->from[0] == '+' && to_e164(m->from, caller) ? caller : m->from);
    if (!ret->from[0])
        fw_text_clip(ret->from, sizeof ret->from, "anonymous");
    if (fw_text_is_utf8(fw_span_of(m->display_name)))
        fw_text_clip(ret->from_display_name, sizeof ret->from_display_name, m->display_name);
    fw_text_clip(ret->call, sizeof ret->call, m->call);
}

static void begin_attempt(const struct fw_msg_call_incoming *m, const struct fw_fax *fax, struct fw_fax_attempt *ret)
{
    *ret = (struct fw_fax_attempt){ .number = 1, .started_at = fax->created_at, .transport = -1, .t30_code = -1 };
    fw_text_clip(ret->fax, sizeof ret->fax, fax->id);
    fw_text_clip(ret->call, sizeof ret->call, fax->call);
    fw_text_clip(ret->trunk, sizeof ret->trunk, m->trunk);
    (void)!fw_fax_attempt_record(ret, json_pack("{ss}", "source", m->source));
}

/* The rows are there before the call is answered. */
static enum fw_err write_rows(struct fw_receive *r, const struct fw_msg_call_incoming *m, struct fw_fax *fax,
                              const struct fw_fax_attempt *attempt)
{
    struct fw_event first = { 0 };
    enum fw_err err = fw_store_account_user(r->config.store, fax->account, fax->user_id);
    if (!err)
        err = fw_event_make(fax, FW_EVENT_INCOMING, fax->created_at,
                            json_pack("{ss ss ss}", "trunk", m->trunk, "source", m->source, "call", m->call), &first);
    if (!err)
        err = fw_store_fax_take(r->config.store, fax, &first, attempt);
    fw_event_done(&first);
    return err;
}

static void refuse(struct fw_receive *r, const struct fw_msg_call_incoming *m, const struct refusal *no)
{
    struct fw_msg msg = { .kind = FW_MSG_KIND_CALL_REFUSE };
    fw_text_clip(msg.call_refuse.call, sizeof msg.call_refuse.call, m->call);
    msg.call_refuse.sip_status = (uint16_t)no->status;
    msg.call_refuse.q850 = (uint16_t)no->q850;
    fw_text_clip(msg.call_refuse.text, sizeof msg.call_refuse.text, no->text);
    fw_log(FW_LOG_INFO, "call.refused", "call=%s to=%s from=%s trunk=%s status=%d why=%s", FW_LOG_TEXT(m->call),
           FW_LOG_TEXT(m->to), FW_LOG_TEXT(m->from), FW_LOG_TEXT(m->trunk), no->status, FW_LOG_TEXT(no->text));
    r->port.send(r->port.arg, &msg);
}

/* -1: not asked for, or not possible; the call is taken all the same. */
static int trace_of(struct fw_receive *r, struct fw_taken *t)
{
    int fd = -1;
    if (!t->fax.trace || !r->port.send_with)
        return -1;
    const enum fw_err err = fw_store_trace_create(r->config.store, t->fax.id, 1,
                                                  r->config.disk_free_min + r->config.trace_bytes_max, &fd);
    if (err)
        fw_log(FW_LOG_WARN, "trace.none", "fax=%s error=%s", t->fax.id, FW_LOG_TEXT(fw_err_text(err)));
    (void)!fw_fax_attempt_record(&t->attempt, json_pack("{sb}", "trace", !err));
    return fd;
}

static void accept_call(struct fw_receive *r, struct fw_taken *t)
{
    const int trace = trace_of(r, t);
    struct fw_msg msg = { .kind = FW_MSG_KIND_CALL_ACCEPT };
    struct fw_msg_call_accept *a = &msg.call_accept;
    fw_text_clip(a->call, sizeof a->call, t->fax.call);
    a->modem = (uint8_t)t->fax.modem;
    fw_text_clip(a->ident, FW_IDENT_MAX + 1, t->ident[0]   ? t->ident
                                              : r->ident[0] ? r->ident
                                                            : t->fax.to);
    a->ecm = 1;
    a->t38_enabled = t->fax.t38_enabled;
    a->answer_delay_ms = (uint32_t)r->config.limits.ms[FW_LIMIT_ANSWER];
    a->call_limit_ms = (uint32_t)r->config.limits.ms[FW_LIMIT_CALL];
    fw_log(FW_LOG_INFO, "call.taken", "fax=%s call=%s to=%s modem=%d", t->fax.id, t->fax.call,
           FW_LOG_TEXT(t->fax.to), t->fax.modem);
    a->trace_bytes_max = trace < 0 ? 0 : r->config.trace_bytes_max;
    if (trace < 0)
        r->port.send(r->port.arg, &msg);
    else
        r->port.send_with(r->port.arg, &msg, trace);
}

void fw_decide_incoming(struct fw_receive *r, const struct fw_msg_call_incoming *m)
{
    struct fw_number number = { 0 };
    struct fw_fax fax = { 0 };
    struct fw_fax_attempt attempt CLEANUP(fw_fax_attempt_done) = { 0 };
    struct fw_taken *t = NULL;
    int modem = -1;
    if (!fw_uuid_valid(m->call))
        return;
    struct said said CLEANUP(said_done) = { 0 };
    struct refusal no = r->draining ? stopping : judge(r, m, &number, &modem, &said);
    if (!no.status) {
        describe(m, &number, modem, &fax);
        fax.media_format = format_of(said.inbound);
        fax.trace = json_is_true(json_object_get(said.inbound, "trace"));
        begin_attempt(m, &fax, &attempt);
        enum fw_err err = write_rows(r, m, &fax, &attempt);
        if (!err)
            err = fw_taken_add(r, &fax, &t);
        no = !err ? taken_up : err == FW_NOT_FOUND ? unknown : store_trouble;
    }
    fw_number_done(&number);
    fw_fax_done(&fax);
    if (no.status) {
        refuse(r, m, &no);
        return;
    }
    t->rules = TAKE(said.inbound);
    fw_text_clip(t->ident, sizeof t->ident, said.ident);
    t->attempt = attempt;
    attempt.record = NULL;
    fw_call_begun(r, t);
    accept_call(r, t);
}
