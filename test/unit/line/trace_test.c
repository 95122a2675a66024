/* Credentials do not get into a trace. */
#include "test.h"

#include <string.h>

#include "line/trace.h"

static void what_proves_a_password_is_blanked(void **unused)
{
    (void)unused;
    static const struct {
        const char *message, *want;
    } cases[] = {
        { "INVITE sip:a SIP/2.0\r\nAuthorization: Digest username=\"u\",a=b\r\nTo: <x>\r\n\r\n",
          "INVITE sip:a SIP/2.0\r\nAuthorization: Digest xxxxxxxxxxxxxxxx\r\nTo: <x>\r\n\r\n" },
        { "X\r\nproxy-AUTHORIZATION \t:  Digest a\r\n b=\"c\"\r\n\td\r\nVia: e\r\n\r\n",
          "X\r\nproxy-AUTHORIZATION \t:  Digest x\r\n xxxxx\r\n\tx\r\nVia: e\r\n\r\n" },
        { "X\nAuthorization:Basic dXNlcg==", "X\nAuthorization:Basic xxxxxxxx" },
        { "X\r\nAuthorization:\r\n  Digest q\r\n\r\n", "X\r\nAuthorization:\r\n  xxxxxx x\r\n\r\n" },
        { "X\r\nWWW-Authenticate: Digest nonce=\"n\"\r\n\r\nAuthorization: Digest z",
          "X\r\nWWW-Authenticate: Digest nonce=\"n\"\r\n\r\nAuthorization: Digest z" },
        { "X\r\nAuthorization-Info: a b\r\nSubject: Authorization: c d\r\n\r\n",
          "X\r\nAuthorization-Info: a b\r\nSubject: Authorization: c d\r\n\r\n" },
        { "Authorization", "Authorization" },
        { "Authorization:", "Authorization:" },
        { "", "" },
        { "\r\nAuthorization: a b", "\r\nAuthorization: a b" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[256];
        const size_t size = strlen(cases[i].message);
        memcpy(text, cases[i].message, size + 1);
        fw_line_trace_blank(text, size);
        CHECK_TEXT(text, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = { cmocka_unit_test(what_proves_a_password_is_blanked) };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
