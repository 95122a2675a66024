/* fax.h - the nouns: an application, a fax, an event of it, an attempt to send it.
 *
 * Plain data that the store reads and writes and the rooms pass on by value. Texts of bounded
 * size are arrays; the few that may be large are owned pointers, freed by the _done function,
 * which accepts zeroed objects. An empty text means "not given".
 */
#ifndef FW_FAX_H
#define FW_FAX_H
#include "base/bounds.h"
#include "base/clock.h"
#include "base/id.h"
#include "fax/status.h"

#define FW_QUALITIES(X)                                                                            \
    X(NORMAL, "normal") X(HIGH, "high") X(VERY_HIGH, "very_high") X(ULTRA_LIGHT, "ultra_light")    \
    X(ULTRA_DARK, "ultra_dark")
enum fw_quality {
#define X(name, text) FW_QUALITY_##name,
    FW_QUALITIES(X)
#undef X
        FW_QUALITY_COUNT
};
const char   *fw_quality_text(enum fw_quality q);
MUST_USE bool fw_quality_parse(const char *text, enum fw_quality *ret);

enum fw_direction { FW_OUTBOUND, FW_INBOUND, FW_DIRECTION_COUNT };
const char   *fw_direction_text(enum fw_direction d); /* "outbound", "inbound" */
MUST_USE bool fw_direction_parse(const char *text, enum fw_direction *ret);
/* How a received document is handed out. */
enum fw_media_format { FW_FORMAT_PDF, FW_FORMAT_TIFF, FW_FORMAT_COUNT };
const char   *fw_media_format_text(enum fw_media_format f); /* "pdf", "tif" */
MUST_USE bool fw_media_format_parse(const char *text, enum fw_media_format *ret);

enum { FW_REASON_SIZE = 64, FW_TEXT_SIZE = 256 };

struct fw_application {
    char    id[FW_NUMERIC_ID_SIZE];
    int64_t account;
    char    name[FW_TEXT_SIZE];
    bool    active;
    char    webhook_url[FW_URL_MAX + 1];
    char    webhook_failover_url[FW_URL_MAX + 1];
    int     webhook_timeout_secs; /* -1: not set */
    char   *settings;             /* owned JSON object: the fields that the API echoes only; or NULL */
    struct fw_wall created_at, updated_at;
};
void fw_application_done(struct fw_application *a);
/* Calls at the same time that outbound.channel_limit of its settings allows; 0: any number. */
int fw_application_channels(const struct fw_application *a);
/* What its machines call themselves, CSI and TSI, or empty. */
void fw_application_ident(const struct fw_application *a, char ret[FW_IDENT_MAX + 1]);
/* 1 to FW_IDENT_MAX characters that a machine can be called by: digits, '+' and spaces (ITU-T T.30 (09/2005)
 * clause 5.3.6.2.4), and letters, which the standard has not and nearly all machines send and print. */
MUST_USE bool fw_ident_ok(const char *text);

/* Lower is served first. */
#define FW_PRIORITIES(X) X(HIGH, "high") X(NORMAL, "normal") X(LOW, "low")
enum fw_priority {
#define X(name, text) FW_PRIORITY_##name,
    FW_PRIORITIES(X)
#undef X
        FW_PRIORITY_COUNT
};
const char   *fw_priority_text(enum fw_priority p);
MUST_USE bool fw_priority_parse(const char *text, enum fw_priority *ret);

enum fw_asked { FW_ASKED_NOTHING, FW_ASKED_ON, FW_ASKED_OFF };

struct fw_fax {
    char    id[FW_UUID_SIZE];
    int64_t account;
    char    user_id[FW_UUID_SIZE];           /* of the account, as webhooks show it */
    char    application[FW_NUMERIC_ID_SIZE]; /* the API's connection_id */
    char    from[FW_NUMBER_MAX + 1];
    char    from_display_name[FW_DISPLAY_NAME_MAX + 1];
    char    to[FW_NUMBER_MAX + 1];
    char   *media_urls;   /* owned JSON array of texts; NULL when the document was uploaded */
    char    media_name[FW_MEDIA_NAME_MAX + 1]; /* document-1 is what it was at accept */
    char   *page_ranges;  /* owned JSON array of texts, one a document (page/range.h); NULL: all pages */
    char   *cover_page;   /* owned JSON object of texts: template, to, from, subject, comment; NULL: none */
    enum fw_asked cover_asked; /* by the request; not stored */
    char   *header;       /* owned JSON of fax/header_line.h; NULL: its pages have no header line */
    enum fw_asked header_asked; /* by the request; not stored */
    char   *client_state; /* owned, or NULL */
    char    webhook_url[FW_URL_MAX + 1];
    int     document_count; /* uploaded files: blob names document-1 … document-n */
    enum fw_quality quality;
    bool    t38_enabled;
    bool    monochrome;
    int     black_threshold; /* 1..100 */
    bool    store_media, store_preview;
    bool    preview_pdf;
    bool    trace;       /* the packets of its calls are kept */
    char    subaddress[FW_IDENT_MAX + 1]; /* T.30 SUB: for machines that take one, or as it came; or empty */
    enum fw_priority priority;
    char   *retry; /* owned JSON of a policy (fax/policy.h), or NULL: a call that fails ends the fax */

