/* A queue of datagrams with a speed limit. */
#include "modem/outbox.h"

enum { KEPT_BYTES = 64 * 1024 }; /* larger memory is given back when the queue is empty */

void fw_outbox_init(struct fw_outbox *o)
{
    *o = (struct fw_outbox){ .credit = FW_OUTBOX_BURST };
    fw_buf_init(&o->bytes, FW_OUTBOX_BYTES_MAX);
}

void fw_outbox_done(struct fw_outbox *o)
{
    fw_buf_done(&o->bytes);
    o->at = 0;
}

enum fw_err fw_outbox_put(struct fw_outbox *o, struct fw_span datagram)
{
    fw_assert(datagram.size > 0 && datagram.size <= UINT16_MAX);
    const size_t before = o->bytes.size;
    enum fw_err err = fw_buf_put_be16(&o->bytes, (uint16_t)datagram.size);
    if (!err)
        err = fw_buf_put(&o->bytes, datagram);
    if (err)
        o->bytes.size = before;
    return err;
}

bool fw_outbox_empty(const struct fw_outbox *o)
{
    return o->at == o->bytes.size;
}

static void take_credit(struct fw_outbox *o, struct fw_mono now)
{
    const int64_t ms = (now.us - o->since.us) / 1000;
    if (ms <= 0 && o->since.us != 0)
        return;
    const int64_t credit = o->credit + ms * FW_OUTBOX_PACKETS_A_MS;
    o->credit = credit > FW_OUTBOX_BURST || o->since.us == 0 ? FW_OUTBOX_BURST : (uint32_t)credit;
    o->since = now;
}

void fw_outbox_flush(struct fw_outbox *o, struct fw_mono now,
                     bool (*send)(void *arg, struct fw_span datagram), void *arg)
{
    take_credit(o, now);
    while (!fw_outbox_empty(o) && o->credit > 0) {
        struct fw_reader r =
            fw_reader_of((struct fw_span){ o->bytes.data + o->at, o->bytes.size - o->at });
        const struct fw_span datagram = fw_get_span(&r, fw_get_be16(&r));
        fw_assert(r.ok);
        if (!send(arg, datagram))
            return;
        o->at = o->bytes.size - r.rest.size;
        o->credit--;
    }
    if (!fw_outbox_empty(o))
        return;
    o->at = 0;
    o->bytes.size = 0;
    if (o->bytes.capacity > KEPT_BYTES) {
        fw_buf_done(&o->bytes);
        fw_buf_init(&o->bytes, FW_OUTBOX_BYTES_MAX);
    }
}
