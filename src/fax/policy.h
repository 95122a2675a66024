/* policy.h - when a fax that failed is dialled again, and by what way.
 *
 * Pure: from a policy, what the earlier calls came to, and how this one ended, to a decision. There is
 * no policy unless one was asked for: a fax that fails then stays failed.
 *
 * A *dial* is a call that was placed, a *try* one that was answered; they are limited apart. Interruptions
 * by failures of our own are neither, and are not decided here.
 */
#ifndef FW_POLICY_H
#define FW_POLICY_H
#include <jansson.h>

#include "fax/outcome.h"

/* What to do when some pages were confirmed: nothing, for they would be printed twice; send those that
 * were not; send all again, knowing that. */
#define FW_PARTIALS(X) X(FAIL, "fail") X(RESUME, "resume") X(RESEND, "resend")
enum fw_partial {
#define X(name, text) FW_PARTIAL_##name,
    FW_PARTIALS(X)
#undef X
        FW_PARTIAL_COUNT
};

enum {
    FW_POLICY_DIALS_MAX = 100,
    FW_POLICY_DELAY_MAX = 24 * 3600,     /* seconds */
    FW_POLICY_TOTAL_MAX = 7 * 24 * 3600, /* seconds */
    FW_POLICY_HUMAN_MAX = 1,             /* whoever was called by a fax is called once more, */
    FW_POLICY_HUMAN_DELAY = 15 * 60,     /* and not before this */
    FW_POLICY_OWN_MAX = 3,               /* calls again at once after failures of our own, as `partial` says */
};

struct fw_policy {
    int max_dials, max_tries;
    int total_secs; /* from the first dial to the last; hours outside of a send_window do not count */
    enum fw_partial partial;
    bool ladder; /* a plainer way after trouble with the protocol */
    struct fw_policy_rule {
        int delay_secs; /* before the next dial */
        int max;        /* dials more for this cause; 0: none */
    } rules[FW_RETRY_COUNT]; /* NONE and INTERNAL are not used */
};

/* A named policy: "none", "standard", "hylafax". False: there is none of that name. "none" has
 * max_dials 1. */
MUST_USE bool fw_policy_named(const char *name, struct fw_policy *ret);
/* From JSON: a name, or an object whose fields change those of the policy that its `policy` names
 * ("standard" when it names none). Returns how many faults it has; the first `max` are in `list`: which
 * field, as busy/delay_secs, and why. With faults `ret` is of no use. */
MUST_USE size_t fw_policy_faults(const json_t *json, struct fw_policy *ret, struct fw_fault *list, size_t max);
/* For who only tells the first. FW_INVALID: `fault` has it. */
MUST_USE enum fw_err fw_policy_read(const json_t *json, struct fw_policy *ret, struct fw_fault *fault);
/* The same from a text: a name, or JSON. */
MUST_USE enum fw_err fw_policy_read_text(const char *text, struct fw_policy *ret, struct fw_fault *fault);
/* A new reference: an object that fw_policy_read takes. NULL when out of memory. */
json_t *fw_policy_json(const struct fw_policy *p);

/* Of the failed calls of a fax, this one counted. */
struct fw_policy_history {
    int dials, tries;
    int of[FW_RETRY_COUNT];
    struct fw_wall first; /* when the first was dialled */
    int64_t closed_us;    /* since then, in which it could not be, for its send_window */
};
struct fw_policy_decision {
    bool again;
    struct fw_wall due;          /* then */
    int  skip;                   /* then: pages that are not sent again */
    char why[FW_TEXT_SIZE];      /* else: which limit was met; empty when nothing would have helped */
};
/* `pages` confirmed so far, in this call and, when it resumed, before. */
void fw_policy_decide(const struct fw_policy *p, const struct fw_policy_history *h,
                      const struct fw_outcome *o, int pages, struct fw_wall now,
                      struct fw_policy_decision *ret);

/* The ways of a call, from the best to the plainest. */
#define FW_WAYS(X) X(T38, "t38") X(T38_SLOW, "t38_slow") X(AUDIO, "audio") X(AUDIO_SLOW, "audio_slow")
enum fw_way {
#define X(name, text) FW_WAY_##name,
    FW_WAYS(X)
#undef X
        FW_WAY_COUNT,
    FW_WAY_NO_ECM = 8, /* a flag beside */
};
const char *fw_way_text(int way); /* without the flag */
bool fw_way_t38(int way);
bool fw_way_v17(int way);
bool fw_way_ecm(int way);
/* After a call that went `way` and failed so. `transport`: what carried it, enum fw_call_transport, -1
 * unknown. */
int fw_way_after(int way, const struct fw_outcome *o, int transport);
#endif
