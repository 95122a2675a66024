/* sdp_parse.c - reads a session description line by line into struct fw_sdp.
 *
 * Lines are gathered a media section at a time; a section is judged when the next begins. Only
 * what an answer must repeat is refused for its form; attributes are taken where they make sense
 * and passed over where they do not.
 */
#include "proto/sdp_fax.h"
#include "base/text.h"
#include <arpa/inet.h>
#include <string.h>

/* What may stand at session level and holds for every section without its own. */
struct scope {
    char host[FW_SDP_HOST_SIZE];
    bool has_host;
    enum fw_sdp_direction direction;
    bool unpaced;
};

struct parser {
    struct fw_sdp sdp;
    struct scope session;
    struct scope section;      /* of the m-line in work */
    struct fw_sdp_audio audio; /* the same, if it is audio */
    struct fw_sdp_t38 t38;     /* the same, if it is T.38 */
    enum { SECTION_OTHER, SECTION_AUDIO, SECTION_T38 } kind;
    bool seen_ec;
};

/* The text up to the next space; `rest` goes behind all spaces that follow. */
static struct fw_span next_word(struct fw_span *rest)
{
    size_t size = 0;
    while (size < rest->size && rest->data[size] != ' ' && rest->data[size] != '\t')
        size++;
    const struct fw_span word = { rest->data, size };
    while (size < rest->size && (rest->data[size] == ' ' || rest->data[size] == '\t'))
        size++;
    rest->data += size;
    rest->size -= size;
    return word;
}

static struct fw_span trim(struct fw_span s)
{
    while (s.size > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.size--;
    }
    while (s.size > 0 && (s.data[s.size - 1] == ' ' || s.data[s.size - 1] == '\t'))
        s.size--;
    return s;
}

/* A word that may be echoed in our answer: printable ASCII, bounded, not empty. */
static bool copy_token(char *dst, size_t dst_size, struct fw_span word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] < 0x21 || word.data[i] > 0x7e)
            return false;
    return word.size > 0 && fw_text_copy(dst, dst_size, word);
}

/* o=<user> <session id> <version> IN IP4 <address>. Counted back from IN, because some users have
 * spaces in their name. */
static bool parse_origin(struct parser *p, struct fw_span value)
{
    struct fw_span id = { 0 };
    struct fw_span version = { 0 };
    while (value.size > 0) {
        const struct fw_span word = next_word(&value);
        if (id.size > 0 && fw_text_is_nocase(word, "IN"))
            return copy_token(p->sdp.session_id, FW_SDP_ID_SIZE, id) &&
                   copy_token(p->sdp.session_version, FW_SDP_ID_SIZE, version);
        id = version;
        version = word;
    }
    return false;
}

/* c=IN IP4 <address>. A name, a multicast address or nonsense leaves the scope without one. */
static void parse_connection(struct scope *scope, struct fw_span value)
{
    scope->has_host = true;
    scope->host[0] = '\0';
    (void)next_word(&value);
    (void)next_word(&value);
    char host[FW_SDP_HOST_SIZE];
    uint8_t address[sizeof(struct in6_addr)];
    if (!fw_text_copy(host, sizeof host, next_word(&value)))
        return;
    if (inet_pton(AF_INET, host, address) == 1) {
        if (address[0] >= 224)
            return;
    } else if (inet_pton(AF_INET6, host, address) != 1 || address[0] == 0xff) {
        return;
    }
    fw_text_clip(scope->host, sizeof scope->host, host);
}

