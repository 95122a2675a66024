/* destination.h - what earlier calls taught about a number, and what the next one makes of it.
 *
 * Pure. A fact has how often it was seen, why it is believed and until when; an old one is believed no
 * more, so that a machine that was replaced is tried anew.
 */
#ifndef FW_DESTINATION_H
#define FW_DESTINATION_H
#include <jansson.h>

#include "fax/fax.h"

/* X(name, text, days that it is believed). */
#define FW_FACTS(X)                                                                                \
    X(T38_BAD, "t38_bad", 30) /* goes over G.711 */                                                \
    X(V17_BAD, "v17_bad", 30) /* not faster than 9600 bit/s */                                     \
    X(ECM_BAD, "ecm_bad", 30) /* without error correction */                                       \
    X(HUMAN, "human", 90)     /* answered, and sent no fax tones */
enum fw_fact {
#define X(name, text, days) FW_FACT_##name,
    FW_FACTS(X)
#undef X
        FW_FACT_COUNT
};
const char   *fw_fact_text(enum fw_fact f);
MUST_USE bool fw_fact_parse(const char *text, enum fw_fact *ret);

enum { FW_HUMANS_MAX = 2 }; /* a number where somebody answered so often is parked */

struct fw_destination {
    int64_t account;
    char    number[FW_NUMBER_MAX + 1];
    bool    parked; /* not called until somebody clears it */
    struct fw_known {
        int  count; /* 0: not known */
        char cause[FW_TEXT_SIZE];
        struct fw_wall learned_at, expires_at; /* expires_at {0}: never */
    } known[FW_FACT_COUNT];
    struct fw_wall updated_at;
};
/* Known and not expired. */
bool fw_destination_knows(const struct fw_destination *d, enum fw_fact f, struct fw_wall now);
void fw_destination_learn(struct fw_destination *d, enum fw_fact f, const char *cause, struct fw_wall now);
/* That a person answered a call that was dialled at `dialled`. False: not counted, as it was on its way when the last
 * one was learned; what ends several calls at once is not a second person. */
bool fw_destination_learn_human(struct fw_destination *d, const char *cause, struct fw_wall dialled,
                                struct fw_wall now);
/* `way` (enum fw_way) made plainer by what is known. */
int fw_destination_way(const struct fw_destination *d, int way, struct fw_wall now);
/* The facts that a call that went `way` and succeeded shows, if calls by better ways failed before. */
void fw_destination_learn_way(struct fw_destination *d, int way, const char *cause, struct fw_wall now);

/* The facts as JSON, as they are stored and shown: a new reference, NULL when out of memory. */
json_t *fw_destination_facts(const struct fw_destination *d);
/* FW_INVALID: not such an object. */
MUST_USE enum fw_err fw_destination_set_facts(struct fw_destination *d, const json_t *facts);
#endif
