/* exif.h - which way up a camera was held. Pure.
 *
 * Source: Exif 2.32 clause 4.6.2 and TIFF 6.0 section 8 (tag 274, Orientation).
 */
#ifndef FW_EXIF_H
#define FW_EXIF_H
#include "base/buf.h"

/* `exif` begins with a TIFF header, with or without "Exif\0\0" before it. 1 to 8 as the tag has it;
 * 1, the right way up, for everything damaged. */
int fw_exif_orientation(struct fw_span exif);
#endif
