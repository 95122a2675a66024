/* service.h - the parts of the running service, for the files that start them and wire them to each other. */
#ifndef FW_SERVICE_H
#define FW_SERVICE_H
#include "api/api.h"
#include "api/links.h"
#include "base/mailbox.h"
#include "base/signer.h"
#include "documents.h"
#include "drain.h"
#include "ipc/supervisor.h"
#include "forwarding.h"
#include "mailing.h"
#include "notify/notify.h"
#include "programs.h"
#include "queue/queue.h"
#include "receive/receive.h"
#include "retention/retention.h"
#include "secrets.h"
#include "serve.h"
#include "trunks.h"

/* What a room sends to a child. */
struct parcel {
    struct fw_msg msg;
    int           fd; /* goes along; -1: none */
};

struct service {
    const struct fw_config         *config;
    const struct fw_serve_options  *options;
    struct fw_programs              programs;
    struct fw_documents             documents;
    int                             children_lock, signal_fd;
    struct fw_store                *store;
    struct fw_secrets               secrets;
    struct fw_signer               *signer;
    struct fw_queue                *queue;
    struct fw_seats                 seats; /* of the modems; queue and receive share them */
    struct fw_receive              *receive;
    struct fw_notify               *notify;
    struct fw_mailer               *mailer;
    struct fw_forwarding            forwarding;
    struct fw_retention            *retention;
    struct fw_links                 links; /* the notifier's */
    struct fw_supervisor           *supervisor;
    struct fw_trunks               *trunks;
    struct fw_mailbox              *outbox; /* of struct parcel, from the rooms to the children */
    struct fw_api                  *api;
    char                            http_host[256], upload_dir[4200], public_key[64]; /* as long as the API lives */
    uint16_t                        carrier_port;
    struct fw_drain                 drain;
    uint32_t                        channels; /* of the trunks, as the queue was told */
    bool                            line_ready, carrier_ready, modem_ready, ready, stop;
};

/* service_rooms.c: each room with what the configuration says of it. Receive comes before the
 * queue, whose start clears the spool; notify after the API, because it makes links to its files. */
enum fw_err fw_service_start_receive(struct service *s);
enum fw_err fw_service_start_queue(struct service *s);
void fw_service_reload_rules(struct service *s); /* of the queue: prefixes and limits */
enum fw_err fw_service_start_api(struct service *s, struct fw_fault *fault);
enum fw_err fw_service_start_notify(struct service *s);
enum fw_err fw_service_start_retention(struct service *s);

/* service_children.c: the programs beside this one, what they are told when they start and what
 * follows when they end. */
enum fw_err fw_service_start_children(struct service *s, struct fw_fault *fault);
void fw_service_want_trunks(struct service *s); /* after a reload as well */
void fw_service_tell_channels(struct service *s); /* to the queue, when they have changed */
void fw_service_to_line(void *arg, const struct fw_msg *msg);
#endif
