/* page_files.h - the pages of a fax, or of a preview, one by one: what each takes, and how it looks. */
#ifndef FW_API_PAGE_FILES_H
#define FW_API_PAGE_FILES_H
#include "api/request.h"

/* Adds `pages` and `warnings` to `json` from what was measured when the pages were made, and `total_*`
 * with `sums`. `link` begins the path of the signed links to pictures ("/v2/stored/<id>"). False:
 * there are no pages yet. */
MUST_USE bool fw_pages_add(const struct fw_request *r, const char *folder, const char *link, bool sums, json_t *json);

/* `what` is "page-3.png" or "3.png": the number of the page; 0: it is not of that form. */
uint32_t fw_page_number_of(const char *what);
/* Answers with the picture of page `number` (from 1), as wide as the query says. It is in the first of `files`
 * (NULL ends them) that there is and that has it. */
void     fw_page_respond(struct fw_request *r, const char *const files[], uint32_t number);
#endif
