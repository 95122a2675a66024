/* The command line. */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

static const struct fw_option *find(const struct fw_option *options, int count, const char *name, size_t size)
{
    for (int i = 0; i < count; i++) {
        if (strlen(options[i].name) == size && memcmp(options[i].name, name, size) == 0)
            return &options[i];
    }
    return NULL;
}

enum fw_err fw_options_read(int argc, char **argv, const struct fw_option *options, int option_count,
                            const char **rest, int rest_max, int *ret_rest, struct fw_fault *fault)
{
    *ret_rest = 0;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) {
            if (*ret_rest == rest_max) {
                fw_fault_set(fault, argv[i], "is one argument too many");
                return FW_INVALID;
            }
            rest[(*ret_rest)++] = argv[i];
            continue;
        }
        const char *name = argv[i] + 2;
        const char *equals = strchr(name, '=');
        const size_t size = equals ? (size_t)(equals - name) : strlen(name);
        const struct fw_option *o = find(options, option_count, name, size);
        if (!o) {
            fw_fault_set(fault, argv[i], "unknown option; see `faxwire help`");
            return FW_INVALID;
        }
        if (o->is_switch ? equals != NULL : !equals && i + 1 == argc) {
            fw_fault_set(fault, argv[i], o->is_switch ? "takes no value" : "needs a value");
            return FW_INVALID;
        }
        *o->value = o->is_switch ? "" : equals ? equals + 1 : argv[++i];
    }
    return FW_OK;
}

int fw_options_refuse(const struct fw_fault *fault, int code)
{
    fprintf(stderr, "faxwire: %s%s%s\n", fault->field, fault->field[0] ? ": " : "", fault->message);
    return code;
}
