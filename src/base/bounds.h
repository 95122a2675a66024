/* bounds.h - every ceiling that the outside world meets, with its reason. */
#ifndef FW_BOUNDS_H
#define FW_BOUNDS_H

enum {
    FW_DOCUMENT_BYTES_MAX = 50 * 1024 * 1024, /* contract 9: 50 MB, then file_size_limit_exceeded */
    FW_PAGES_MAX = 350,                       /* contract 9: then page_count_limit_exceeded */
    FW_MEDIA_BYTES_MAX = 20 * 1024 * 1024,    /* contract 6: one upload to /v2/media */
    FW_MEDIA_NAME_MAX = 255,                  /* bytes */
    FW_BODY_BYTES_MAX = 60 * 1024 * 1024, /* one request: a document over 50 MB must still get in to
                                             fail as the contract says, not as a 413 */
    FW_JSON_BYTES_MAX = 1024 * 1024,      /* request bodies without a document */
    FW_BATCH_BYTES_MAX = 16 * 1024 * 1024, /* likewise, with ten thousand recipients */
    FW_FORM_FIELDS_MAX = 64,
    FW_MEDIA_URLS_MAX = 20,     /* documents of one fax */
    FW_URL_MAX = 2000,          /* characters; contract 1.6, code 10003 */
    FW_NUMBER_MAX = 255,        /* characters of a number or SIP URI */
    FW_DISPLAY_NAME_MAX = 128,  /* contract 1.2 */
    FW_COMMAND_ID_MAX = 255,
    FW_FORWARD_NAME_MAX = 63, /* of a command that received faxes go on to */
    FW_MESSAGE_ID_MAX = 255, /* of a mail; RFC 5322 allows a line of 998 */
    FW_CLIENT_STATE_MAX = 8192, /* echoed in every webhook */
    FW_IDENT_MAX = 20,          /* T.30 CSI, TSI, SUB: characters */
    FW_TAG_MAX = 100,           /* of a subaddress: bytes */
    FW_CALLS_PER_MODEM = 64,    /* what one crash may cost; the rest goes on */
    FW_MODEMS_MAX = 16,
    FW_UDP_BYTES_MAX = 1500,    /* a datagram we read; larger is dropped */
    FW_LIST_PAGE_MAX = 250,     /* contract 1.1: page[size] */
};
/* What a client writes on a fax: keys, bytes of a key, bytes of a value; how many a list is asked for by. */
enum { FW_METADATA_MAX = 16, FW_METADATA_KEY_MAX = 40, FW_METADATA_VALUE_MAX = 500, FW_METADATA_FILTERS_MAX = 4 };
#endif
