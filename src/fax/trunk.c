/* The words of a trunk as text. */
#include "fax/trunk.h"

#include "base/base.h"

#define X(name, text) text,
#define L(NAME, name, list)                                                                        \
    const char *fw_trunk_##name##_text(unsigned value)                                             \
    {                                                                                              \
        static const char *const text[] = { list(X) };                                             \
        return value < ARRAY_LEN(text) ? text[value] : "unknown";                                  \
    }
FW_TRUNK_LISTS(L)
