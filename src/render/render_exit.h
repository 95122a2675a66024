/* render_exit.h - how faxwire-render tells its parent what became of the document. */
#ifndef FW_RENDER_EXIT_H
#define FW_RENDER_EXIT_H

enum fw_render_exit {
    FW_RENDER_OK = 0,
    FW_RENDER_USAGE = 2,            /* wrong options or fds: a mistake of the parent */
    FW_RENDER_FORMAT_INVALID = 10,  /* broken, encrypted, no pages, of an unknown kind */
    FW_RENDER_PAGE_COUNT_LIMIT = 11,
    FW_RENDER_LIMITS = 12,     /* too much memory, time or output. A parent that sees the program
                                  killed by a signal should take it for this as well */
    FW_RENDER_NO_SANDBOX = 13, /* the kernel cannot lock it in: nothing was read */
    FW_RENDER_OFFICE = 14,     /* takes faxwire-office first: {"office":"docx"}, its kind */
};
#endif
