/* GMime reads the message; which of its parts are documents is decided here. */
#include "cli/mail_mime.h"

#include <gmime/gmime.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/mail_gate.h"

enum {
    DEPTH_MAX = 12,
    PARTS_MAX = 200,
    NESTED_MAX = 400, /* of the words, and of colons among addresses, that make GMime call itself once more */
};

struct walk {
    struct fw_mime_documents *to;
    struct fw_buf plain, html;
    size_t bytes; /* of all documents */
    int    parts;
};

static void object_free(GObject **o)
{
    if (*o)
        g_object_unref(*o);
}

/* NULL: none, or one that is made to be read for ever. */
static GMimeMessage *read_message(struct fw_span bytes)
{
    static bool started;
    if (bytes.size == 0 || fw_mail_groups_over(bytes, NESTED_MAX))
        return NULL;
    if (!started)
        g_mime_init();
    started = true;
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)bytes.data, bytes.size);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    g_object_unref(stream);
    g_mime_parser_set_format(parser, GMIME_FORMAT_MESSAGE);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    return message;
}

/* The header. */

static void copy_value(char *dst, size_t dst_size, const char *value)
{
    struct fw_span text = fw_span_of(value ? value : "");
    while (text.size > 0 && strchr(" \t\r\n", text.data[0]))
        text = (struct fw_span){ text.data + 1, text.size - 1 };
    while (text.size > 0 && strchr(" \t\r\n", text.data[text.size - 1]))
        text.size--;
    (void)!fw_text_copy(dst, dst_size, text);
}

/* Two From headers are one for whoever checks signatures and another for us: then there is none. */
static void read_from(GMimeMessage *message, GMimeHeaderList *list, struct fw_mime_head *ret)
{
    int headers = 0;
    for (int i = 0; i < g_mime_header_list_get_count(list); i++)
        headers += g_ascii_strcasecmp(g_mime_header_get_name(g_mime_header_list_get_header_at(list, i)), "From") == 0;
    InternetAddressList *from = g_mime_message_get_from(message);
    if (headers != 1 || !from || internet_address_list_length(from) != 1)
        return;
    InternetAddress *one = internet_address_list_get_address(from, 0);
    if (INTERNET_ADDRESS_IS_MAILBOX(one))
        copy_value(ret->from, sizeof ret->from, internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one)));
}

/* Headers that a mail server writes stand above those that it was given, so the first counts. */
static void read_header(const char *name, const char *value, struct fw_mime_head *ret)
{
    const struct {
        const char *name;
        char       *dst;
        size_t      size;
    } texts[] = {
        { "Return-Path", ret->return_path, sizeof ret->return_path },
        { "X-Original-To", ret->delivered_to, sizeof ret->delivered_to },
        { "Envelope-To", ret->delivered_to, sizeof ret->delivered_to },
        { "Delivered-To", ret->delivered_to, sizeof ret->delivered_to },
        { "Message-ID", ret->message_id, sizeof ret->message_id },
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (g_ascii_strcasecmp(name, texts[i].name) == 0 && !texts[i].dst[0])
            copy_value(texts[i].dst, texts[i].size, value);
    }
    ret->automatic |= g_ascii_strcasecmp(name, "X-Faxwire-Fax") == 0 ||
                      (g_ascii_strcasecmp(name, "Auto-Submitted") == 0 && value &&
                       fw_mail_count(fw_span_of(value), "auto-replied", 1) > 0);
}

enum fw_err fw_mime_head(struct fw_span head, struct fw_mime_head *ret)
{
    *ret = (struct fw_mime_head){ 0 };
    GMimeMessage *message = read_message(head);
    GObject *owned CLEANUP(object_free) = message ? G_OBJECT(message) : NULL;
    if (!owned)
        return FW_PROTOCOL;
    GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(message));
    for (int i = 0; i < g_mime_header_list_get_count(list); i++) {
        GMimeHeader *h = g_mime_header_list_get_header_at(list, i);
        read_header(g_mime_header_get_name(h), g_mime_header_get_raw_value(h), ret);
    }
    read_from(message, list, ret);
    return FW_OK;
}

/* The parts. */

static enum fw_err wrong(struct walk *w, enum fw_err err, const char *why)
{
    fw_text_clip(w->to->why, sizeof w->to->why, why);
    return err;
}

static enum fw_err add_document(struct walk *w, const char *name, struct fw_span bytes)
{
    struct fw_mime_documents *to = w->to;
    if (to->count == FW_MEDIA_URLS_MAX)
        return wrong(w, FW_LIMIT, "there are too many attachments for one fax");
    if (bytes.size > FW_DOCUMENT_BYTES_MAX - w->bytes)
        return wrong(w, FW_LIMIT, "the attachments are too large for one fax");
    struct fw_mime_document *d = &to->items[to->count++];
    w->bytes += bytes.size;
    snprintf(d->name, sizeof d->name, "%s-%d", name, to->count);
    fw_buf_init(&d->data, FW_DOCUMENT_BYTES_MAX);
    return fw_buf_put(&d->data, bytes);
}

static enum fw_err take_attachment(struct walk *w, GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *mem = g_mime_stream_mem_new();
    GObject *owned CLEANUP(object_free) = G_OBJECT(mem);
    if (content && g_mime_data_wrapper_write_to_stream(content, mem) < 0)
        return wrong(w, FW_PROTOCOL, "an attachment cannot be decoded");
    const GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
    return add_document(w, "attachment", (struct fw_span){ bytes->data, bytes->len });
}

