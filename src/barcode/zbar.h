/* zbar.h - the edge to libzbar, which is loaded when it is there: nothing of it is needed to build.
 *
 * Its package brings libraries of windows and cameras along. They are loaded with it, and are behind the same lock.
 */
#ifndef FW_ZBAR_H
#define FW_ZBAR_H
#include "barcode/codes.h"
#include "barcode/gray.h"

struct fw_zbar;

/* Loads it, so before the sandbox. FW_NOT_FOUND: it is not installed, or is none that we know. */
MUST_USE enum fw_err fw_zbar_open(struct fw_zbar **ret, struct fw_fault *fault);
void fw_zbar_free(struct fw_zbar *z);
void fw_zbar_free_p(struct fw_zbar **z); /* for CLEANUP */
/* Adds what is on the page. */
MUST_USE enum fw_err fw_zbar_scan(struct fw_zbar *z, const struct fw_gray *g, uint32_t page, struct fw_codes *codes);
#endif
