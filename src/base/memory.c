/* Whole pages, found and given back. */
#include "base/memory.h"
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* A failure leaves the memory as it is: nothing is gained, nothing is wrong. */
static void drop(uint8_t *at, size_t size)
{
    if (size > 0)
        (void)madvise(at, size, MADV_DONTNEED);
}

/* The whole pages of these bytes. */
static uint8_t *whole_pages(void *at, size_t size, size_t *ret_size)
{
    const size_t page = page_bytes();
    const size_t before = (page - (uintptr_t)at % page) % page;
    *ret_size = size > before ? (size - before) / page * page : 0;
    return (uint8_t *)at + before;
}

void fw_memory_give_back(void *at, size_t size)
{
    size_t whole = 0;
    uint8_t *first = whole_pages(at, size, &whole);
    drop(first, whole);
}

void fw_memory_give_back_zeroes(void *object)
{
    if (!object)
        return;
    const size_t page = page_bytes();
    size_t whole = 0, run = 0; /* bytes of zero pages that end here */
    uint8_t *at = whole_pages(object, malloc_usable_size(object), &whole);
    for (uint8_t *end = at + whole; at < end; at += page) {
        if (at[0] == 0 && memcmp(at, at + 1, page - 1) == 0) {
            run += page;
            continue;
        }
        drop(at - run, run);
        run = 0;
    }
    drop(at - run, run);
}
