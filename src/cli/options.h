/* options.h - reads `--name value` and `--name=value`, once for all commands of faxwire. */
#ifndef FW_OPTIONS_H
#define FW_OPTIONS_H
#include "base/base.h"

struct fw_option {
    const char  *name;  /* without the dashes */
    const char **value; /* set to the text, or to "" for a switch */
    bool         is_switch;
};

/* Whatever is not an option goes to `rest` (at most `rest_max`). FW_INVALID names the culprit. */
MUST_USE enum fw_err fw_options_read(int argc, char **argv, const struct fw_option *options, int option_count,
                                     const char **rest, int rest_max, int *ret_rest, struct fw_fault *fault);
/* Says on stderr what was wrong with a command and where; returns `code`, to exit with. */
int fw_options_refuse(const struct fw_fault *fault, int code);
#endif
