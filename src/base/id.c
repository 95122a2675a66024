/* Identifiers and secrets from getrandom(2). */
#include "base/id.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static void random_bytes(uint8_t *data, size_t size)
{
    fw_assert(size <= 256); /* one getrandom call never comes short below 256 bytes */
    fw_assert(getrandom(data, size, 0) == (ssize_t)size);
}

uint64_t fw_random_u64(void)
{
    uint64_t value;
    random_bytes((uint8_t *)&value, sizeof value);
    return value;
}

void fw_uuid_new(struct fw_wall now, char ret[FW_UUID_SIZE])
{
    uint8_t id[16];
    random_bytes(id, sizeof id);
    const uint64_t ms = (uint64_t)(now.us / 1000);
    for (int i = 0; i < 6; i++)
        id[i] = (uint8_t)(ms >> (40 - 8 * i));
    id[6] = (uint8_t)(0x70 | (id[6] & 0x0F));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3F));
    char hex[33];
    fw_text_hex((struct fw_span){ id, sizeof id }, hex, sizeof hex);
    snprintf(ret, FW_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

bool fw_uuid_valid(const char *text)
{
    if (strnlen(text, FW_UUID_SIZE) != FW_UUID_SIZE - 1)
        return false;
    for (int i = 0; i < FW_UUID_SIZE - 1; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i]))
            return false;
    }
    return true;
}

void fw_numeric_id_new(char ret[FW_NUMERIC_ID_SIZE])
{
    const uint64_t low = 1000000000000000000U, span = 8000000000000000000U;
    snprintf(ret, FW_NUMERIC_ID_SIZE, "%" PRIu64, low + fw_random_u64() % span);
}

void fw_secret_new(char ret[FW_SECRET_SIZE])
{
    uint8_t bytes[24];
    random_bytes(bytes, sizeof bytes);
    memcpy(ret, "KEY", 3);
    fw_text_hex((struct fw_span){ bytes, sizeof bytes }, ret + 3, FW_SECRET_SIZE - 3);
}
