/* pagefile.h - proof that a received page is really in its file, before it is confirmed.
 *
 * The library only logs when a write fails and confirms the page all the same (measured), so the
 * file is opened again, the page decoded whole, and the file synced.
 */
#ifndef FW_T30_PAGEFILE_H
#define FW_T30_PAGEFILE_H
#include "base/base.h"

enum {
    FW_PAGEFILE_BYTES_MAX = 256 * 1024 * 1024, /* of one received file; 350 pages of 700 KB */
    FW_PAGEFILE_SPARE_BYTES = 1024 * 1024,     /* disk that must be left: at its end the library
                                                  rewrites the page counts of all pages */
};

/* Page `index` of `path` is readable with all its rows and on disk. Else `fault` says why. */
MUST_USE enum fw_err fw_pagefile_secure(const char *path, uint32_t index, struct fw_fault *fault);
#endif
