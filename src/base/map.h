/* map.h - texts to pointers: how a room finds a thing by its id among thousands.
 *
 * Keys are borrowed: each must live, unchanged, as long as it is in. There is no way to walk a map:
 * what is walked in the order of a hash is different in each run.
 */
#ifndef FW_MAP_H
#define FW_MAP_H
#include "base/base.h"

struct fw_map;

MUST_USE enum fw_err fw_map_new(struct fw_map **ret);
void  fw_map_free(struct fw_map *m); /* not what is in it; NULL is fine */
/* FW_NO_MEMORY. A key that is in must not be put again (an assert). */
MUST_USE enum fw_err fw_map_put(struct fw_map *m, const char *key, void *value);
void *fw_map_get(const struct fw_map *m, const char *key); /* NULL: it is not in */
void  fw_map_remove(struct fw_map *m, const char *key);    /* one that is not in is fine */
#endif
