/* Numbers, hyphens and commas. */
#include "page/range.h"
#include <limits.h>

/* A number of at most four digits; NULL: none here, or longer. */
static const char *number(const char *p, int *ret)
{
    int digits = 0;
    for (*ret = 0; *p >= '0' && *p <= '9' && digits < 5; p++, digits++)
        *ret = *ret * 10 + (*p - '0');
    return digits > 0 && digits < 5 ? p : NULL;
}

bool fw_page_ranges_parse(const char *p, struct fw_page_ranges *ret)
{
    ret->count = 0;
    do {
        if (ret->count == FW_PAGE_RANGES_MAX)
            return false;
        int first = 0, last = 0;
        p = number(p, &first);
        if (!p || first < 1)
            return false;
        last = first;
        if (*p == '-') {
            p++;
            if (*p >= '0' && *p <= '9')
                p = number(p, &last);
            else
                last = INT_MAX;
        }
        if (!p || last < first)
            return false;
        ret->ranges[ret->count].first = first;
        ret->ranges[ret->count++].last = last;
    } while (*p++ == ',');
    return p[-1] == '\0';
}

static int end_of(const struct fw_page_ranges *r, int i, int pages)
{
    return r->ranges[i].last == INT_MAX ? pages : r->ranges[i].last;
}

int fw_page_ranges_size(const struct fw_page_ranges *r, int pages)
{
    int size = 0;
    for (int i = 0; i < r->count; i++) {
        if (r->ranges[i].first > pages || end_of(r, i, pages) > pages)
            return -1;
        size += end_of(r, i, pages) - r->ranges[i].first + 1;
    }
    return size;
}

int fw_page_ranges_at(const struct fw_page_ranges *r, int pages, int index)
{
    for (int i = 0; i < r->count; i++) {
        const int size = end_of(r, i, pages) - r->ranges[i].first + 1;
        if (index < size)
            return r->ranges[i].first - 1 + index;
        index -= size;
    }
    fw_assert(!"below the size");
    return 0;
}
