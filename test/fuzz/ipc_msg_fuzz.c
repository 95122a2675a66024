/* Whatever a child writes into its channel: read wholly or refused, and what is read is written back the same. */
#include <string.h>

#include "ipc/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fw_msg msg;
    struct fw_buf buf;
    if (fw_msg_read((struct fw_span){ data, size }, &msg))
        return 0;
    fw_buf_init(&buf, FW_MSG_BYTES_MAX + size);
    fw_assert(fw_msg_write(&msg, &buf) == FW_OK);
    fw_assert(buf.size == size && memcmp(buf.data, data, size) == 0);
    fw_buf_done(&buf);
    return 0;
}
