/* Links: made and checked. */
#include "api/links.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static void sign(const struct fw_links *l, const char *path, uint64_t expires,
                 char ret[FW_SHA256_HEX_SIZE])
{
    char text[FW_LINK_PATH_MAX + 32];
    const int size = snprintf(text, sizeof text, "%s\n%llu", path, (unsigned long long)expires);
    fw_assert(size > 0 && (size_t)size < sizeof text);
    fw_hmac_sha256_hex(l->key, (struct fw_span){ (const uint8_t *)text, (size_t)size }, ret);
}

void fw_link_make(const struct fw_links *l, const char *path, struct fw_wall now,
                  char ret[FW_LINK_SIZE])
{
    char signature[FW_SHA256_HEX_SIZE];
    const uint64_t expires = (uint64_t)(now.us / 1000000) + l->ttl_s;
    sign(l, path, expires, signature);
    const int size = snprintf(ret, FW_LINK_SIZE, "%s%s?expires=%llu&signature=%s", l->base, path,
                              (unsigned long long)expires, signature);
    fw_assert(size > 0 && size < FW_LINK_SIZE);
}

static void make_link(void *arg, const char *path, char *ret, size_t ret_size)
{
    char url[FW_LINK_SIZE];
    fw_link_make(arg, path, fw_wall_now(), url);
    fw_text_clip(ret, ret_size, url);
}

struct fw_link_port fw_link_port_of(struct fw_links *l)
{
    return (struct fw_link_port){ make_link, l };
}

enum fw_link_state fw_link_check(const struct fw_links *l, const char *path, const char *expires,
                                 const char *signature, struct fw_wall now)
{
    char right[FW_SHA256_HEX_SIZE];
    uint64_t end = 0;
    if (!expires || !signature || strlen(path) > FW_LINK_PATH_MAX ||
        !fw_text_to_u64(fw_span_of(expires), INT64_MAX / 1000000, &end))
        return FW_LINK_FORGED;
    sign(l, path, end, right);
    if (!fw_same_secret(fw_span_of(right), fw_span_of(signature)))
        return FW_LINK_FORGED;
    return now.us < (int64_t)end * 1000000 ? FW_LINK_GOOD : FW_LINK_EXPIRED;
}