static bool host_is_any(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* Judges the section in work: the first usable one of its kind is kept. */
static void close_section(struct parser *p)
{
    if (p->sdp.media_count == 0)
        return;
    const int index = (int)p->sdp.media_count - 1;
    const uint16_t port = p->sdp.media[index].port;
    const struct scope *scope = p->section.has_host ? &p->section : &p->session;
    enum fw_sdp_direction direction = p->section.direction;
    if (host_is_any(scope->host))
        direction = FW_SDP_INACTIVE;
    if (port == 0 || scope->host[0] == '\0')
        return;

    if (p->kind == SECTION_AUDIO && p->sdp.audio.port == 0 && (p->audio.pcmu || p->audio.pcma)) {
        p->audio.port = port;
        p->audio.direction = direction;
        memcpy(p->audio.host, scope->host, sizeof p->audio.host);
        p->sdp.audio = p->audio;
        p->sdp.audio_index = index;
    } else if (p->kind == SECTION_T38 && p->sdp.t38.port == 0) {
        p->t38.port = port;
        p->t38.direction = direction;
        p->t38.unpaced = p->section.unpaced || p->session.unpaced;
        memcpy(p->t38.host, scope->host, sizeof p->t38.host);
        p->sdp.t38 = p->t38;
        p->sdp.t38_index = index;
    }
}

/* Static payload types only: the modem sends 0 or 8. */
static void parse_formats(struct fw_sdp_audio *audio, struct fw_span formats)
{
    while (formats.size > 0) {
        const struct fw_span format = next_word(&formats);
        if (fw_text_is(format, "0"))
            audio->pcmu = true;
        if (fw_text_is(format, "8")) {
            audio->pcma = true;
            audio->pcma_first = !audio->pcmu;
        }
    }
}

/* m=<media> <port>[/<count>] <proto> <format> … */
static enum fw_err parse_media(struct parser *p, struct fw_span value)
{
    close_section(p);
    if (p->sdp.media_count == FW_SDP_MEDIA_MAX)
        return FW_LIMIT;
    struct fw_sdp_media *m = &p->sdp.media[p->sdp.media_count];
    const struct fw_span media = next_word(&value);
    struct fw_span port_text = next_word(&value);
    const struct fw_span proto = next_word(&value);
    struct fw_span formats = value;
    const struct fw_span format = next_word(&value);

    const uint8_t *slash = port_text.size > 0 ? memchr(port_text.data, '/', port_text.size) : NULL;
    if (slash)
        port_text.size = (size_t)(slash - port_text.data);
    uint64_t port = 0;
    if (!fw_text_to_u64(port_text, UINT16_MAX, &port) ||
        !copy_token(m->media, sizeof m->media, media) ||
        !copy_token(m->proto, sizeof m->proto, proto) ||
        !copy_token(m->format, sizeof m->format, format))
        return FW_PROTOCOL;
    m->port = (uint16_t)port;
    p->sdp.media_count++;

    p->section = (struct scope){ .direction = p->session.direction };
    p->audio = (struct fw_sdp_audio){ .ptime_ms = 20 };
    p->t38 = (struct fw_sdp_t38){ 0 };
    p->seen_ec = false;
    p->kind = SECTION_OTHER;
    if (fw_text_is_nocase(media, "audio") &&
        (fw_text_is_nocase(proto, "RTP/AVP") || fw_text_is_nocase(proto, "RTP/AVPF"))) {
        p->kind = SECTION_AUDIO;
        parse_formats(&p->audio, formats);
    } else if (fw_text_is_nocase(media, "image") && fw_text_is_nocase(proto, "udptl") &&
               fw_text_is_nocase(format, "t38")) {
        p->kind = SECTION_T38;
    }
    return FW_OK;
}

static bool is_one_of(struct fw_span name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fw_text_is_nocase(name, names[i]))
            return true;
    return false;
}
#define IS_ONE_OF(name, ...)                                                                       \
    is_one_of(name, (const char *const[]){ __VA_ARGS__ },                                          \
              ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

/* Bare means yes; so does any value but 0, no and false. */
static bool to_bool(struct fw_span value)
{
    return !IS_ONE_OF(value, "0", "no", "false");
}

static uint32_t to_u32(struct fw_span value)
{
    uint64_t n = 0;
    return fw_text_to_u64(value, UINT32_MAX, &n) ? (uint32_t)n : 0;
}

/* Of two T38FaxUdpEC lines the stronger one that we can do counts. */
static void parse_ec(struct parser *p, struct fw_span value)
{
    enum fw_udptl_ec ec = FW_UDPTL_EC_NONE;
    if (fw_text_is_nocase(value, "t38UDPRedundancy"))
        ec = FW_UDPTL_EC_REDUNDANCY;
    else if (fw_text_is_nocase(value, "t38UDPFEC"))
        ec = FW_UDPTL_EC_FEC;
    if (!p->seen_ec || ec == FW_UDPTL_EC_REDUNDANCY ||
        (ec == FW_UDPTL_EC_FEC && p->t38.ec == FW_UDPTL_EC_NONE))
        p->t38.ec = ec;
    p->seen_ec = true;
}

static void parse_t38_attribute(struct parser *p, struct fw_span name, struct fw_span value)
{
    struct fw_sdp_t38 *t = &p->t38;
    if (IS_ONE_OF(name, "T38FaxVersion", "T38Version"))
        t->version = to_u32(value) > 255 ? 0 : (uint8_t)to_u32(value);
    else if (IS_ONE_OF(name, "T38MaxBitRate", "T38FaxMaxBitRate", "T38FaxMaxRate", "T38MaxRate"))
        t->bit_rate_max = to_u32(value);
    else if (IS_ONE_OF(name, "T38FaxFillBitRemoval", "T38FillBitRemoval"))
        t->fill_bit_removal = to_bool(value);
    else if (IS_ONE_OF(name, "T38FaxTranscodingMMR", "T38TranscodingMMR"))
        t->mmr = to_bool(value);
    else if (IS_ONE_OF(name, "T38FaxTranscodingJBIG", "T38TranscodingJBIG"))
        t->jbig = to_bool(value);
    else if (IS_ONE_OF(name, "T38FaxRateManagement", "T38RateManagement"))
        t->rate = fw_text_is_nocase(value, "localTCF") ? FW_SDP_RATE_LOCAL_TCF
                                                       : FW_SDP_RATE_TRANSFERRED_TCF;
    else if (IS_ONE_OF(name, "T38FaxMaxBuffer", "T38MaxBuffer", "T38FaxMaxBufferSize"))
        t->buffer_max = to_u32(value);
    else if (IS_ONE_OF(name, "T38FaxMaxDatagram", "T38MaxDatagram"))
        t->datagram_max = to_u32(value);
    else if (IS_ONE_OF(name, "T38FaxUdpEC", "T38UdpEC"))
        parse_ec(p, value);
}

static void parse_attribute(struct parser *p, struct fw_span line)
{
    const uint8_t *colon = line.size > 0 ? memchr(line.data, ':', line.size) : NULL;
    const size_t name_size = colon ? (size_t)(colon - line.data) : line.size;
    const struct fw_span name = trim((struct fw_span){ line.data, name_size });
    const struct fw_span value =
        colon ? trim((struct fw_span){ colon + 1, line.size - name_size - 1 })
              : (struct fw_span){ 0 };
    struct scope *scope = p->sdp.media_count > 0 ? &p->section : &p->session;

    if (fw_text_is_nocase(name, "sendrecv"))
        scope->direction = FW_SDP_SENDRECV;
    else if (fw_text_is_nocase(name, "sendonly"))
        scope->direction = FW_SDP_SENDONLY;
    else if (fw_text_is_nocase(name, "recvonly"))
        scope->direction = FW_SDP_RECVONLY;
    else if (fw_text_is_nocase(name, "inactive"))
        scope->direction = FW_SDP_INACTIVE;
    else if (fw_text_is_nocase(name, "X-faxwire-unpaced"))
        scope->unpaced = to_bool(value);
    else if (p->kind == SECTION_AUDIO && fw_text_is_nocase(name, "ptime") && to_u32(value) > 0)
        p->audio.ptime_ms = to_u32(value) > 120 ? 120 : (uint16_t)to_u32(value);
    else if (p->kind == SECTION_T38)
        parse_t38_attribute(p, name, value);
}

static enum fw_err parse_line(struct parser *p, struct fw_span line)
{
    if (line.size < 2 || line.data[1] != '=')
        return FW_PROTOCOL;
    const struct fw_span value = trim((struct fw_span){ line.data + 2, line.size - 2 });
    switch (line.data[0]) {
    case 'o':
        if (p->sdp.session_id[0] != '\0' || !parse_origin(p, value))
            return FW_PROTOCOL;
        break;
    case 'c':
        parse_connection(p->sdp.media_count > 0 ? &p->section : &p->session, value);
        break;
    case 'm':
        return parse_media(p, value);
    case 'a':
        parse_attribute(p, value);
        break;
    default:
        break;
    }
    return FW_OK;
}

/* One line without its end; CR LF, LF and CR all end one. */
static struct fw_span next_line(struct fw_span *rest)
{
    size_t size = 0;
    while (size < rest->size && rest->data[size] != '\r' && rest->data[size] != '\n')
        size++;
    const struct fw_span line = { rest->data, size };
    if (size + 1 < rest->size && rest->data[size] == '\r' && rest->data[size + 1] == '\n')
        size++;
    if (size < rest->size)
        size++;
    rest->data += size;
    rest->size -= size;
    return line;
}

enum fw_err fw_sdp_parse(struct fw_span text, struct fw_sdp *ret)
{
    if (text.size > FW_SDP_BYTES_MAX)
        return FW_LIMIT;
    if (text.size == 0 || memchr(text.data, '\0', text.size))
        return FW_PROTOCOL;
    struct parser p = { .sdp = { .audio_index = -1, .t38_index = -1 } };
    bool has_version = false;
    for (size_t lines = 0; text.size > 0; lines++) {
        if (lines == FW_SDP_LINES_MAX)
            return FW_LIMIT;
        const struct fw_span line = next_line(&text);
        if (trim(line).size == 0)
            continue;
        if (!has_version && !fw_text_is(trim(line), "v=0"))
            return FW_PROTOCOL;
        has_version = true;
        const enum fw_err err = parse_line(&p, line);
        if (err)
            return err;
    }
    if (!has_version || p.sdp.session_id[0] == '\0')
        return FW_PROTOCOL;
    close_section(&p);
    *ret = p.sdp;
    return FW_OK;
}

bool fw_sdp_is_refresh(const struct fw_sdp *before, const struct fw_sdp *now)
{
    bool same = strcmp(before->session_id, now->session_id) == 0 &&
                strcmp(before->session_version, now->session_version) == 0 &&
                before->media_count == now->media_count && before->audio_index == now->audio_index &&
                before->t38_index == now->t38_index && strcmp(before->audio.host, now->audio.host) == 0 &&
                strcmp(before->t38.host, now->t38.host) == 0 && before->audio.direction == now->audio.direction;
    for (size_t i = 0; same && i < now->media_count; i++)
        same = strcmp(before->media[i].media, now->media[i].media) == 0 &&
               before->media[i].port == now->media[i].port;
    return same;
}
