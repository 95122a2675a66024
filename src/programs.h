/* programs.h - where the other programs are, and what the service takes from the system at start. */
#ifndef FW_PROGRAMS_H
#define FW_PROGRAMS_H
#include "base/base.h"

struct fw_programs { char line[4200], modem[4200], render[4200], office[4200], barcode[4200], carrier[4200]; };

/* Beside our own executable. FW_NOT_FOUND with a fault when one is missing. */
MUST_USE enum fw_err fw_programs_find(struct fw_programs *ret, struct fw_fault *fault);
/* Waits (bounded) for the lock that the children of a run hold as long as they live. */
MUST_USE enum fw_err fw_children_lock(const char *data_dir, struct fw_fault *fault, int *ret_fd);
/* Free for UDP and TCP on 127.0.0.1, and below the ports that outgoing connections get. */
MUST_USE bool fw_free_sip_port(uint16_t *ret);
#endif
