/* barcodes.h - has faxwire-barcode read the pages of a fax, and believes nothing of what it says before it was checked.
 *
 * Any thread. Forks, as render_run.h.
 */
#ifndef FW_MEDIA_BARCODES_H
#define FW_MEDIA_BARCODES_H
#include <stdatomic.h>

#include "base/base.h"

/* JSON of fax/barcode.h, the caller's; NULL: none could be read, the log says why. Takes `wall_ms` at the most. */
char *fw_media_barcodes(const char *program, const char *fax, const char *tif, int pages, uint32_t wall_ms,
                        const atomic_bool *stop);
/* libzbar is installed, and the system lets it be locked in. Starts the program to see. */
MUST_USE bool fw_media_barcodes_can(const char *program);
#endif
