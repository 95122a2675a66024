/* trace.h - the SIP messages of a call, into the file that its modem puts the media into as well.
 *
 * Credentials are blanked: whoever reads a trace must not be able to try passwords against them.
 */
#ifndef FW_LINE_TRACE_H
#define FW_LINE_TRACE_H
#include "line/line.h"

/* From now on; `fd` is duplicated. 0 bytes, or no descriptor: not at all. */
void fw_line_trace_begin(struct fw_line *l, struct fw_line_call *c, int fd, uint32_t bytes_max);
/* The same file for a call that goes on beside `c`. */
void fw_line_trace_share(struct fw_line *l, const struct fw_line_call *c, struct fw_line_call *with);
void fw_line_trace_end(struct fw_line *l, struct fw_line_call *c);
/* The INVITE of a call that came in, kept until it is known whether it is to be traced. */
void fw_line_trace_keep_invite(struct fw_line *l, struct fw_line_call *c);
void fw_line_trace_forget_invite(struct fw_line_call *c);
/* The modem that has the media of `c` now. */
void fw_line_trace_media(struct fw_line *l, const struct fw_line_call *c);
/* fw_sip_tap_fn; the argument is the line. */
void fw_line_trace_packet(void *line, const struct fw_sip_packet *packet);

/* Pure: puts 'x' over what Authorization and Proxy-Authorization headers say behind their scheme. */
void fw_line_trace_blank(char *message, size_t size);
#endif
