/* SIP messages of traced calls into their files. */
#include "line/trace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

struct fw_line_packet {
    struct fw_wall     at;
    struct fw_pcap_end far;
    size_t             size;
    uint8_t            data[];
};

/* ---- credentials ---- */

static bool is_secret(const char *line, size_t size)
{
    static const char *const names[] = { "authorization", "proxy-authorization" };
    const char *colon = memchr(line, ':', size);
    size_t length = colon ? (size_t)(colon - line) : 0;
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        length--;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (length == strlen(names[i]) && strncasecmp(line, names[i], length) == 0)
            return true;
    }
    return false;
}

/* Behind the name and the scheme. */
static size_t secret_at(const char *line, size_t size)
{
    size_t at = 0;
    while (at < size && line[at] != ':')
        at++;
    at += at < size;
    while (at < size && (line[at] == ' ' || line[at] == '\t'))
        at++;
    while (at < size && line[at] != ' ' && line[at] != '\t')
        at++;
    return at;
}

/* RFC 3261 clause 7.3.1: a line that begins with white space goes on with the header before it. */
void fw_line_trace_blank(char *message, size_t size)
{
    bool secret = false;
    for (size_t at = 0; at < size;) {
        char *line = message + at;
        const char *end = memchr(line, '\n', size - at);
        const size_t length = end ? (size_t)(end - line) : size - at;
        const size_t text = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        if (text == 0)
            return; /* the body */
        const bool folded = line[0] == ' ' || line[0] == '\t';
        secret = folded ? secret : is_secret(line, text);
        for (size_t i = secret ? (folded ? 1 : secret_at(line, text)) : text; i < text; i++)
            line[i] = line[i] == ' ' ? ' ' : 'x';
        at += length + 1;
    }
}

/* ---- packets ---- */

static struct fw_pcap_end own_end(const struct fw_line *l, const struct fw_line_call *c)
{
    const bool tls = c->trunk.transport == FW_TRUNK_TRANSPORT_TLS;
    return fw_pcap_end_at(l->config.sip_host, tls ? fw_sip_tls_port(l->sip) : l->sip_port);
}

static void put(struct fw_line *l, struct fw_line_call *c, struct fw_wall at, const struct fw_pcap_end *far, bool sent,
                struct fw_span bytes)
{
    const struct fw_pcap_end own = own_end(l, c);
    fw_pcap_put(&c->trace, at, sent ? &own : far, sent ? far : &own, &bytes, 1);
}

static size_t gather(const struct fw_sip_packet *p, uint8_t *to, size_t room)
{
    size_t size = 0;
    for (size_t i = 0; i < p->part_count; i++) {
        const size_t part = p->parts[i].size < room - size ? p->parts[i].size : room - size;
        if (part > 0)
            memcpy(to + size, p->parts[i].data, part);
        size += part;
    }
    return size;
}

void fw_line_trace_packet(void *line, const struct fw_sip_packet *p)
{
    static uint8_t bytes[FW_PCAP_PACKET_MAX]; /* one loop */
    struct fw_line *l = line;
    size_t size = 0;
    for (size_t i = 0, left = l->traced_count; i < l->slot_count && left > 0; i++) {
        struct fw_line_call *c = l->calls[i];
        if (!c || !c->traced)
            continue;
        left--;
        if (p->call_id[0] == '\0' || strncmp(c->sip_id, p->call_id, sizeof c->sip_id - 1) != 0)
            continue;
        if (size == 0) {
            size = gather(p, bytes, sizeof bytes);
            union { uint8_t *bytes; char *text; } is = { bytes };
            fw_line_trace_blank(is.text, size);
        }
        put(l, c, fw_wall_now(), &p->far, p->sent, (struct fw_span){ bytes, size });
    }
}

/* ---- calls ---- */

static void keep(void *call, const struct fw_sip_packet *p)
{
    struct fw_line_call *c = call;
    size_t size = 0;
    for (size_t i = 0; i < p->part_count; i++)
        size += p->parts[i].size;
    size = size < FW_PCAP_PACKET_MAX ? size : FW_PCAP_PACKET_MAX;
    struct fw_line_packet *first = malloc(sizeof *first + size);
    if (!first)
        return;
    first->at = fw_wall_now();
    first->far = p->far;
    first->size = gather(p, first->data, size);
    union { uint8_t *bytes; char *text; } is = { first->data };
    fw_line_trace_blank(is.text, first->size);
    c->first = first;
}

void fw_line_trace_keep_invite(struct fw_line *l, struct fw_line_call *c)
{
    (void)!fw_sip_tap_current(l->sip, keep, c);
}

void fw_line_trace_forget_invite(struct fw_line_call *c)
{
    free(TAKE(c->first));
}

void fw_line_trace_begin(struct fw_line *l, struct fw_line_call *c, int fd, uint32_t bytes_max)
{
    if (fd >= 0 && bytes_max > 0 && !c->traced) {
        c->trace = (struct fw_pcap){ .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0), .bytes_max = bytes_max };
        c->traced = true;
        l->traced_count++;
    }
    if (c->traced && c->first)
        put(l, c, c->first->at, &c->first->far, false, (struct fw_span){ c->first->data, c->first->size });
    fw_line_trace_forget_invite(c);
}

void fw_line_trace_share(struct fw_line *l, const struct fw_line_call *c, struct fw_line_call *with)
{
    if (c->traced)
        fw_line_trace_begin(l, with, c->trace.fd, c->trace.bytes_max);
}

void fw_line_trace_end(struct fw_line *l, struct fw_line_call *c)
{
    fw_line_trace_forget_invite(c);
    if (!c->traced)
        return;
    fw_pcap_close(&c->trace);
    c->traced = false;
    l->traced_count--;
}

void fw_line_trace_media(struct fw_line *l, const struct fw_line_call *c)
{
    struct fw_msg m = { .kind = FW_MSG_KIND_MEDIA_TRACE };
    if (!c->traced || c->trace.fd < 0)
        return;
    m.media_trace.modem = c->place.modem;
    m.media_trace.bytes_max = c->trace.bytes_max;
    fw_text_clip(m.media_trace.call, sizeof m.media_trace.call, c->place.call);
    fw_sip_send(l->sip, &m, c->trace.fd);
}
