/* guards_inside.h - shared by guards.c, guards_pages.c and guards_memory.c only. */
#ifndef FW_T30_GUARDS_INSIDE_H
#define FW_T30_GUARDS_INSIDE_H
#include "t30/guards.h"
#include <tiffio.h>

#include <spandsp.h>

/* Finds the library's function behind our own of the same name; false: ours is not in its way. */
bool fw_guards_find(const char *name, void *own, void *ret);
#define FW_GUARDS_FIND(name, member)                                                               \
    __extension__({                                                                                \
        __typeof__(&name) own_ = name;                                                             \
        fw_guards_find(#name, (void *)&own_, (void *)&(member));                                   \
    })

struct fw_guards *fw_guards_current(void); /* NULL: outside of enter and leave */
bool fw_guards_pages_ready(void);
/* The page is open for this use; else the guard has tripped. */
bool fw_guards_page_open(enum fw_page_use use);
/* A received page is in its file; a page to send is coded whole: their buffers are given back. */
void fw_guards_page_written(t4_rx_state_t *s);
void fw_guards_page_coded(t4_tx_state_t *s);
#endif
