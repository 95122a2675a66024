/* batches.h - many faxes of one document. Inside of this room only. */
#ifndef FW_API_BATCHES_H
#define FW_API_BATCHES_H
#include "api/request.h"
#include "store/batches.h"

/* Accepts the faxes of the body's list at `place`: "/recipients", or "/to" with numbers only. */
void fw_batch_create_of(struct fw_request *r, const char *place);
/* A new reference; NULL when out of memory. */
json_t *fw_batch_json(const struct fw_batch *b);
#endif
