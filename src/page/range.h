/* range.h - which pages of a document: "1-5", "2,4,7-". Pure. */
#ifndef FW_PAGE_RANGE_H
#define FW_PAGE_RANGE_H
#include "base/base.h"

enum { FW_PAGE_RANGES_MAX = 32, FW_PAGE_NUMBER_MAX = 9999, FW_PAGE_RANGES_TEXT_MAX = 350 };

struct fw_page_ranges {
    struct {
        int first, last; /* from 1; last INT_MAX: to the end */
    } ranges[FW_PAGE_RANGES_MAX];
    int count;
};

/* False: not of that form, a page 0, a range that runs backwards, or too many of them. */
MUST_USE bool fw_page_ranges_parse(const char *text, struct fw_page_ranges *ret);
/* How many pages of a document of `pages` that is, in their order, each as often as it is named.
 * -1: a page that is named is not there. */
int           fw_page_ranges_size(const struct fw_page_ranges *r, int pages);
/* The page, from 0, that comes at place `index`, from 0, below that size. */
int           fw_page_ranges_at(const struct fw_page_ranges *r, int pages, int index);
#endif
