/* Who may send to a call, and how fast an unpaced call may send. */
#include "modem/outbox.h"
#include "modem/peer.h"
#include "test.h"
#include <arpa/inet.h>
#include <string.h>

static union fw_address address(const char *host, uint16_t port)
{
    union fw_address a = { 0 };
    a.v4.sin_family = AF_INET;
    a.v4.sin_port = htons(port);
    CHECK_INT(inet_pton(AF_INET, host, &a.v4.sin_addr), 1);
    return a;
}

static bool from(struct fw_peer *p, const char *host, uint16_t port, bool plausible)
{
    const union fw_address a = address(host, port);
    return fw_peer_accepts(p, &a, sizeof a.v4, plausible);
}

static void negotiated_address_holds(void **state)
{
    (void)state;
    struct fw_peer p;
    CHECK(fw_peer_set(&p, "192.0.2.1", 4000, AF_INET));
    CHECK(from(&p, "192.0.2.1", 4000, true));
    CHECK(!from(&p, "192.0.2.1", 4001, true));
    CHECK(!from(&p, "198.51.100.7", 4000, true));
    CHECK(from(&p, "192.0.2.1", 4000, false));
    CHECK_INT(ntohs(p.at.v4.sin_port), 4000);
}

/* Behind a NAT: the first plausible packet tells the true address, and only the first. */
static void latches_once(void **state)
{
    (void)state;
    struct fw_peer p;
    CHECK(fw_peer_set(&p, "10.0.0.5", 4000, AF_INET));
    CHECK(!from(&p, "198.51.100.7", 6000, false));
    CHECK(from(&p, "198.51.100.7", 6000, true));
    CHECK_INT(ntohs(p.at.v4.sin_port), 6000);
    CHECK(!from(&p, "203.0.113.9", 6000, true));
    CHECK(!from(&p, "10.0.0.5", 4000, true));
    CHECK(fw_peer_set(&p, "10.0.0.5", 4002, AF_INET)); /* negotiated again */
    CHECK(from(&p, "10.0.0.5", 4002, true));
    CHECK(!from(&p, "198.51.100.7", 6000, true));
}

static void no_address_is_nobody(void **state)
{
    (void)state;
    struct fw_peer p;
    CHECK(!fw_peer_set(&p, "192.0.2.1", 0, AF_INET));
    CHECK_INT(p.size, 0);
    CHECK(!fw_peer_set(&p, "example.org", 4000, AF_INET));
    CHECK(!fw_peer_set(&p, "2001:db8::1", 4000, AF_INET));
    CHECK(fw_peer_set(&p, "2001:db8::1", 4000, AF_INET6));
    CHECK(fw_peer_set(&p, "192.0.2.1", 4000, AF_INET6));
    CHECK_INT(p.at.any.sa_family, AF_INET6);
    CHECK(IN6_IS_ADDR_V4MAPPED(&p.at.v6.sin6_addr));
}

struct sent {
    uint32_t count, refuse_from;
    uint16_t next;
};

static bool on_send(void *arg, struct fw_span datagram)
{
    struct sent *s = arg;
    uint16_t number;
    if (s->refuse_from && s->count >= s->refuse_from)
        return false;
    CHECK(datagram.size >= sizeof number);
    memcpy(&number, datagram.data, sizeof number);
    CHECK_INT(number, s->next);
    s->next++;
    s->count++;
    return true;
}

static void fill(struct fw_outbox *o, int count)
{
    for (int i = 0; i < count; i++) {
        uint8_t datagram[300] = { 0 };
        const uint16_t number = (uint16_t)i;
        memcpy(datagram, &number, sizeof number);
        const struct fw_span all = { datagram, sizeof number + (size_t)i % 290 };
        CHECK_INT(fw_outbox_put(o, all), FW_OK);
    }
}

static void leaves_in_order_and_portions(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    struct fw_outbox o;
    struct sent sent = { 0 };
    struct fw_mono now = { 5000000 };
    fw_outbox_init(&o);
    fill(&o, COUNT);
    fw_outbox_flush(&o, now, on_send, &sent);
    CHECK_INT(sent.count, FW_OUTBOX_BURST);
    fw_outbox_flush(&o, now, on_send, &sent);
    CHECK_INT(sent.count, FW_OUTBOX_BURST);
    for (int ms = 1; !fw_outbox_empty(&o); ms++) {
        now.us += 1000;
        fw_outbox_flush(&o, now, on_send, &sent);
        CHECK(sent.count <= (uint32_t)(FW_OUTBOX_BURST + ms * FW_OUTBOX_PACKETS_A_MS));
        CHECK(ms < 100);
    }
    CHECK_INT(sent.count, COUNT);
    now.us += 60 * 1000000LL; /* rest earns a burst and no more */
    fill(&o, COUNT);
    sent = (struct sent){ 0 };
    fw_outbox_flush(&o, now, on_send, &sent);
    CHECK_INT(sent.count, FW_OUTBOX_BURST);
    fw_outbox_done(&o);
}

static void waits_for_the_socket(void **state)
{
    (void)state;
    struct fw_outbox o;
    struct sent sent = { .refuse_from = 3 };
    struct fw_mono now = { 5000000 };
    fw_outbox_init(&o);
    fill(&o, 10);
    fw_outbox_flush(&o, now, on_send, &sent);
    CHECK_INT(sent.count, 3);
    CHECK(!fw_outbox_empty(&o));
    sent.refuse_from = 0;
    fw_outbox_flush(&o, now, on_send, &sent);
    CHECK_INT(sent.count, 10);
    CHECK(fw_outbox_empty(&o));
    fw_outbox_done(&o);
}

static void bounded(void **state)
{
    (void)state;
    struct fw_outbox o;
    static const uint8_t datagram[1400];
    int count = 0;
    fw_outbox_init(&o);
    while (count < 100000 && fw_outbox_put(&o, (struct fw_span){ datagram, 1400 }) == FW_OK)
        count++;
    CHECK_INT(count, FW_OUTBOX_BYTES_MAX / 1402);
    fw_outbox_done(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negotiated_address_holds), cmocka_unit_test(latches_once),
        cmocka_unit_test(no_address_is_nobody),     cmocka_unit_test(leaves_in_order_and_portions),
        cmocka_unit_test(waits_for_the_socket),     cmocka_unit_test(bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
