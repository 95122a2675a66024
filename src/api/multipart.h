/* multipart.h - reads multipart/form-data as it arrives, in pieces of any size; pure.
 *
 * Strict where leniency would let two readers see different parts: lines end in CRLF, a part has
 * one Content-Disposition with a name, the last boundary must come. What is kept is bounded: one
 * header line and a boundary; data goes on to the port at once.
 *
 * Source: RFC 7578 clauses 4.2-4.7; RFC 2046 clause 5.1.1 (delimiters).
 */
#ifndef FW_API_MULTIPART_H
#define FW_API_MULTIPART_H
#include "base/buf.h"

enum {
    FW_MULTIPART_BOUNDARY_MAX = 70, /* RFC 2046 clause 5.1.1 */
    FW_MULTIPART_HEADER_MAX = 4096, /* bytes of all headers of one part */
    FW_MULTIPART_PARTS_MAX = 96,    /* fields and documents of one request */
    FW_MULTIPART_NAME_SIZE = 128,
};

/* What becomes of the parts. The first answer other than FW_OK ends the reading with it. */
struct fw_multipart_port {
    enum fw_err (*begin)(void *arg, const char *name, bool has_filename);
    enum fw_err (*data)(void *arg, struct fw_span data);
    enum fw_err (*end)(void *arg);
};

enum fw_multipart_state {
    FW_MULTIPART_PREAMBLE, /* before the first boundary; thrown away */
    FW_MULTIPART_AFTER,    /* behind a boundary: "--", or the end of its line */
    FW_MULTIPART_HEADERS,
    FW_MULTIPART_DATA,
    FW_MULTIPART_EPILOGUE, /* behind the last boundary; thrown away */
};

struct fw_multipart {
    const struct fw_multipart_port *port;
    void       *arg;
    enum fw_multipart_state state;
    char        delimiter[FW_MULTIPART_BOUNDARY_MAX + 5]; /* CR LF "--" boundary */
    size_t      delimiter_size;
    size_t      matched;     /* of the delimiter, at the end of what came so far */
    size_t      assumed;     /* of those: a CR LF that is not data, where a boundary may follow at once */
    char        tail[2];     /* behind a boundary: what came of "--" or CR LF */
    size_t      tail_size;
    char        line[FW_MULTIPART_HEADER_MAX]; /* of the headers, without its CR LF */
    size_t      line_size;
    bool        line_cr;     /* a CR came, its LF must follow */
    size_t      header_size; /* of the part so far */
    int         parts;
    bool        has_disposition, has_filename;
    char        name[FW_MULTIPART_NAME_SIZE];
    enum fw_err err;         /* once set it stays */
    const char *fault;       /* then: what is wrong, or NULL when the port refused */
};

/* `boundary` as the Content-Type header gave it. FW_INVALID: RFC 2046 does not allow it. */
MUST_USE enum fw_err fw_multipart_init(struct fw_multipart *m, struct fw_span boundary,
                                       const struct fw_multipart_port *port, void *arg);
/* FW_PROTOCOL: malformed, FW_LIMIT: too many parts or headers (`fault` says), or the port's. */
MUST_USE enum fw_err fw_multipart_read(struct fw_multipart *m, struct fw_span data);
/* FW_PROTOCOL: the last boundary is missing. */
MUST_USE enum fw_err fw_multipart_finish(struct fw_multipart *m);

/* The value of a parameter of a header such as `form-data; name="a"`; quotes and backslashes
 * undone. False: not there, twice, malformed, or too long. */
MUST_USE bool fw_header_parameter(struct fw_span header, const char *parameter, char *dst,
                                  size_t dst_size);
#endif
