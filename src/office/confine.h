/* confine.h - a cage for LibreOffice: no network, no files but its own and the system's programs.
 *
 * The renderer's sandbox allows a few calls and nothing else; a whole office suite cannot live in
 * that. So here what is dangerous is taken away instead: files by Landlock, the network and calls
 * that reach into other processes or the kernel by seccomp, memory and time by limits. All of it is
 * inherited by what is started afterwards.
 */
#ifndef FW_CONFINE_H
#define FW_CONFINE_H
#include "base/base.h"

struct fw_confine {
    const char *folder;    /* the only place to write in */
    uint32_t    cpu_s_max; /* seconds */
};

/* Called once, single-threaded. FW_IO: the kernel refuses; the caller must then not go on. A kernel
 * without Landlock, or that gives no network of one's own, is logged and gone on with: seccomp
 * refuses the network in any case. */
MUST_USE enum fw_err fw_confine_enter(const struct fw_confine *want, struct fw_fault *fault);
#endif
