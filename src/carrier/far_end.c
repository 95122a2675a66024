/* far_end.c - one row a test number, and how a number is read from the wire. */
#include "carrier/far_end.h"
#include "base/text.h"
#include <string.h>

/* clang-format off */
#define ANSWERS(id) .act = FW_FAR_ANSWER, .ident = (id)
/* A machine that can do everything, and one that lacks ECM. */
#define MACHINE(id) ANSWERS(id), .t38 = true, .v17 = true, .ecm = true
#define NO_ECM(id)  ANSWERS(id), .t38 = true, .v17 = true
#define REJECTS(status, text, cause)                                                               \
    .act = FW_FAR_REJECT, .sip_status = (status), .phrase = (text), .q850 = (cause)

static const struct fw_far_end far_ends[] = {
    { 0, "delivers", MACHINE("12005550100") },
    { 1, "busy", REJECTS(486, "Busy Here", 17) },
    { 2, "never answers", .act = FW_FAR_RING },
    { 3, "unallocated", REJECTS(404, "Not Found", 1) },
    { 4, "declined", REJECTS(603, "Decline", 21) },
    { 5, "a human answers", ANSWERS("12005550105"), .voice = true, .limit_ms = 20000 },
    { 6, "refuses T.38, takes G.711", ANSWERS("12005550106"), .v17 = true, .ecm = true },
    { 7, "hangs up in page 2", MACHINE("12005550107"), .hangup_page = 2 },
    { 8, "fails training", MACHINE("12005550108"), .fails_training = true },
    { 9, "ECM frames corrupted, recovers", MACHINE("12005550109"), .spoils = 6 },
    { 10, "answers every page RTN", NO_ECM("12005550110"), .rtn = true },
    { 11, "standard resolution only", MACHINE("12005550111"), .standard_only = true },
    { 12, "V.29 and V.27ter only", ANSWERS("12005550112"), .t38 = true, .ecm = true },
    { 13, "silent after the last page", NO_ECM("12005550113"), .mute_after_eop = true },
    { 14, "first two calls 503, then delivers", MACHINE("12005550114"), .refuse_first = 2,
      .sip_status = 503, .phrase = "Service Unavailable", .q850 = 41 },
    { 15, "5 % packet loss each way", MACHINE("12005550115"), .network.loss_percent = 5 },
    { 16, "answers after 20 s of ringing", MACHINE("12005550116"), .ring_ms = 20000 },
    { 17, "audio and image in the first answer", MACHINE("12005550117"), .image_in_answer = true },
    { 18, "refreshes the session in mid-page", MACHINE("12005550118"), .refresh_page = 1 },
    { 19, "glare: re-INVITE at the same moment", MACHINE("12005550119"), .glare = true },
    { 20, "no ECM", NO_ECM("12005550120") },
    { 21, "T.38 agreed, then no packet ever", MACHINE("12005550121"), .mute_t38 = true,
      .limit_ms = 180000 },
    { 22, "sends the killer frame", MACHINE("12005550122"), .killer = true },
    { 23, "page bomb", MACHINE("12005550123"), .bomb = true },
    { 24, "no ECM, one-dimensional coding only", NO_ECM("12005550124"), .no_t6 = true, .no_mr = true,
      .no_subaddress = true },
    { 25, "no MMR coding", MACHINE("12005550125"), .no_t6 = true },
    { 26, "a bad network: packets lost, late, twice, out of order", MACHINE("12005550126"),
      .network = { .loss_percent = 2, .duplicate_percent = 5, .delay_ms = 60, .jitter_ms = 80 } },
    { 27, "G.711 over jitter of 40 ms", ANSWERS("12005550127"), .v17 = true, .ecm = true,
      .network = { .delay_ms = 50, .jitter_ms = 40 } },
    { 28, "T.38 agreed but silent, G.711 when asked back", MACHINE("12005550128"), .mute_t38 = true,
      .returns = true },
    { 29, "A4 paper only", MACHINE("12005550129"), .a4_only = true },
};

static const struct fw_far_end mailbox = { FW_CARRIER_MAILBOX, "mailbox", MACHINE("FAXWIRE") };
/* clang-format on */

const struct fw_far_end *fw_far_end_table(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(far_ends);
    return far_ends;
}

const struct fw_far_end *fw_far_end_find(const char *digits)
{
    static const char prefix[] = "120055501";
    uint64_t number = 0;
    if (!fw_text_starts(digits, prefix) || strlen(digits) != sizeof prefix - 1 + 2 ||
        !fw_text_to_u64(fw_span_of(digits + sizeof prefix - 1), 99, &number))
        return &mailbox;
    for (size_t i = 0; i < ARRAY_LEN(far_ends); i++) {
        if (far_ends[i].number == (int)number)
            return &far_ends[i];
    }
    return &mailbox;
}

/* The part of a URI or name-addr in which the number stands. */
static struct fw_span user_part(const char *text)
{
    const char *at = strchr(text, '<');
    if (at)
        text = at + 1;
    static const char *const schemes[] = { "sip:", "sips:", "tel:" };
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        const size_t size = strlen(schemes[i]);
        if (strlen(text) >= size &&
            fw_text_is_nocase((struct fw_span){ (const uint8_t *)text, size }, schemes[i])) {
            text += size;
            break;
        }
    }
    return (struct fw_span){ (const uint8_t *)text, strcspn(text, "@;>:?") };
}

bool fw_carrier_number(const char *text, char ret[FW_CARRIER_NUMBER_SIZE])
{
    char user[128];
    size_t count = 0;
    ret[0] = '\0';
    if (!fw_text_percent_decode(user_part(text), false, user, sizeof user))
        return false;
    for (const char *c = user; *c; c++) {
        if (*c >= '0' && *c <= '9') {
            if (count == FW_CARRIER_NUMBER_MAX) {
                ret[0] = '\0';
                return false;
            }
            ret[count++] = *c;
        } else if (!strchr("-.() ", *c) && !(*c == '+' && c == user)) {
            ret[0] = '\0';
            return false;
        }
    }
    ret[count] = '\0';
    return count > 0;
}
