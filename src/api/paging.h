/* paging.h - which page of a list is wanted, and the `meta` that tells clients whether more come.
 *
 * Client libraries loop by `meta`, so it is always there (CONTRACT 0, surprises 3-5): page_number
 * and page_size are aliases for ruby's next page, a bare `0` for php's.
 */
#ifndef FW_API_PAGING_H
#define FW_API_PAGING_H
#include "api/errors.h"
#include "api/query.h"

struct fw_paging { int number, size; };

/* 1 and 20 unless given. What is wrong is added to `errors`. */
struct fw_paging fw_paging_read(const struct fw_target *t, struct fw_api_errors *errors);
/* {"data": data, "meta": {…}}; steals `data`. NULL when out of memory. */
json_t *fw_paging_json(const struct fw_paging *p, int64_t total, json_t *data);
#endif
