/* id.h - identifiers and secrets, from the system's random source. */
#ifndef FW_ID_H
#define FW_ID_H
#include "base/clock.h"

enum { FW_UUID_SIZE = 37, FW_NUMERIC_ID_SIZE = 21, FW_SECRET_SIZE = 52 };

/* UUID version 7 (RFC 9562 clause 5.7): in time order, so that indexes grow at one end. */
void fw_uuid_new(struct fw_wall now, char ret[FW_UUID_SIZE]);
bool fw_uuid_valid(const char *text);
/* A decimal 63-bit id of 19 digits, as Telnyx gives its applications. */
void fw_numeric_id_new(char ret[FW_NUMERIC_ID_SIZE]);
/* An API key: "KEY" and 48 hex digits (192 random bits). */
void     fw_secret_new(char ret[FW_SECRET_SIZE]);
uint64_t fw_random_u64(void);
#endif
