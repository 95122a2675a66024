/* supervisor.h - the parent's loop: starts the other programs, keeps them up, passes messages on.
 *
 * One thread (the one that made it) runs it. A program that ends is started again with back-off.
 * Messages go where their kind says (msg.h); those for the HUB, and every start and end of a
 * program, go to the port. A modem can only speak for itself and only in the modem's words: it is
 * the program that strangers feed.
 */
#ifndef FW_SUPERVISOR_H
#define FW_SUPERVISOR_H
#include "base/clock.h"
#include "ipc/msg.h"

enum fw_role { FW_ROLE_LINE, FW_ROLE_MODEM, FW_ROLE_CARRIER, FW_ROLE_COUNT };
const char *fw_role_text(enum fw_role role);

enum { FW_CHILD_ARGS_MAX = 16 };
struct fw_child_spec {
    enum fw_role role;
    uint8_t      index; /* of the modem; 0 for the others */
    const char  *program; /* path */
    const char  *args[FW_CHILD_ARGS_MAX]; /* after the program's name, NULL-terminated; copied */
};

struct fw_supervisor_port {
    void (*started)(void *arg, enum fw_role role, uint8_t index);
    void (*ended)(void *arg, enum fw_role role, uint8_t index);
    void (*message)(void *arg, enum fw_role role, uint8_t index, const struct fw_msg *msg);
    void *arg;
};

struct fw_supervisor;

/* `keep_fd` (or -1) stays open in every child as its descriptor 4: a lock that they hold. */
MUST_USE enum fw_err fw_supervisor_new(const struct fw_supervisor_port *port, int keep_fd,
                                       struct fw_supervisor **ret);
/* Kills what still runs, and reaps it. */
void fw_supervisor_free(struct fw_supervisor *s);
/* Starts the program at once. FW_IO: cannot be started; `fault` says why. */
MUST_USE enum fw_err fw_supervisor_add(struct fw_supervisor *s, const struct fw_child_spec *spec,
                                       struct fw_fault *fault);
/* As if the message came from the hub. One to a program that is not up is dropped: its `ended`
 * has been or will be told. */
void fw_supervisor_send(struct fw_supervisor *s, const struct fw_msg *msg, int fd); /* -1: none; stays the caller's */
void fw_supervisor_send_to(struct fw_supervisor *s, enum fw_role role, uint8_t index, const struct fw_msg *msg);
/* Calls `fn` in the loop whenever `fd` is readable. At most 8. */
MUST_USE enum fw_err fw_supervisor_watch(struct fw_supervisor *s, int fd, void (*fn)(void *arg), void *arg);
/* One turn: waits at most `timeout_ms`, then does what is due. */
void fw_supervisor_turn(struct fw_supervisor *s, int timeout_ms);
/* Tells every child to stop and waits for them, then kills the rest. No restarts after this. */
void fw_supervisor_stop(struct fw_supervisor *s, int patience_ms);
/* Process id of a child, 0 when it is down. */
int fw_supervisor_pid(const struct fw_supervisor *s, enum fw_role role, uint8_t index);
#endif
