/* memory.h - pages of the heap that go back to the kernel while their owner keeps the addresses.
 *
 * For what others allocated generously and cannot be asked to free. Only of memory from malloc: private, with no file
 * behind it. A page that is given back reads as zeroes and costs nothing until it is written again.
 */
#ifndef FW_MEMORY_H
#define FW_MEMORY_H
#include "base/base.h"

/* What is in these bytes is lost: whole pages of them read as zeroes afterwards, the rest stays. */
void fw_memory_give_back(void *at, size_t size);
/* Whole pages that are zero anyway; nobody can tell. `object` is what malloc returned, or NULL. */
void fw_memory_give_back_zeroes(void *object);
#endif
