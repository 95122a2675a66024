/* Reasons, and a sentence for each. */
#include "fax/advice.h"

#include <string.h>

#include "base/base.h"

const char *fw_reason_advice(const char *reason)
{
    static const struct {
        const char *reason, *advice;
    } table[] = {
        { "file_size_limit_exceeded", "The documents are too large: send several faxes, or smaller pictures." },
        { "page_count_limit_exceeded", "There are too many pages for one fax: send them in several." },
        { "file_download_failed", "The document could not be fetched: check that its address can be reached." },
        { "file_format_invalid", "The document cannot be read as pages: send it as PDF, picture or text." },
        { "media_processing_exception", "The document could not be made into pages: send it as a new PDF." },
        { "destination_invalid", "This number may not be called, or is none: check it." },
        { "destination_not_in_countries_whitelist",
          "Numbers of this country may not be called from here: ask the operator." },
        { "user_busy", "The number was busy: send the fax again later." },
        { "receiver_no_answer", "Nobody answered: send the fax again later, or check the number." },
        { "receiver_unallocated_number", "The number does not exist: check it." },
        { "receiver_decline", "The other side does not take this call: ask it." },
        { "sender_canceled", "The fax was cancelled before it was sent." },
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i].reason, reason) == 0)
            return table[i].advice;
    }
    return "Send the fax again later; if that fails as well, ask the operator of this service.";
}
