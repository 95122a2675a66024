/* api.h - the HTTP API: requests in, validated verbs of the store, answers in the contract's words.
 *
 * An own pool of threads; handlers may block on the store. Nothing of a request outlives it: what
 * was uploaded is either in the folder of an accepted fax or gone.
 */
#ifndef FW_API_H
#define FW_API_H
#include <stdatomic.h>

#include "base/signer.h"
#include "store/store.h"

struct fw_api;
struct fw_preview;
struct fw_pace;

/* The texts must live until fw_api_stop. */
struct fw_api_config {
    const char      *listen_host; /* an address or a name; NULL or empty: 127.0.0.1 */
    uint16_t         port;        /* 0: a free one, see fw_api_port */
    struct fw_store *store;
    /* A folder of the API's own, on the file system of the store's data folder. Made when missing;
     * files that an earlier run left in it are removed at start. */
    const char *upload_dir;
    /* Told of each fax or batch once it is durable, from a thread of the API; must not block. NULL: nobody. */
    void      (*fax_accepted)(void *arg, const char *fax_id);
    /* Told of each fax that is to be cancelled, likewise; of several by an empty text. */
    void      (*fax_canceled)(void *arg, const char *fax_id);
    /* Downloads `url` to `fd`; blocking, ends soon once `stop`. FW_INVALID: it cannot be had;
     * FW_LIMIT: more than `size_max` bytes; FW_BUSY: stopped; FW_IO. `fault` says why, a clause.
     * NULL: media_url is refused by /v2/media. */
    enum fw_err (*fetch)(void *arg, const char *url, int fd, uint64_t size_max,
                         const atomic_bool *stop, struct fw_fault *fault);
    /* Has the pages of `f` made, whose documents are in the folder of the preview `p`, and the state of it
     * written; must not block. FW_LIMIT: too many wait. NULL: there are no previews. */
    enum fw_err (*preview)(void *arg, const struct fw_fax *f, const struct fw_preview *p);
    /* Is there a template of that name for cover pages? From any thread. NULL: there are none. */
    bool (*cover_known)(void *arg, const char *name);
    /* The trunks and what is known of them, an array; NULL: out of memory. From any thread. A NULL
     * function: there are none. */
    struct json_t *(*trunks)(void *arg);
    /* Seconds until the service stops, and 0 while it takes faxes. From any thread; NULL: always 0. */
    uint32_t  (*draining)(void *arg);
    /* The configuration has a command of this name for received faxes. From any thread; NULL: it has none. */
    bool      (*has_command)(void *arg, const char *name);
    /* How fast faxes have their turns. From any thread; NULL: nobody knows. */
    void      (*pace)(void *arg, struct fw_pace *ret);
    /* Pages can be read for barcodes here; may take a while. From any thread; NULL: they cannot. */
    bool      (*can_barcodes)(void *arg);
    void       *arg;
    uint64_t    disk_free_min; /* bytes that must stay free for a fax or a media to be taken; 0: any */
    unsigned    threads;    /* 0 counts as 1 */
    const char *tls_cert, *tls_key; /* files in PEM form; NULL or empty: plain HTTP */
    const char *cors_origins; /* as api/cors.h has it; NULL or empty: none */
    unsigned    header_s, body_s; /* see api/patience.h; 0: 20 and 30 */
    unsigned    rate_limit_per_second; /* requests of one account; 0: any number, at most 1000000 */
    unsigned    batches_in_process_max; /* of one account; their faxes are not counted below; 0: any number */
    unsigned    faxes_in_process_max;  /* of one account, outbound; 0: any number */
    /* What links begin with, "https://fax.example.com"; NULL or empty: where it listens. */
    const char *public_url;
    uint32_t    link_ttl_s; /* how long links to stored files are good; 0: ten minutes */
    bool no_header_line; /* on faxes, unless they or their application say so */
    const char *retry; /* policy of faxes that name none, by name or JSON; NULL: none */
    struct fw_signer *signer; /* of the webhooks; shown are its public keys */
};

/* FW_CONFLICT: the port is in use; FW_INVALID: the host is not one of this machine; FW_IO,
 * FW_NO_MEMORY. `fault` says which and what to do. */
MUST_USE enum fw_err fw_api_start(const struct fw_api_config *config, struct fw_fault *fault,
                                  struct fw_api **ret);
/* Reads its certificate and key again: connections from now on are shown that one. When they are not
 * to be had or do not fit, `fault` says why and the old one stays. */
MUST_USE enum fw_err fw_api_reload(struct fw_api *api, struct fw_fault *fault);
/* What links of this API are made with: key, base, time. A copy may outlive the API. */
struct fw_links;
void     fw_api_links(const struct fw_api *api, struct fw_links *ret);
uint16_t fw_api_port(const struct fw_api *api);
int      fw_api_waiting(const struct fw_api *api); /* requests that wait for events now */
/* Accepts no more connections, lets running requests finish (at most 10 s), ends. NULL is fine. */
void fw_api_stop(struct fw_api *api);
#endif
