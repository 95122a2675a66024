/* Messages about a call as JSON. */
#include "ipc/call_record.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "fax/call.h"

static void add_fields(struct fw_fax_attempt *a, json_t *fields)
{
    if (fw_fax_attempt_record(a, fields))
        fw_log(FW_LOG_WARN, "attempt.record", "call=%s incomplete=1", a->call);
}

/* A new reference: the list of that name so far, or an empty one. */
static json_t *list_of(const struct fw_fax_attempt *a, const char *name)
{
    json_t *record = a->record ? json_loads(a->record, 0, NULL) : NULL;
    json_t *list = json_object_get(record, name);
    list = json_is_array(list) ? json_incref(list) : json_array();
    json_decref(record);
    return list;
}

static json_t *text_or_null(const char *text)
{
    return text[0] && fw_text_is_utf8(fw_span_of(text)) ? json_string(text) : json_null();
}

static const char *compression_text(unsigned compression)
{
    static const char *const texts[] = { "none", "MH", "MR", "MMR" };
    return compression < ARRAY_LEN(texts) ? texts[compression] : "unknown";
}

/* How often this page has gone over the line before. */
static int tries_of(const json_t *pages, uint32_t number)
{
    int count = 0;
    size_t i;
    json_t *one;
    json_array_foreach (pages, i, one)
        count += json_integer_value(json_object_get(one, "page")) == (json_int_t)number;
    return count;
}

static void take_page(struct fw_fax_attempt *a, const struct fw_msg_fax_page *p)
{
    json_t *pages = list_of(a, "pages");
    json_t *page = json_pack(
        "{sI si sb sI ss sI sI sI sI sI sI sI}", "page", (json_int_t)p->number, "try", tries_of(pages, p->number) + 1,
        "confirmed", p->confirmed != 0, "bit_rate", (json_int_t)p->bit_rate, "compression",
        compression_text(p->compression), "width", (json_int_t)p->width, "rows", (json_int_t)p->rows, "bytes",
        (json_int_t)p->bytes, "bad_rows", (json_int_t)p->bad_rows, "longest_bad_run", (json_int_t)p->longest_bad_run,
        "repeated_frames", (json_int_t)p->repeated_frames, "at_ms", (json_int_t)p->at_ms);
    if (json_array_append_new(pages, page) == 0)
        add_fields(a, json_pack("{sO}", "pages", pages));
    json_decref(pages);
}

static void take_progress(struct fw_fax_attempt *a, const struct fw_msg_call_progress *p)
{
    if (p->sip_status == 0)
        return;
    json_t *codes = list_of(a, "sip_progress");
    if (json_array_append_new(codes, json_integer(p->sip_status)) == 0)
        add_fields(a, json_pack("{sO}", "sip_progress", codes));
    json_decref(codes);
}

/* Told when it is agreed, and again at the end: the rate may have fallen meanwhile. */
static void take_terms(struct fw_fax_attempt *a, uint32_t bit_rate, bool ecm, const char *ident)
{
    if (bit_rate > 0)
        add_fields(a, json_pack("{s{sI sb}}", "negotiated", "bit_rate", (json_int_t)bit_rate, "ecm", ecm));
    add_fields(a, json_pack("{so}", "remote_ident", text_or_null(ident)));
}

static void take_facts(struct fw_fax_attempt *a, const struct fw_msg_fax_facts *f)
{
    static const char *const resolutions[] = { "none", "standard", "fine", "unknown", "superfine" };
    const char *resolution = f->resolution < ARRAY_LEN(resolutions) ? resolutions[f->resolution] : "unknown";
    add_fields(a, json_pack(
        "{s{so so so} ss s{sI sI sI sI sI} s{sI sI sI sI} sI}",
        "far_end", "vendor", text_or_null(f->vendor), "model", text_or_null(f->model), "country",
        text_or_null(f->country), "resolution", resolution,
        "phases_ms", "a", (json_int_t)f->phase_a_ms, "b", (json_int_t)f->phase_b_ms, "c", (json_int_t)f->phase_c_ms,
        "d", (json_int_t)f->phase_d_ms, "e", (json_int_t)f->phase_e_ms,
        "packets", "received", (json_int_t)f->packets_received, "recovered", (json_int_t)f->packets_recovered, "lost",
        (json_int_t)f->packets_lost, "malformed", (json_int_t)f->packets_malformed,
        "samples_missing", (json_int_t)f->samples_missing));
}

static void take_dialogue(struct fw_fax_attempt *a, const struct fw_msg_fax_dialogue *d)
{
    json_t *lines = list_of(a, "dialogue");
    for (const char *at = d->lines; *at;) {
        const size_t size = strcspn(at, "\n");
        (void)!json_array_append_new(lines, json_stringn(at, size)); /* NULL unless UTF-8: left out */
        at += size + (at[size] == '\n');
    }
    add_fields(a, json_pack("{sO}", "dialogue", lines));
    json_decref(lines);
}

static void take_transport(struct fw_fax_attempt *a, const struct fw_msg_call_transport *m)
{
    json_t *transports = list_of(a, "transports");
    json_t *one = json_pack("{ss ss}", "transport", fw_call_transport_text(m->transport), "why", m->why);
    if (json_array_append_new(transports, one) == 0)
        add_fields(a, json_pack("{sO}", "transports", transports));
    json_decref(transports);
}

void fw_call_record_take(struct fw_fax_attempt *a, const struct fw_msg *msg)
{
    const struct fw_msg_fax_negotiated *n = &msg->fax_negotiated;
    const struct fw_msg_fax_result *r = &msg->fax_result;
    switch ((int)msg->kind) {
    case FW_MSG_KIND_CALL_PROGRESS: take_progress(a, &msg->call_progress); break;
    case FW_MSG_KIND_CALL_TRANSPORT: take_transport(a, &msg->call_transport); break;
    case FW_MSG_KIND_FAX_NEGOTIATED:
        take_terms(a, n->bit_rate, n->ecm, n->remote_ident);
        add_fields(a, json_pack("{so}", "subaddress", text_or_null(n->subaddress)));
        break;
    case FW_MSG_KIND_FAX_PAGE: take_page(a, &msg->fax_page); break;
    case FW_MSG_KIND_FAX_FACTS: take_facts(a, &msg->fax_facts); break;
    case FW_MSG_KIND_FAX_DIALOGUE: take_dialogue(a, &msg->fax_dialogue); break;
    case FW_MSG_KIND_FAX_RESULT: take_terms(a, r->bit_rate, r->ecm, r->remote_ident); break;
    default: break;
    }
}
