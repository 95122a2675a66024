/* Errors in words, and the end of a program that found its own mistake. */
#include "base/base.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void fw_panic(const char *expr, const char *file, int line)
{
    fprintf(stderr, "level=error event=panic expr=\"%s\" at=%s:%d\n", expr, file, line);
    abort();
}

const char *fw_err_text(enum fw_err err)
{
    static const char *const text[] = {
#define X(name, http, text) text,
        FW_ERR_LIST(X)
#undef X
    };
    fw_assert(err >= 0 && err < FW_ERR_COUNT);
    return text[err];
}

void fw_fault_set(struct fw_fault *fault, const char *field, const char *fmt, ...)
{
    if (!fault)
        return;
    snprintf(fault->field, sizeof fault->field, "%s", field);
    va_list args;
    va_start(args, fmt);
    vsnprintf(fault->message, sizeof fault->message, fmt, args);
    va_end(args);
}
