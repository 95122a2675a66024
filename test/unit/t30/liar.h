/* liar.h - a far end that can say anything over T.38. */
#ifndef FW_TEST_LIAR_H
#define FW_TEST_LIAR_H
#include "base/buf.h"
#include <tiffio.h>

#include <spandsp.h>

struct liar {
    t38_core_state_t *core;
    void (*say)(struct liar *l, struct fw_span ifp);
    void *arg;
};

void liar_open(struct liar *l, void (*say)(struct liar *l, struct fw_span ifp), void *arg);
void liar_close(struct liar *l);
/* A frame with good FCS on a modem; `last`: the carrier ends with it. */
void frame_send(struct liar *l, int data_type, const uint8_t *frame, int size, bool last);
/* A frame on V.21, with its preamble. */
void command_send(struct liar *l, const uint8_t *frame, int size);
#endif
