/* A mail from anywhere: its addresses, its header, its parts. */
#include <string.h>

#include "base/base.h"
#include "cli/mail_gate.h"
#include "cli/mail_mime.h"

static void try_addresses(const char *text)
{
    char number[FW_MAIL_NUMBER_SIZE], address[FW_MAIL_ADDRESS_SIZE];
    if (fw_mail_number(text, number)) {
        fw_assert(number[0] == '+' && strspn(number + 1, "0123456789") == strlen(number + 1));
        fw_assert(strlen(number) >= 8 && strlen(number) <= 16);
    }
    if (fw_mail_address(text, address))
        fw_assert(strchr(address, '@') && !strpbrk(address, "<> \r\n,"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fw_span message = { data, size };
    const struct fw_span head = fw_mail_head(message);
    struct fw_mime_head h;
    fw_assert(head.size <= size);
    if (fw_mime_head(head, &h) == FW_OK) {
        try_addresses(h.from);
        try_addresses(h.return_path);
        try_addresses(h.delivered_to);
    }
    struct fw_mime_documents d;
    const enum fw_err err = fw_mime_documents(message, (enum fw_mime_body)(size % 3), &d);
    fw_assert(err || d.count > 0);
    fw_assert(!err || err == FW_NO_MEMORY || d.why[0]);
    fw_mime_documents_done(&d);
    return 0;
}
