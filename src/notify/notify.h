/* notify.h - tells webhooks what happened, at least once each, in order for each fax.
 *
 * One thread over a curl multi handle. What is to be told lies in the store and stays there until
 * a receiver answered 2xx or the schedule is at its end, so a stop or a crash at any moment loses
 * nothing; it may tell twice. A receiver that is slow or dead takes a bounded share of the sends.
 *
 * Source: CONTRACT 3.1 (envelope), 3.3 (signature), 3.4 (delivery).
 */
#ifndef FW_NOTIFY_H
#define FW_NOTIFY_H
#include "base/signer.h"
#include "fax/fax_json.h"
#include "notify/schedule.h"
#include "store/store.h"

struct fw_notify_config { /* zero or NULL: the default */
    struct fw_store        *store;  /* outlives the notifier */
    struct fw_signer *signer; /* outlives the notifier */
    const char *user_agent;         /* "telnyx-webhooks" */
    bool allow_private;             /* receivers on loopback and private addresses are allowed */
    int  total_max;                 /* sends at the same time: 64 */
    int  host_max;                  /* of them to one host and port: 16 */
    int  timeout_ms;                /* one send, unless the application says: 2000 */
    int  log_days;                  /* what became of a webhook is forgotten after that: 30 */
    struct fw_notify_schedule schedule;
    struct fw_link_port links; /* called from the notifier's thread */
};

struct fw_notify;

/* Also makes itself the listener of fw_store_on_delivery. */
MUST_USE enum fw_err fw_notify_start(const struct fw_notify_config *config, struct fw_notify **ret);
/* There may be something to send. From any thread. */
void fw_notify_wake(struct fw_notify *n);
/* Breaks off what is being sent (it stays in the store), ends the thread and frees; within two
 * seconds. NULL is fine. */
void fw_notify_stop(struct fw_notify *n);
#endif
