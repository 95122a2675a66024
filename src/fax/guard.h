/* guard.h - which numbers may be called at all: prefixes of the configuration, against toll fraud. Pure. */
#ifndef FW_GUARD_H
#define FW_GUARD_H
#include "base/base.h"

/* Lists are prefixes parted by commas or spaces, "+1900, +881": '+' and 1 to 15 digits. NULL and "" are none. */
struct fw_guard {
    const char *allow; /* none: every number that is not barred */
    const char *bar;   /* goes before `allow` */
};

enum fw_guard_answer { FW_GUARD_OK, FW_GUARD_BARRED, FW_GUARD_NOT_ALLOWED };

/* NULL, or what is wrong with a list: a clause. */
const char *fw_guard_fault(const char *list);
/* `to` is +E.164 or a SIP URI. A user part of digits counts as the number that it would be dialled as; other
 * URIs are no telephone numbers, and are kept out by `allow` only. */
enum fw_guard_answer fw_guard_ask(const struct fw_guard *g, const char *to);
/* As the fax fails: the reason of CONTRACT 4 and a text for people. */
const char *fw_guard_reason(enum fw_guard_answer a, const char **ret_detail);
#endif
