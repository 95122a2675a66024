/* media_files.h - the files of stored media: what they are, what they may be called, when they go.
 *
 * Pure but for the sweeper. A customer's name is never part of a path: the store says which file.
 */
#ifndef FW_API_MEDIA_FILES_H
#define FW_API_MEDIA_FILES_H
#include "store/store.h"

enum { FW_SNIFF_BYTES = 4096 };

/* The media type that the first bytes of a document tell; a literal. */
const char *fw_media_sniff(struct fw_span head);
/* NULL, or what the name is not: "may not …". UTF-8 and its length are checked elsewhere. */
const char *fw_check_media_name(const char *name);
/* A Content-Disposition (RFC 6266, RFC 8187) that saves as `name`, without its folders and without
 * anything that could end the header or the quotes. Needs 4 bytes a byte of `name` and 64 more. */
void fw_media_disposition(const char *name, char *dst, size_t dst_size);

/* `<data>/media/<file>` */
void fw_media_path(const struct fw_store *s, const char *file, char *dst, size_t dst_size);
/* Empty: nothing is done. */
void fw_media_remove(const struct fw_store *s, const char *file);

/* Removes expired media every minute, and at start the files too that no row tells of: those of a
 * crash between one and the other. Makes the folder. */
struct fw_sweeper;
MUST_USE enum fw_err fw_sweeper_start(struct fw_store *s, struct fw_sweeper **ret);
void fw_sweeper_stop(struct fw_sweeper *w); /* NULL is fine */
#endif
