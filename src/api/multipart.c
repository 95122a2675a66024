/* The machine that reads multipart/form-data. */
#include "api/multipart.h"

#include <string.h>

#include "base/text.h"

static bool boundary_ok(struct fw_span b)
{
    static const char others[] = "'()+_,-./:=? ";
    for (size_t i = 0; i < b.size; i++) {
        const uint8_t c = b.data[i];
        const bool alnum =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (c == 0 || !strchr(others, c)))
            return false;
    }
    return b.size >= 1 && b.size <= FW_MULTIPART_BOUNDARY_MAX && b.data[b.size - 1] != ' ';
}

enum fw_err fw_multipart_init(struct fw_multipart *m, struct fw_span boundary,
                              const struct fw_multipart_port *port, void *arg)
{
    if (!boundary_ok(boundary))
        return FW_INVALID;
    memset(m, 0, sizeof *m);
    m->port = port;
    m->arg = arg;
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.data, boundary.size);
    m->delimiter_size = 4 + boundary.size;
    m->matched = m->assumed = 2; /* the first boundary may stand at the very beginning */
    return FW_OK;
}

static enum fw_err fail(struct fw_multipart *m, enum fw_err err, const char *fault)
{
    if (!m->err) {
        m->err = err;
        m->fault = fault;
    }
    return m->err;
}

static enum fw_err data_out(struct fw_multipart *m, const void *data, size_t size)
{
    if (m->state != FW_MULTIPART_DATA || size == 0)
        return FW_OK;
    const enum fw_err err = m->port->data(m->arg, (struct fw_span){ data, size });
    return err ? fail(m, err, NULL) : FW_OK;
}

static enum fw_err boundary_found(struct fw_multipart *m)
{
    const bool in_part = m->state == FW_MULTIPART_DATA;
    m->state = FW_MULTIPART_AFTER;
    m->matched = m->assumed = 0;
    m->tail_size = 0;
    const enum fw_err err = in_part ? m->port->end(m->arg) : FW_OK;
    return err ? fail(m, err, NULL) : FW_OK;
}

/* Data of a part (or the preamble) up to the next boundary. CR stands at the start of the
 * delimiter only, so after a mismatch no shorter match is left but one of this very byte. */
static enum fw_err read_data(struct fw_multipart *m, struct fw_span *in)
{
    const uint8_t *start = in->data, *end = in->data + in->size, *p = start;
    enum fw_err err = FW_OK;
    while (p < end && !err) {
        if (m->matched == 0) {
            const uint8_t *cr = memchr(p, '\r', (size_t)(end - p));
            err = data_out(m, p, (size_t)((cr ? cr : end) - p));
            p = cr ? cr + 1 : end;
            m->matched = cr ? 1 : 0;
        } else if (*p == (uint8_t)m->delimiter[m->matched]) {
            p++;
            if (++m->matched == m->delimiter_size) {
                *in = (struct fw_span){ p, (size_t)(end - p) };
                return boundary_found(m);
            }
        } else {
            err = data_out(m, m->delimiter + m->assumed, m->matched - m->assumed);
            m->matched = m->assumed = 0;
        }
    }
    *in = (struct fw_span){ end, 0 };
    return err;
}

static void begin_headers(struct fw_multipart *m)
{
    m->state = FW_MULTIPART_HEADERS;
    m->line_size = m->header_size = 0;
    m->line_cr = m->has_disposition = m->has_filename = false;
    m->name[0] = '\0';
}

/* Behind a boundary: "--" ends it all, CR LF begins a part; spaces before those are padding. */
static enum fw_err read_after(struct fw_multipart *m, struct fw_span *in)
{
    while (in->size > 0 && m->state == FW_MULTIPART_AFTER) {
        const char c = (char)in->data[0];
        *in = (struct fw_span){ in->data + 1, in->size - 1 };
        if (m->tail_size == 0 && (c == ' ' || c == '\t'))
            continue;
        m->tail[m->tail_size++] = c;
        if (m->tail[0] != '-' && m->tail[0] != '\r')
            return fail(m, FW_PROTOCOL, "a boundary is followed by neither CRLF nor '--'");
        if (m->tail_size < 2)
            continue;
        if (m->tail[0] == '-' && m->tail[1] == '-')
            m->state = FW_MULTIPART_EPILOGUE;
        else if (m->tail[0] == '\r' && m->tail[1] == '\n')
            begin_headers(m);
        else
            return fail(m, FW_PROTOCOL, "a boundary is followed by neither CRLF nor '--'");
    }
    return FW_OK;
}

