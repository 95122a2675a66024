/* signed.h - whether a webhook is signed as client libraries check it, done with OpenSSL alone. */
#ifndef FW_TEST_SIGNED_H
#define FW_TEST_SIGNED_H
#include "base/signer.h"
#include "server.h"

bool test_signed_well(struct fw_signer *signer, const struct test_request *r);
#endif
