/* log.h - one structured line a happening, on stderr.
 *
 *   fw_log(FW_LOG_INFO, "attempt.ended", "fax=%s attempt=%d outcome=%s", ...);
 *   time=… level=info prog=faxwire event=attempt.ended fax=… attempt=1 outcome=delivered
 *
 * The event name is stable; people grep for it. No document content and no keys, ever.
 * Texts that came from outside go through FW_LOG_TEXT, which quotes and escapes them.
 * Thread-safe: a line is one write(2).
 */
#ifndef FW_LOG_H
#define FW_LOG_H
#include "base/base.h"

enum fw_log_level { FW_LOG_ERROR, FW_LOG_WARN, FW_LOG_INFO, FW_LOG_DEBUG };

void fw_log_init(const char *program, enum fw_log_level level);
MUST_USE bool fw_log_level_parse(const char *text, enum fw_log_level *ret);
void fw_log(enum fw_log_level level, const char *event, const char *fmt, ...) PRINTF(3, 4);

struct fw_log_text { char text[256]; };
struct fw_log_text fw_log_quoted(const char *text); /* clipped; control bytes become '?' */
#define FW_LOG_TEXT(s) (fw_log_quoted(s).text)
#endif