static struct fw_span trimmed(struct fw_span s)
{
    while (s.size > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
        s = (struct fw_span){ s.data + 1, s.size - 1 };
    while (s.size > 0 && (s.data[s.size - 1] == ' ' || s.data[s.size - 1] == '\t'))
        s.size--;
    return s;
}

static struct fw_span until(struct fw_span s, char c)
{
    const uint8_t *at = s.size > 0 ? memchr(s.data, c, s.size) : NULL;
    return at ? (struct fw_span){ s.data, (size_t)(at - s.data) } : s;
}

static enum fw_err disposition(struct fw_multipart *m, struct fw_span value)
{
    char text[1024];
    if (m->has_disposition)
        return fail(m, FW_PROTOCOL, "a part has two Content-Disposition headers");
    m->has_disposition = true;
    if (!fw_text_is_nocase(trimmed(until(value, ';')), "form-data"))
        return fail(m, FW_PROTOCOL, "a part's Content-Disposition is not form-data");
    if (!fw_header_parameter(value, "name", m->name, sizeof m->name) || !m->name[0])
        return fail(m, FW_PROTOCOL, "a part has no usable name in its Content-Disposition");
    m->has_filename = fw_header_parameter(value, "filename", text, sizeof text) ||
                      fw_header_parameter(value, "filename*", text, sizeof text);
    return FW_OK;
}

static enum fw_err header_line(struct fw_multipart *m)
{
    const struct fw_span line = { (const uint8_t *)m->line, m->line_size };
    const struct fw_span name = until(line, ':');
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return fail(m, FW_PROTOCOL, "a folded header line in a part");
    if (name.size == line.size || memchr(line.data, 0, line.size))
        return fail(m, FW_PROTOCOL, "a malformed header line in a part");
    const struct fw_span value =
        trimmed((struct fw_span){ line.data + name.size + 1, line.size - name.size - 1 });
    if (fw_text_is_nocase(name, "content-disposition"))
        return disposition(m, value);
    if (fw_text_is_nocase(name, "content-transfer-encoding") &&
        !fw_text_is_nocase(value, "binary") && !fw_text_is_nocase(value, "8bit") &&
        !fw_text_is_nocase(value, "7bit"))
        return fail(m, FW_PROTOCOL,
                    "a part has a Content-Transfer-Encoding; send the bytes as they are");
    return FW_OK;
}

static enum fw_err end_headers(struct fw_multipart *m)
{
    if (!m->has_disposition)
        return fail(m, FW_PROTOCOL, "a part has no Content-Disposition");
    if (++m->parts > FW_MULTIPART_PARTS_MAX)
        return fail(m, FW_LIMIT, "too many parts");
    m->state = FW_MULTIPART_DATA;
    m->matched = m->assumed = 2; /* an empty part's boundary may follow the headers at once */
    const enum fw_err err = m->port->begin(m->arg, m->name, m->has_filename);
    return err ? fail(m, err, NULL) : FW_OK;
}

static enum fw_err read_headers(struct fw_multipart *m, struct fw_span *in)
{
    while (in->size > 0 && m->state == FW_MULTIPART_HEADERS && !m->err) {
        const char c = (char)in->data[0];
        *in = (struct fw_span){ in->data + 1, in->size - 1 };
        if (++m->header_size > FW_MULTIPART_HEADER_MAX)
            return fail(m, FW_LIMIT, "the headers of a part are too long");
        if (m->line_cr != (c == '\n'))
            return fail(m, FW_PROTOCOL, "a header line of a part does not end in CRLF");
        m->line_cr = c == '\r';
        if (c == '\n') {
            (void)(m->line_size > 0 ? header_line(m) : end_headers(m));
            m->line_size = 0;
        } else if (c != '\r') {
            m->line[m->line_size++] = c;
        }
    }
    return m->err;
}

enum fw_err fw_multipart_read(struct fw_multipart *m, struct fw_span data)
{
    while (data.size > 0 && !m->err) {
        switch (m->state) {
        case FW_MULTIPART_PREAMBLE:
        case FW_MULTIPART_DATA:
            (void)read_data(m, &data);
            break;
        case FW_MULTIPART_AFTER:
            (void)read_after(m, &data);
            break;
        case FW_MULTIPART_HEADERS:
            (void)read_headers(m, &data);
            break;
        case FW_MULTIPART_EPILOGUE:
            return FW_OK;
        }
    }
    return m->err;
}

enum fw_err fw_multipart_finish(struct fw_multipart *m)
{
    if (m->err)
        return m->err;
    if (m->state != FW_MULTIPART_EPILOGUE)
        return fail(m, FW_PROTOCOL, "the last boundary is missing: the body was cut off");
    return FW_OK;
}
