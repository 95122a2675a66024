/* Pages of lists. */
#include "api/paging.h"

#include "base/bounds.h"
#include "base/text.h"

enum { SIZE_DEFAULT = 20, NUMBER_MAX = 1000000000 };

static int read_one(const struct fw_target *t, const char *const *names, int otherwise, int max,
                    struct fw_api_errors *errors)
{
    for (; *names; names++) {
        const char *text = fw_query_get(t, *names);
        int64_t value;
        if (!text)
            continue;
        if (fw_text_to_i64(fw_span_of(text), 1, max, &value))
            return (int)value;
        fw_api_error_in(errors, FW_API_BAD_PAGE, *names,
                        "'%s' must be an integer between 1 and %d.", *names, max);
        return otherwise;
    }
    return otherwise;
}

struct fw_paging fw_paging_read(const struct fw_target *t, struct fw_api_errors *errors)
{
    static const char *const numbers[] = { "page[number]", "page_number", "0", NULL };
    static const char *const sizes[] = { "page[size]", "page_size", NULL };
    return (struct fw_paging){ .number = read_one(t, numbers, 1, NUMBER_MAX, errors),
                               .size = read_one(t, sizes, SIZE_DEFAULT, FW_LIST_PAGE_MAX, errors) };
}

json_t *fw_paging_json(const struct fw_paging *p, int64_t total, json_t *data)
{
    /* At least one page: a client takes 0 for "not told". */
    const int64_t pages = total > 0 ? (total - 1) / p->size + 1 : 1;
    return json_pack("{so s{si si sI sI}}", "data", data, "meta", "page_number", p->number,
                     "page_size", p->size, "total_pages", (json_int_t)pages, "total_results",
                     (json_int_t)total);
}
