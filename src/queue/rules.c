/* The rules of the configuration, exchanged while the queue runs. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "queue/live.h"

struct fw_rules_kept {
    char   *allow, *bar;
    int64_t quotas[FW_QUOTA_COUNT];
};

static void kept_free(struct fw_rules_kept *k)
{
    if (!k)
        return;
    free(k->allow);
    free(k->bar);
    free(k);
}

enum fw_err fw_queue_obey(struct fw_queue *q, const struct fw_queue_rules *rules)
{
    struct fw_rules_kept *k = calloc(1, sizeof *k);
    if (!k)
        return FW_NO_MEMORY;
    k->allow = strdup(rules->guard.allow ? rules->guard.allow : "");
    k->bar = strdup(rules->guard.bar ? rules->guard.bar : "");
    memcpy(k->quotas, rules->quotas, sizeof k->quotas);
    if (!k->allow || !k->bar) {
        kept_free(k);
        return FW_NO_MEMORY;
    }
    kept_free(atomic_exchange(&q->new_rules, k));
    return FW_OK;
}

void fw_rules_look(struct fw_queue *q)
{
    struct fw_rules_kept *k = atomic_exchange(&q->new_rules, NULL);
    if (!k)
        return;
    kept_free(q->rules);
    q->rules = k;
    q->guard = (struct fw_guard){ k->allow, k->bar };
    memcpy(q->quotas, k->quotas, sizeof q->quotas);
    q->look = q->look_media = true;
}

void fw_rules_free(struct fw_queue *q)
{
    kept_free(atomic_exchange(&q->new_rules, NULL));
    kept_free(q->rules);
    q->rules = NULL;
}
