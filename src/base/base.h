/* base.h - attributes, assertions and the one error list, used everywhere.
 *
 * Three kinds of "bad" are kept apart: a mistake of ours is an fw_assert; an operation
 * that failed is an fw_err; how a fax ended is data (fax/outcome.h), never an error.
 */
#ifndef FW_BASE_H
#define FW_BASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE        __attribute__((warn_unused_result))
#define PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#define CLEANUP(fn)     __attribute__((cleanup(fn)))
#define ARRAY_LEN(a)    (sizeof(a) / sizeof((a)[0]))

/* Hands the pointer on and leaves NULL behind, so that CLEANUP frees nothing. */
#define TAKE(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })

/* On in every build. For mistakes of ours only, never for what a peer can cause. */
#define fw_assert(e) ((e) ? (void)0 : fw_panic(#e, __FILE__, __LINE__))
_Noreturn void fw_panic(const char *expr, const char *file, int line);

/* One line per error: enum name, HTTP status, text for API bodies and logs. */
#define FW_ERR_LIST(X)                                                                             \
    X(OK, 200, "ok")                                                                               \
    X(INVALID, 422, "invalid")                                                                     \
    X(NOT_FOUND, 404, "not found")                                                                 \
    X(CONFLICT, 409, "conflict")                                                                   \
    X(LIMIT, 429, "limit reached")                                                                 \
    X(NO_MEMORY, 503, "out of memory")                                                             \
    X(BUSY, 503, "try again")                                                                      \
    X(IO, 500, "i/o error")                                                                        \
    X(PROTOCOL, 502, "peer protocol error")
enum fw_err {
#define X(name, http, text) FW_##name,
    FW_ERR_LIST(X)
#undef X
        FW_ERR_COUNT
};
const char *fw_err_text(enum fw_err err);

/* What a person reads when an operation was refused: where, and what to do about it. */
struct fw_fault {
    char field[64];    /* JSON pointer, option or key; may be empty */
    char message[512]; /* one sentence */
};
void fw_fault_set(struct fw_fault *fault, const char *field, const char *fmt, ...) PRINTF(3, 4);
#endif
