/* Packets in a file: as others read them, never beyond the limit, whoever appends. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pcap.h"

static const char path[] = "/tmp/faxwire-pcap-test.pcap";

static uint32_t u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* The packets of the whole file, each right by its own headers. */
static int count_packets(size_t *ret_size)
{
    struct fw_buf b;
    int count = 0;
    CHECK_INT(fw_file_read(path, 1 << 24, &b), FW_OK);
    CHECK_INT(u32(b.data), 0xA1B2C3D4);
    CHECK_INT(u32(b.data + 20), 101);
    size_t at = 24;
    for (; at < b.size; count++) {
        CHECK(at + 16 <= b.size);
        const uint32_t size = u32(b.data + at + 8);
        const uint8_t *ip = b.data + at + 16;
        CHECK(at + 16 + size <= b.size);
        const size_t header = ip[0] >> 4 == 4 ? 20 : 40;
        const size_t length = ip[0] >> 4 == 4 ? (size_t)(ip[2] << 8 | ip[3]) : (size_t)(ip[4] << 8 | ip[5]) + 40;
        CHECK_INT(length, size);
        CHECK_INT(ip[header + 4] << 8 | ip[header + 5], size - header);
        at += 16 + size;
    }
    CHECK_INT(at, b.size);
    *ret_size = b.size;
    fw_buf_done(&b);
    return count;
}

/* RFC 1071 over what a receiver would check. */
static uint32_t ones(const uint8_t *data, size_t size)
{
    uint32_t all = 0;
    for (size_t i = 0; i < size; i++)
        all += i % 2 ? data[i] : (uint32_t)data[i] << 8;
    while (all >> 16)
        all = (all & 0xFFFF) + (all >> 16);
    return all;
}

static void headers_have_the_addresses_and_right_sums(void **unused)
{
    (void)unused;
    struct fw_pcap p = { .bytes_max = 1 << 20 };
    const struct fw_pcap_end a = fw_pcap_end_at("192.0.2.1", 5060), b = fw_pcap_end_at("192.0.2.2", 4000),
                             c = fw_pcap_end_at("2001:db8::1", 7);
    const struct fw_span parts[] = { fw_span_of("abc"), fw_span_of(""), fw_span_of("defgh") };
    uint8_t file[1024], pseudo[64] = { 0 };
    CHECK_INT(fw_pcap_create(path, &p.fd), FW_OK);
    fw_pcap_put(&p, (struct fw_wall){ 1234567890123456 }, &a, &b, parts, 3);
    fw_pcap_put(&p, (struct fw_wall){ 1234567890123457 }, &a, &c, parts, 3);
    fw_pcap_close(&p);
    FILE *f = fopen(path, "rb");
    const size_t size = fread(file, 1, sizeof file, f);
    fclose(f);
    CHECK_INT(size, 24 + 16 + 36 + 16 + 56);
    CHECK_INT(u32(file + 24), 1234567890);
    CHECK_INT(u32(file + 28), 123456);
    const uint8_t *v4 = file + 40, *v6 = file + 40 + 36 + 16;
    CHECK_INT(ones(v4, 20), 0xFFFF);
    assert_memory_equal(v4 + 28, "abcdefgh", 8);
    memcpy(pseudo, v4 + 12, 8); /* both addresses, protocol, length, datagram */
    pseudo[9] = 17, pseudo[11] = 16;
    memcpy(pseudo + 12, v4 + 20, 16);
    CHECK_INT(ones(pseudo, 28), 0xFFFF);
    memset(pseudo, 0, sizeof pseudo);
    uint8_t six[32 + 8 + 16] = { 0 };
    memcpy(six, v6 + 8, 32);
    six[35] = 16, six[39] = 17;
    memcpy(six + 40, v6 + 40, 16);
    CHECK_INT(ones(six, sizeof six), 0xFFFF);
    CHECK_INT(v6[0] >> 4, 6);
}

static void a_file_has_a_limit_and_a_packet_too(void **unused)
{
    (void)unused;
    static uint8_t big[100000];
    struct fw_pcap p = { .bytes_max = 200000 };
    const struct fw_pcap_end end = fw_pcap_end_at("127.0.0.1", 1);
    const struct fw_span one = { big, sizeof big }, small = { big, 10 };
    size_t size;
    CHECK_INT(fw_pcap_create(path, &p.fd), FW_OK);
    for (int i = 0; i < 10; i++)
        fw_pcap_put(&p, fw_wall_now(), &end, &end, &one, 1);
    CHECK_INT(count_packets(&size), 3);
    for (int i = 0; i < 1000; i++)
        fw_pcap_put(&p, fw_wall_now(), &end, &end, &small, 1);
    CHECK(count_packets(&size) > 50);
    CHECK(size <= 200000);
    fw_pcap_close(&p);
    fw_pcap_put(&p, fw_wall_now(), &end, &end, &small, 1); /* closed: nothing */
}

static void programs_append_side_by_side(void **unused)
{
    (void)unused;
    enum { CHILDREN = 4, EACH = 500 };
    struct fw_pcap p = { .bytes_max = 1 << 24 };
    const struct fw_pcap_end end = fw_pcap_end_at("::1", 9);
    size_t size;
    CHECK_INT(fw_pcap_create(path, &p.fd), FW_OK);
    for (int child = 0; child < CHILDREN; child++) {
        if (fork() != 0)
            continue;
        uint8_t bytes[512];
        memset(bytes, child, sizeof bytes);
        for (int i = 0; i < EACH; i++) {
            const struct fw_span part = { bytes, (size_t)(i % 512) };
            fw_pcap_put(&p, fw_wall_now(), &end, &end, &part, 1);
        }
        _exit(0);
    }
    for (int child = 0; child < CHILDREN; child++)
        CHECK(wait(NULL) > 0);
    CHECK_INT(count_packets(&size), CHILDREN * EACH);
    fw_pcap_close(&p);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(headers_have_the_addresses_and_right_sums),
        cmocka_unit_test(a_file_has_a_limit_and_a_packet_too),
        cmocka_unit_test(programs_append_side_by_side),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
