/* links.h - links to single files that need no API key, for a while; pure but for opening the key.
 *
 * The signature is an HMAC over path and end, so a link opens that one file until then and nothing
 * else: who has it cannot change either.
 */
#ifndef FW_API_LINKS_H
#define FW_API_LINKS_H
#include "base/clock.h"
#include "base/crypto.h"
#include "fax/fax_json.h"

enum { FW_LINK_SIZE = 1024, FW_LINK_PATH_MAX = 128, FW_LINK_BASE_MAX = 600 };

struct fw_links {
    uint8_t  key[FW_HMAC_KEY_SIZE];
    char     base[FW_LINK_BASE_MAX + 1]; /* "https://fax.example.com", no slash at the end */
    uint32_t ttl_s;
};

/* `path` begins with a slash and has at most FW_LINK_PATH_MAX bytes that need no escaping. */
void fw_link_make(const struct fw_links *l, const char *path, struct fw_wall now,
                  char ret[FW_LINK_SIZE]);

/* For events: valid as long as `l`. */
struct fw_link_port fw_link_port_of(struct fw_links *l);

enum fw_link_state { FW_LINK_GOOD, FW_LINK_EXPIRED, FW_LINK_FORGED };
/* `expires` and `signature` as the query had them; NULL: not there. */
enum fw_link_state fw_link_check(const struct fw_links *l, const char *path, const char *expires,
                                 const char *signature, struct fw_wall now);
#endif
