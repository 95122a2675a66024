/* mail_mime.h - a mail taken apart; the edge of this room to GMime.
 *
 * The message is a stranger's. It is bounded before it comes here; multiparts, their depth, the documents
 * and their bytes are bounded here.
 *
 * Source: RFC 5322 (headers), RFC 2045 to 2047 and 2183 (MIME), RFC 2387 (related), RFC 1847 (signed).
 */
#ifndef FW_CLI_MAIL_MIME_H
#define FW_CLI_MAIL_MIME_H
#include "base/bounds.h"
#include "base/buf.h"

enum { FW_MIME_TEXT_SIZE = 512, FW_MIME_WHY_SIZE = 200 };

/* Texts are empty where there is no such header, or it does not fit. */
struct fw_mime_head {
    char from[FW_MIME_TEXT_SIZE];        /* the one address of the one From; empty when there are others */
    char return_path[FW_MIME_TEXT_SIZE];
    char delivered_to[FW_MIME_TEXT_SIZE]; /* X-Original-To, Envelope-To or Delivered-To: the topmost */
    char message_id[FW_MESSAGE_ID_MAX + 1];
    bool automatic; /* an answer of a machine (RFC 3834), or mail of ours */
};

enum fw_mime_body {
    FW_MIME_BODY_ALONE, /* the text is faxed when nothing is attached */
    FW_MIME_BODY_FIRST, /* it goes before what is attached */
    FW_MIME_BODY_NEVER,
};

struct fw_mime_document {
    char          name[64]; /* made by us: "attachment-2" */
    struct fw_buf data;     /* owned */
};
struct fw_mime_documents {
    struct fw_mime_document items[FW_MEDIA_URLS_MAX];
    int  count;
    char why[FW_MIME_WHY_SIZE]; /* what is wrong with the message, for its sender */
};

/* `head` is the header alone. FW_PROTOCOL: it is none. */
MUST_USE enum fw_err fw_mime_head(struct fw_span head, struct fw_mime_head *ret);
/* What is to be faxed, in order. FW_PROTOCOL, FW_LIMIT, FW_NOT_FOUND (nothing is to be faxed): `why` says it.
 * FW_NO_MEMORY. `ret` is the caller's in any case. */
MUST_USE enum fw_err fw_mime_documents(struct fw_span message, enum fw_mime_body body, struct fw_mime_documents *ret);
void fw_mime_documents_done(struct fw_mime_documents *d);
#endif
