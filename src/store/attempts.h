/* attempts.h - the calls of a fax: each is written with the change of the fax that it made. */
#ifndef FW_STORE_ATTEMPTS_H
#define FW_STORE_ATTEMPTS_H
#include "fax/attempt.h"
#include "fax/policy.h"
#include "store/store.h"

/* As fw_store_fax_save, and the attempt (made or changed; NULL: none) in the same transaction. */
MUST_USE enum fw_err fw_store_fax_advance(struct fw_store *s, const struct fw_fax *f,
                                          enum fw_status expected, struct fw_event *events,
                                          int event_count, const struct fw_fax_attempt *attempt);

/* As fw_store_fax_accept, with its attempt: a call that came in. */
MUST_USE enum fw_err fw_store_fax_take(struct fw_store *s, const struct fw_fax *f, struct fw_event *first,
                                       const struct fw_fax_attempt *attempt);

struct fw_fax_attempt_page {
    struct fw_fax_attempt *items;
    int count;
    int64_t total;
};
void fw_fax_attempt_page_done(struct fw_fax_attempt_page *p);
/* Of one fax, the first one first. `page_number` counts from 1. */
MUST_USE enum fw_err fw_store_attempt_list(struct fw_store *s, const char *fax, int page_number,
                                           int page_size, struct fw_fax_attempt_page *ret);
/* FW_NOT_FOUND. */
MUST_USE enum fw_err fw_store_attempt_get(struct fw_store *s, const char *fax, int number,
                                          struct fw_fax_attempt *ret);
/* What the calls that failed came to, and how many were interrupted by failures of our own. `first` is
 * the first of all. */
MUST_USE enum fw_err fw_store_attempt_history(struct fw_store *s, const char *fax,
                                              struct fw_policy_history *ret, int *ret_interrupted);
/* The file with the packets of a call, `trace-<number>.pcap` beside the documents of its fax. */
enum { FW_TRACE_PATH_SIZE = 4200 };
void fw_store_trace_path(const struct fw_store *s, const char *fax, int number, char ret[FW_TRACE_PATH_SIZE]);
/* Made, empty but for its header, in the folder of the fax; the descriptor only appends and is the caller's.
 * FW_LIMIT: fewer than `free_min` bytes are left on the disk. */
MUST_USE enum fw_err fw_store_trace_create(struct fw_store *s, const char *fax, int number, uint64_t free_min,
                                           int *ret_fd);
#endif
