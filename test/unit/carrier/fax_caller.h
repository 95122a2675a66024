/* fax_caller.h - a calling fax machine for tests: the scripted SIP client with a terminal and a
 * media socket behind it. Sends one document and says how it went.
 */
#ifndef FW_TEST_FAX_CALLER_H
#define FW_TEST_FAX_CALLER_H
#include "sip_client.h"
#include "t30/terminal.h"

struct fax_caller_options {
    const char *number;
    const char *tif;
    bool t38;     /* takes the callee's T.38 offer; false: 488 */
    bool asks;    /* offers T.38 itself, at once */
    bool unpaced; /* says a=X-faxwire-unpaced */
    int limit_s;
};

/* What the far end did, apart from taking the fax. */
struct fax_caller_seen {
    int status;      /* final one of the INVITE */
    int reinvites;   /* of the callee */
    int refreshes;   /* of these, without any change */
    int refused;     /* 491 to our own */
    int frames[256]; /* by facsimile control field, T.38's bit order without X; over T.38 */
    int deadly;
    int media_lines; /* in the answer */
    int sent, got;   /* datagrams */
};

void fax_caller_run(struct sip_client *c, const struct fax_caller_options *options,
                    struct fax_caller_seen *ret_seen, struct fw_terminal_result *ret);
#endif
