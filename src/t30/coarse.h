/* coarse.h - the same pages with fewer rows, for a machine that cannot print them as they are.
 *
 * The library does not scale: without this the call would end with "resolution not supported".
 * Rows are joined in pairs or fours, black wins, so that no thin line is lost.
 */
#ifndef FW_T30_COARSE_H
#define FW_T30_COARSE_H
#include "base/base.h"

/* The far end waits meanwhile, for at most seconds: 100 pages take about 0.6 s. */
enum { FW_COARSE_PAGES_MAX = 200 };

/* `divisor`: 2 or 4. FW_LIMIT: too many pages; FW_INVALID: not a page file; FW_IO. After a failure
 * there is no file at `to`. */
MUST_USE enum fw_err fw_coarse_make(const char *from, const char *to, unsigned divisor);
#endif