    struct fw_wall send_at;    /* not dialled before; {0}: none */
    char          *send_window; /* owned JSON of fax/window.h, or NULL: dialled at any hour */
    struct fw_wall expires_at; /* not dialled from then on; {0}: none */

    char   *metadata; /* owned JSON object of texts, or NULL */
    char    batch[FW_UUID_SIZE];     /* whose documents these are (store/batches.h); or empty */
    char    resend_of[FW_UUID_SIZE]; /* the fax whose documents these are; or empty */
    char   *result_email;     /* owned: an address that is told how it ended; or NULL */
    char   *result_reference; /* owned: the Message-ID of the mail that it came by; or NULL */

    enum fw_status status;
    char    failure_reason[FW_REASON_SIZE];    /* CONTRACT 4; set when failed */
    char    failure_detail[FW_TEXT_SIZE];      /* internal_failure_reason */
    int     page_count;      /* rendered; 0 before */
    int     pages_confirmed; /* by the far end, first_page of them in attempts before the last */
    int     first_page;      /* pages that are not sent again, from 0 */
    int     way;             /* enum fw_way of the next attempt */
    int     attempts;        /* calls placed, the current one counted */
    bool    sending_told;    /* fax.sending.started was written once */
    char    call[FW_UUID_SIZE]; /* id of the current or last attempt; empty before */
    int     modem;           /* index of the modem that had it; -1 before */
    struct fw_wall due;      /* media.processed: not dialled before */
    int     call_duration_secs;
    int     bit_rate;        /* bit/s, 0 unknown */
    int     transport;       /* enum fw_call_transport of the last attempt, -1 unknown */
    struct fw_wall created_at, updated_at;
    /* Received ones: page_count and pages_confirmed are the pages that are here. */
    enum fw_direction    direction;
    enum fw_media_format media_format;
    bool    partial_content;                /* the call broke before the last page */
    char    remote_ident[FW_IDENT_MAX + 4]; /* of the far machine, UTF-8 */
    char    tag[FW_TAG_MAX + 1];            /* what the application calls the subaddress; or empty */
    char   *barcodes; /* owned JSON of fax/barcode.h; "null": they could not be read; NULL: nobody asked for them */
    bool    cancel_asked;    /* read from the store; fw_store_fax_cancel sets it there */
    struct fw_wall purged_at; /* likewise, by a rule of retention: its documents are gone; {0}: they are not */
    bool    deleted;         /* likewise, by fw_store_fax_delete: to be shown to nobody */
};
void fw_fax_done(struct fw_fax *f);
/* What was received, by its name in the folder of the fax. */
const char *fw_fax_received_file(const struct fw_fax *f);
/* A deep copy; `ret` is then the caller's. */
MUST_USE enum fw_err fw_fax_copy(const struct fw_fax *f, struct fw_fax *ret);

/* A document that was stored under a name, to be sent by it. */
struct fw_media {
    int64_t account;
    char    name[FW_MEDIA_NAME_MAX + 1];
    char    file[FW_UUID_SIZE]; /* its name in the folder of media */
    char    content_type[80];   /* as its first bytes say */
    int64_t size;               /* bytes */
    struct fw_wall created_at, updated_at, expires_at;
};

/* What happened, as it is stored and told. `payload` is the JSON object of CONTRACT 3.2. */
struct fw_event {
    int64_t            seq; /* given by the store; grows */
    char               id[FW_UUID_SIZE];
    char               fax[FW_UUID_SIZE];
    enum fw_event_kind kind;
    struct fw_wall     at;
    char              *payload; /* owned */
};
void fw_event_done(struct fw_event *e);
#endif
