/* signer.h - the keys that webhooks are signed with: one that is active, one that comes, those before.
 *
 * A file holds them. As long as there was one only it is that key's 32 raw bytes; after a rotation it
 * is a line for each, oldest first: when it becomes active (microseconds since 1970) and the key in
 * hex. A webhook has room for one signature, so during the overlap the old key signs until the moment
 * at which the new one becomes active, and receivers are shown both all that time. The file is looked
 * at again while the signer is in use, so that a rotation by another process needs no restart.
 *
 * Source: RFC 8032 (Ed25519).
 */
#ifndef FW_SIGNER_H
#define FW_SIGNER_H
#include "base/clock.h"

enum { FW_ED25519_KEY_SIZE = 32, FW_ED25519_SIGNATURE_SIZE = 64, FW_PUBLIC_KEY_TEXT_SIZE = 45, FW_SIGNER_KEYS_MAX = 4 };

struct fw_signer; /* any thread */

/* Reads the keys at `path`, or makes one there with mode 0600, synced. FW_INVALID: it is damaged. */
MUST_USE enum fw_err fw_signer_open(const char *path, struct fw_signer **ret);
void                 fw_signer_free(struct fw_signer *s);
/* base64 of the 32 public bytes of the active key, as the client libraries take it. */
void                 fw_signer_public_key(struct fw_signer *s, char *dst, size_t dst_size);
/* By the key that is active now. */
MUST_USE enum fw_err fw_signer_sign(struct fw_signer *s, struct fw_span message,
                                    uint8_t ret[FW_ED25519_SIGNATURE_SIZE]);

struct fw_signer_key {
    char           public_key[FW_PUBLIC_KEY_TEXT_SIZE];
    struct fw_wall active_at; /* {0}: since ever */
    enum { FW_KEY_PREVIOUS, FW_KEY_ACTIVE, FW_KEY_NEXT } state;
};
/* Oldest first; how many. */
int fw_signer_keys(struct fw_signer *s, struct fw_wall now, struct fw_signer_key ret[FW_SIGNER_KEYS_MAX]);

/* For another process than the one that signs: adds a key that becomes active at `at` to the file,
 * takes out those that are older than the one before the active one. FW_CONFLICT: one is to come
 * already (it is replaced when `at` is not after `now`); FW_NOT_FOUND: there is no file. */
MUST_USE enum fw_err fw_signer_rotate(const char *path, struct fw_wall now, struct fw_wall at,
                                      struct fw_signer_key *ret);
#endif