/* In UTF-8, whatever it was. */
static enum fw_err take_text(struct walk *w, GMimePart *part, struct fw_buf *to)
{
    char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
    enum fw_err err = text ? fw_buf_put_text(to, text) : FW_OK;
    g_free(text);
    return err == FW_LIMIT ? wrong(w, err, "the text is too long for one fax") : err;
}

static bool is_attached(GMimeObject *o)
{
    const char *disposition = g_mime_object_get_disposition(o);
    return disposition && g_ascii_strcasecmp(disposition, GMIME_DISPOSITION_ATTACHMENT) == 0;
}

/* What a text refers to (logos in it) is none of the documents, unless it says so itself. */
static enum fw_err take_leaf(struct walk *w, GMimeObject *o, bool is_referred)
{
    GMimeContentType *type = g_mime_object_get_content_type(o);
    const bool named = is_attached(o) || g_mime_part_get_filename(GMIME_PART(o));
    if (!named && !is_referred && GMIME_IS_TEXT_PART(o)) {
        if (g_mime_content_type_is_type(type, "text", "plain"))
            return take_text(w, GMIME_PART(o), &w->plain);
        if (g_mime_content_type_is_type(type, "text", "html"))
            return take_text(w, GMIME_PART(o), &w->html);
        return FW_OK; /* an invitation or the like, beside its text */
    }
    return is_referred && !is_attached(o) ? FW_OK : take_attachment(w, GMIME_PART(o));
}

static enum fw_err take_part(struct walk *w, GMimeObject *o, bool is_referred, int depth);

static enum fw_err take_multipart(struct walk *w, GMimeObject *o, bool is_referred, int depth)
{
    GMimeMultipart *all = GMIME_MULTIPART(o);
    GMimeContentType *type = g_mime_object_get_content_type(o);
    const bool related = g_mime_content_type_is_type(type, "multipart", "related");
    int count = g_mime_multipart_get_count(all);
    if (GMIME_IS_MULTIPART_ENCRYPTED(o))
        return wrong(w, FW_PROTOCOL, "the message is encrypted");
    if (GMIME_IS_MULTIPART_SIGNED(o))
        count = count > 0 ? 1 : 0; /* the rest is the signature */
    enum fw_err err = FW_OK;
    for (int i = 0; i < count && !err; i++)
        err = take_part(w, g_mime_multipart_get_part(all, i), is_referred || (related && i > 0), depth + 1);
    return err;
}

static enum fw_err take_part(struct walk *w, GMimeObject *o, bool is_referred, int depth)
{
    if (depth > DEPTH_MAX || ++w->parts > PARTS_MAX)
        return wrong(w, FW_LIMIT, "the message has too many parts");
    if (!o)
        return FW_OK;
    if (GMIME_IS_MULTIPART(o))
        return take_multipart(w, o, is_referred, depth);
    if (GMIME_IS_MESSAGE_PART(o) || GMIME_IS_MESSAGE_PARTIAL(o))
        return wrong(w, FW_PROTOCOL, "a message that is attached to a message cannot be faxed");
    return GMIME_IS_PART(o) ? take_leaf(w, o, is_referred) : FW_OK;
}

static bool is_blank(const struct fw_buf *b)
{
    for (size_t i = 0; i < b->size; i++) {
        if (!strchr(" \t\r\n", b->data[i]))
            return false;
    }
    return true;
}

/* The text in front, the others one place on. HTML is taken where there is no plain text. */
static enum fw_err put_text_first(struct walk *w)
{
    const bool is_plain = !is_blank(&w->plain);
    const struct fw_buf *text = is_plain ? &w->plain : &w->html;
    struct fw_mime_documents *to = w->to;
    if (is_blank(text))
        return FW_OK;
    const enum fw_err err = add_document(w, is_plain ? "text" : "html", fw_buf_span(text));
    if (err)
        return err;
    const struct fw_mime_document last = to->items[to->count - 1];
    memmove(&to->items[1], &to->items[0], (size_t)(to->count - 1) * sizeof last);
    to->items[0] = last;
    return FW_OK;
}

static void walk_done(struct walk *w)
{
    fw_buf_done(&w->plain);
    fw_buf_done(&w->html);
}

enum fw_err fw_mime_documents(struct fw_span message, enum fw_mime_body body, struct fw_mime_documents *ret)
{
    struct walk w CLEANUP(walk_done) = { .to = ret };
    *ret = (struct fw_mime_documents){ 0 };
    fw_buf_init(&w.plain, FW_DOCUMENT_BYTES_MAX);
    fw_buf_init(&w.html, FW_DOCUMENT_BYTES_MAX);
    if (fw_mail_count(message, "boundary", NESTED_MAX) == NESTED_MAX ||
        fw_mail_count(message, "message/", NESTED_MAX) == NESTED_MAX)
        return wrong(&w, FW_LIMIT, "the message has too many parts");
    GMimeMessage *parsed = read_message(message);
    GObject *owned CLEANUP(object_free) = parsed ? G_OBJECT(parsed) : NULL;
    if (!owned)
        return wrong(&w, FW_PROTOCOL, "the message cannot be read");
    enum fw_err err = take_part(&w, g_mime_message_get_mime_part(parsed), false, 0);
    if (!err && (body == FW_MIME_BODY_FIRST || (body == FW_MIME_BODY_ALONE && ret->count == 0)))
        err = put_text_first(&w);
    if (!err && ret->count == 0)
        return wrong(&w, FW_NOT_FOUND, "there is nothing in the message to be faxed");
    return err;
}

void fw_mime_documents_done(struct fw_mime_documents *d)
{
    for (int i = 0; i < d->count; i++)
        fw_buf_done(&d->items[i].data);
    d->count = 0;
}
