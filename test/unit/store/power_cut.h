/* power_cut.h - a disk under SQLite whose power goes at a chosen write.
 *
 * A file system of SQLite's (sqlite3_vfs) over the real one. It remembers what each sector held at the
 * last sync of its file. At the cut every sector that was written since then holds, by the draw of the
 * seed, the new bytes or the old ones, and the process is gone; what was synced stays.
 */
#ifndef FW_TEST_POWER_CUT_H
#define FW_TEST_POWER_CUT_H
#include <stdbool.h>
#include <stdint.h>

enum { POWER_CUT_EXIT = 77 };

/* Becomes the default of this process, which has to be one that ends by the cut. `operations`: writes,
 * truncations and syncs until then. `lying`: a sync does nothing and says it did. */
void power_cut_install(uint64_t seed, int operations, bool lying);
#endif
