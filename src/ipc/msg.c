/* Messages, field by field: writers, readers and tables made from the one list in msg.h. */
#include "ipc/msg.h"

#include <string.h>

#include "base/text.h"

const char *fw_call_cause_text(unsigned cause)
{
    static const char *const text[] = {
#define X(name, t) [FW_CAUSE_##name] = t,
        FW_CALL_CAUSES(X)
#undef X
    };
    return cause < ARRAY_LEN(text) ? text[cause] : "unknown";
}

const char *fw_msg_text(enum fw_msg_kind kind)
{
    static const char *const text[] = {
#define M(NAME, name, route) [FW_MSG_KIND_##NAME] = #NAME,
        FW_MSG_LIST(M)
#undef M
    };
    return (unsigned)kind < ARRAY_LEN(text) ? text[kind] : "unknown";
}

enum fw_route fw_msg_route(enum fw_msg_kind kind)
{
    static const enum fw_route routes[] = {
#define M(NAME, name, route) [FW_MSG_KIND_##NAME] = FW_ROUTE_##route,
        FW_MSG_LIST(M)
#undef M
    };
    fw_assert((unsigned)kind < ARRAY_LEN(routes));
    return routes[kind];
}

int fw_msg_modem(const struct fw_msg *msg)
{
    switch (msg->kind) {
    case FW_MSG_KIND_MODEM_START: return msg->modem_start.modem;
    case FW_MSG_KIND_MODEM_READY: return msg->modem_ready.modem;
    case FW_MSG_KIND_MODEM_GONE: return msg->modem_gone.modem;
    case FW_MSG_KIND_MEDIA_OPEN: return msg->media_open.modem;
    case FW_MSG_KIND_MEDIA_TRACE: return msg->media_trace.modem;
    case FW_MSG_KIND_MEDIA_SWITCH: return msg->media_switch.modem;
    case FW_MSG_KIND_MEDIA_PENDING: return msg->media_pending.modem;
    case FW_MSG_KIND_MEDIA_CLOSE: return msg->media_close.modem;
    case FW_MSG_KIND_MEDIA_TONE: return msg->media_tone.modem;
    case FW_MSG_KIND_MEDIA_SILENT: return msg->media_silent.modem;
    case FW_MSG_KIND_MEDIA_UNDERWAY: return msg->media_underway.modem;
    case FW_MSG_KIND_FAX_NEGOTIATED: return msg->fax_negotiated.modem;
    case FW_MSG_KIND_PAGE_CONFIRMED: return msg->page_confirmed.modem;
    case FW_MSG_KIND_FAX_PAGE: return msg->fax_page.modem;
    case FW_MSG_KIND_FAX_FACTS: return msg->fax_facts.modem;
    case FW_MSG_KIND_FAX_DIALOGUE: return msg->fax_dialogue.modem;
    case FW_MSG_KIND_FAX_RESULT: return msg->fax_result.modem;
    case FW_MSG_KIND_STOP:
    case FW_MSG_KIND_LINE_CONFIG:
    case FW_MSG_KIND_TRUNK_SET:
    case FW_MSG_KIND_TRUNK_GONE:
    case FW_MSG_KIND_TRUNK_STATE:
    case FW_MSG_KIND_LINE_READY:
    case FW_MSG_KIND_CALL_PLACE:
    case FW_MSG_KIND_CALL_INCOMING:
    case FW_MSG_KIND_CALL_ACCEPT:
    case FW_MSG_KIND_CALL_REFUSE:
    case FW_MSG_KIND_CALL_CANCEL:
    case FW_MSG_KIND_CALL_PROGRESS:
    case FW_MSG_KIND_CALL_TRUNK:
    case FW_MSG_KIND_CALL_ANSWERED:
    case FW_MSG_KIND_CALL_TRANSPORT:
    case FW_MSG_KIND_CALL_ENDED:
    case FW_MSG_KIND_CARRIER_READY:
    case FW_MSG_KIND_NUMBER_ASK:
    case FW_MSG_KIND_NUMBER_ROUTE:
    case FW_MSG_KIND_COUNT: break;
    }
    return -1;
}

static enum fw_err put_text(struct fw_buf *buf, const char *text, size_t size)
{
    const size_t length = strnlen(text, size);
    fw_assert(length < size);
    const enum fw_err err = fw_buf_put_be16(buf, (uint16_t)length);
    return err ? err : fw_buf_put(buf, (struct fw_span){ (const uint8_t *)text, length });
}

static void get_text(struct fw_reader *r, char *dst, size_t size)
{
    const struct fw_span text = fw_get_span(r, fw_get_be16(r));
    if (!fw_text_copy(dst, size, text))
        r->ok = false;
}

#define PUT(call) \
    if (!err)     \
        err = (call);
#define PUT_U8(f)         PUT(fw_buf_put_u8(buf, m->f))
#define PUT_U16(f)        PUT(fw_buf_put_be16(buf, m->f))
#define PUT_U32(f)        PUT(fw_buf_put_be32(buf, m->f))
#define PUT_I32(f)        PUT(fw_buf_put_be32(buf, (uint32_t)m->f))
#define PUT_TEXT(f, size) PUT(put_text(buf, m->f, size))
#define GET_U8(f)         m->f = fw_get_u8(r);
#define GET_U16(f)        m->f = fw_get_be16(r);
#define GET_U32(f)        m->f = fw_get_be32(r);
#define GET_I32(f)        m->f = (int32_t)fw_get_be32(r);
#define GET_TEXT(f, size) get_text(r, m->f, size);

#define M(NAME, name, route)                                                        \
    static enum fw_err put_##name(struct fw_buf *buf, const struct fw_msg_##name *m) \
    {                                                                               \
        enum fw_err err = FW_OK;                                                    \
        FW_MSG_##NAME(PUT_U8, PUT_U16, PUT_U32, PUT_I32, PUT_TEXT) return err;      \
    }                                                                               \
    static void get_##name(struct fw_reader *r, struct fw_msg_##name *m)            \
    {                                                                               \
        FW_MSG_##NAME(GET_U8, GET_U16, GET_U32, GET_I32, GET_TEXT)                  \
    }
FW_MSG_LIST(M)
#undef M

enum fw_err fw_msg_write(const struct fw_msg *msg, struct fw_buf *buf)
{
    const enum fw_err err = fw_buf_put_u8(buf, (uint8_t)msg->kind);
    if (err)
        return err;
    switch (msg->kind) {
#define M(NAME, name, route) \
    case FW_MSG_KIND_##NAME: return put_##name(buf, &msg->name);
        FW_MSG_LIST(M)
#undef M
    case FW_MSG_KIND_COUNT: break;
    }
    fw_assert(false && "a message of no kind");
    return FW_INVALID;
}

enum fw_err fw_msg_read(struct fw_span bytes, struct fw_msg *ret)
{
    struct fw_reader r = fw_reader_of(bytes);
    memset(ret, 0, sizeof *ret);
    const uint8_t kind = fw_get_u8(&r);
    switch (kind) {
#define M(NAME, name, route) \
    case FW_MSG_KIND_##NAME: get_##name(&r, &ret->name); break;
        FW_MSG_LIST(M)
#undef M
    default: r.ok = false;
    }
    if (!r.ok || r.rest.size > 0) {
        memset(ret, 0, sizeof *ret);
        return FW_PROTOCOL;
    }
    ret->kind = (enum fw_msg_kind)kind;
    return FW_OK;
}
