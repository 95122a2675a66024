/* rtp.c - RTP headers read and written. */
#include "proto/rtp.h"
#include <string.h>

enum { VERSION_BITS = 0x80, PADDING_BIT = 0x20, EXTENSION_BIT = 0x10, MARKER_BIT = 0x80 };

enum fw_err fw_rtp_parse(struct fw_span packet, struct fw_rtp *ret)
{
    struct fw_reader r = fw_reader_of(packet);
    const uint8_t flags = fw_get_u8(&r);
    const uint8_t type = fw_get_u8(&r);
    struct fw_rtp rtp = { .marker = type & MARKER_BIT, .payload_type = type & 0x7f };
    rtp.seq = fw_get_be16(&r);
    rtp.timestamp = fw_get_be32(&r);
    rtp.ssrc = fw_get_be32(&r);
    (void)fw_get_span(&r, (size_t)(flags & 0x0f) * 4);
    if (flags & EXTENSION_BIT) {
        (void)fw_get_be16(&r);
        const size_t words = fw_get_be16(&r);
        (void)fw_get_span(&r, words * 4);
    }
    if (!r.ok || (flags & 0xc0) != VERSION_BITS)
        return FW_PROTOCOL;
    rtp.payload = r.rest;
    if (flags & PADDING_BIT) {
        if (r.rest.size == 0)
            return FW_PROTOCOL;
        const size_t padding = r.rest.data[r.rest.size - 1];
        if (padding == 0 || padding > r.rest.size)
            return FW_PROTOCOL;
        rtp.payload.size -= padding;
    }
    *ret = rtp;
    return FW_OK;
}

static void write_header(const struct fw_rtp *rtp, uint8_t *dst)
{
    dst[0] = VERSION_BITS;
    dst[1] = (uint8_t)((rtp->marker ? MARKER_BIT : 0) | (rtp->payload_type & 0x7f));
    dst[2] = (uint8_t)(rtp->seq >> 8);
    dst[3] = (uint8_t)(rtp->seq & 0xff);
    for (unsigned i = 0; i < 4; i++) {
        dst[4 + i] = (uint8_t)(rtp->timestamp >> (24 - 8 * i) & 0xff);
        dst[8 + i] = (uint8_t)(rtp->ssrc >> (24 - 8 * i) & 0xff);
    }
}

enum fw_err fw_rtp_format(const struct fw_rtp *rtp, uint8_t *dst, size_t dst_size, size_t *ret_size)
{
    if (dst_size < FW_RTP_HEADER_SIZE || rtp->payload.size > dst_size - FW_RTP_HEADER_SIZE)
        return FW_LIMIT;
    write_header(rtp, dst);
    if (rtp->payload.size > 0)
        memcpy(dst + FW_RTP_HEADER_SIZE, rtp->payload.data, rtp->payload.size);
    *ret_size = FW_RTP_HEADER_SIZE + rtp->payload.size;
    return FW_OK;
}

void fw_rtp_sender_init(struct fw_rtp_sender *s, enum fw_codec codec, uint32_t ssrc, uint16_t seq,
                        uint32_t timestamp)
{
    *s = (struct fw_rtp_sender){ .codec = codec, .ssrc = ssrc, .seq = seq, .timestamp = timestamp };
}

enum fw_err fw_rtp_send(struct fw_rtp_sender *s, const int16_t *samples, size_t count, uint8_t *dst,
                        size_t dst_size, size_t *ret_size)
{
    if (count > FW_RTP_PAYLOAD_MAX || dst_size < FW_RTP_HEADER_SIZE ||
        count > dst_size - FW_RTP_HEADER_SIZE)
        return FW_LIMIT;
    const struct fw_rtp rtp = { .marker = !s->started,
                                .payload_type = (uint8_t)s->codec,
                                .seq = s->seq,
                                .timestamp = s->timestamp,
                                .ssrc = s->ssrc };
    write_header(&rtp, dst);
    fw_g711_encode(s->codec, samples, count, dst + FW_RTP_HEADER_SIZE);
    s->started = true;
    s->seq++;
    s->timestamp += (uint32_t)count;
    *ret_size = FW_RTP_HEADER_SIZE + count;
    return FW_OK;
}
