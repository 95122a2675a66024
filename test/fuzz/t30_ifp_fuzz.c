/* What a far end may send to a fax machine over T.38, in any order and at any time: it must end or
 * go on, within the bounds of packets and memory, and never tell of a page that is not there. */
#include "base/base.h"
#include "t30/terminal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PACKETS_MAX = 64, TICKS_MAX = 1500, ANSWER_UNPACED = 1, RECORDS_MAX = 4096 };

static uint32_t packets, done;
static char path[64];

static void on_ifp(void *arg, struct fw_span ifp, int copies)
{
    (void)arg;
    fw_assert(ifp.size > 0 && ifp.size <= FW_TERMINAL_IFP_MAX && copies >= 1 && copies <= 3);
    packets++;
}

static void on_event(void *arg, enum fw_terminal_event_kind kind,
                     const struct fw_terminal_result *now)
{
    (void)arg;
    if (kind == FW_TERMINAL_PAGE_RECEIVED)
        fw_assert(now->pages > 0 && access(path, R_OK) == 0);
    if (kind == FW_TERMINAL_DONE)
        done++;
}

static void ticks(struct fw_terminal *t, unsigned count, bool unpaced)
{
    for (unsigned i = 0; i < count; i++) {
        packets = 0;
        fw_terminal_tick(t, 160);
        fw_assert(unpaced || packets <= PACKETS_MAX);
    }
}

/* Records: 0xFF, n: n ticks; else: length, octets of an IFP packet. */
static void feed(struct fw_terminal *t, const uint8_t *data, size_t size, bool unpaced)
{
    struct fw_reader r = fw_reader_of((struct fw_span){ data, size });
    unsigned left = TICKS_MAX;
    uint16_t seq = 0;
    for (int i = 0; i < RECORDS_MAX && r.rest.size > 0; i++) {
        const uint8_t length = fw_get_u8(&r);
        if (length == 0xFF) {
            const unsigned count = fw_get_u8(&r);
            ticks(t, count < left ? count : left, unpaced);
            left -= count < left ? count : left;
            continue;
        }
        const size_t take = length < r.rest.size ? length : r.rest.size;
        fw_terminal_ifp(t, seq++, fw_get_span(&r, take));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (!path[0])
        (void)snprintf(path, sizeof path, "/tmp/t30_ifp_fuzz.%d.tif", (int)getpid());
    const struct fw_terminal_config config = {
        .rx_path = path, .ident = "12005550100", .ecm = true, .page_bytes_max = 100000
    };
    const struct fw_terminal_callbacks callbacks = { on_ifp, on_event, NULL };
    const struct fw_terminal_t38 t38 = { .unpaced = data[0] & ANSWER_UNPACED };
    struct fw_terminal *t = NULL;
    done = 0;
    fw_assert(fw_terminal_new(&config, &callbacks, &t) == FW_OK);
    fw_assert(fw_terminal_switch(t, &t38) == FW_OK);
    ticks(t, 20, t38.unpaced);
    feed(t, data + 1, size - 1, t38.unpaced);
    fw_terminal_hangup(t);
    fw_assert(done == 1 && fw_terminal_done(t));
    fw_assert(fw_terminal_result(t)->t30_code != 0 || fw_terminal_result(t)->pages > 0);
    fw_terminal_free(t);
    unlink(path);
    return 0;
}
