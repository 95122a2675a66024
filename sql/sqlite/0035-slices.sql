-- Faxes of a batch that are accepted and not written yet, some in a row: the oldest row is next, and goes as they come.
CREATE TABLE fax_slice (
    seq        INTEGER PRIMARY KEY,
    batch      TEXT NOT NULL REFERENCES fax_batch(id),
    recipients INTEGER NOT NULL,
    list       TEXT NOT NULL -- JSON, store/batches.h
) STRICT;
CREATE INDEX fax_slice_of_batch ON fax_slice(batch, recipients);
-- What they have in common, under the id of their batch: as a fax, and none that anybody sees or dials.
CREATE TABLE fax_draft AS
    SELECT id, account, application, from_number, from_display_name, to_number, media_urls, client_state, webhook_url,
        document_count, quality, t38_enabled, monochrome, black_threshold, store_media, store_preview, preview_pdf,
        created_us, status, failure_reason, failure_detail, page_count, pages_confirmed, attempts, sending_told, call,
        modem, due_us, call_duration_secs, bit_rate, transport, updated_us, media_name, direction, media_format,
        partial_content, remote_ident, priority, retry, first_page, way, page_ranges, resend_of, metadata, send_at_us,
        send_window, expires_us, result_email, result_reference, batch, trace, cover_page, header, subaddress, tag,
        barcodes
    FROM fax WHERE 0;
CREATE UNIQUE INDEX fax_draft_id ON fax_draft(id);
