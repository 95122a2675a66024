/* faxwire-line towards a trunk that asks who we are: digest, on every request of a call. */
#include "sip/digest.h"
#include "world.h"

#include "base/text.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char user[] = "fax user:1", password[] = "p:a ss%\"w";

static void set_credentials(const char *realm)
{
    struct fw_msg m = trunk_to("t", peer.port);
    struct fw_msg_trunk_set *t = &m.trunk_set;
    fw_text_clip(t->username, sizeof t->username, user);
    fw_text_clip(t->password, sizeof t->password, password);
    fw_text_clip(t->auth_realm, sizeof t->auth_realm, realm);
    tell(m);
}

static int start_with_credentials(void **state)
{
    start(state);
    set_credentials("");
    return 0;
}

static void hex_of(bool sha, const char *text, char ret[65])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    CHECK_INT(EVP_Digest(text, strlen(text), bytes, &size, sha ? EVP_sha256() : EVP_md5(), NULL), 1);
    fw_text_hex((struct fw_span){ bytes, size }, ret, 65);
}

static void quoted_param(const char *header, const char *name, char *ret, size_t size)
{
    char mark[32];
    snprintf(mark, sizeof mark, "%s=\"", name);
    const char *at = strstr(header, mark);
    CHECK(at != NULL);
    at += strlen(mark);
    snprintf(ret, size, "%.*s", (int)strcspn(at, "\""), at);
}

/* The far end's own computation (RFC 7616 clause 3.4.1). */
static void check_answer(const char *request, const char *header_name, bool sha, const char *nonce, int count)
{
    char header[2048], method[16], uri[512], said[128], cnonce[64], text[2048], a1[65], a2[65], want[65], nc[32];
    peer_header(request, header_name, header, sizeof header);
    if (header[0] == '\0')
        print_error("no %s in: %s\n", header_name, request);
    CHECK(header[0] != '\0');
    snprintf(method, sizeof method, "%.*s", (int)strcspn(request, " "), request);
    quoted_param(header, "uri", uri, sizeof uri);
    CHECK(strncmp(request + strlen(method) + 1, uri, strlen(uri)) == 0);
    quoted_param(header, "cnonce", cnonce, sizeof cnonce);
    quoted_param(header, "response", said, sizeof said);
    quoted_param(header, "nonce", text, sizeof text);
    CHECK_TEXT(text, nonce);
    snprintf(nc, sizeof nc, "nc=%08x", (unsigned)count);
    CHECK(strstr(header, nc));
    CHECK(strstr(header, sha ? "algorithm=SHA-256" : "algorithm=MD5"));
    snprintf(text, sizeof text, "%s:r:%s", user, password);
    hex_of(sha, text, a1);
    snprintf(text, sizeof text, "%s:%s", method, uri);
    hex_of(sha, text, a2);
    snprintf(text, sizeof text, "%s:%s:%08x:%s:auth:%s", a1, nonce, (unsigned)count, cnonce, a2);
    hex_of(sha, text, want);
    CHECK_TEXT(said, want);
    CHECK(!strstr(request, password));
}

static void challenge(const char *request, const char *status, const char *nonce, const char *more)
{
    char extra[1024];
    snprintf(extra, sizeof extra,
             "%s: Digest realm=\"r\", nonce=\"%s\", algorithm=MD5, qop=\"auth,auth-int\"%s\r\n",
             strncmp(status, "407", 3) == 0 ? "Proxy-Authenticate" : "WWW-Authenticate", nonce, more);
    peer_answer(&peer, request, status, extra, "");
    if (strncmp(request, "INVITE", 6) == 0)
        peer_expect(&peer, "ACK ");
}

static const char *placed_and_challenged(const char *call, const char *status, const char *nonce)
{
    static char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(placing(call)));
    char header[16];
    CHECK_TEXT(peer_header(invite, "Authorization", header, sizeof header), "");
    challenge(invite, status, nonce, "");
    return peer_expect(&peer, "INVITE ");
}

static void media_opens(void)
{
    hear(FW_MSG_KIND_CALL_ANSWERED, NULL);
    int fd = -1;
    hear(FW_MSG_KIND_MEDIA_OPEN, &fd);
    close(fd);
}

static void every_request_of_a_call_is_answered_for(void **state)
{
    (void)state;
    char header[64];
    const char *invite = placed_and_challenged("all", "407 Proxy Authentication Required", "n1");
    check_answer(invite, "Proxy-Authorization", false, "n1", 1);
    CHECK_TEXT(peer_header(invite, "CSeq", header, sizeof header) + strcspn(header, " "), " INVITE");
    peer_answer(&peer, invite, "200 OK", "", audio);
    /* RFC 3261 clause 22.1: an ACK is never challenged, and carries the credentials of its INVITE. */
    char given[2048], repeated[2048];
    peer_header(invite, "Proxy-Authorization", given, sizeof given);
    CHECK_TEXT(peer_header(peer_expect(&peer, "ACK "), "Proxy-Authorization", repeated, sizeof repeated), given);
    media_opens();

    /* The re-INVITE uses the nonce again; the peer has a newer one. */
    tone("all", FW_TONE_V21);
    invite = peer_expect(&peer, "INVITE ");
    check_answer(invite, "Proxy-Authorization", false, "n1", 2);
    challenge(invite, "407 Proxy Authentication Required", "n2", ", stale=TRUE");
    invite = peer_expect(&peer, "INVITE ");
    check_answer(invite, "Proxy-Authorization", false, "n2", 1);
    CHECK(strstr(invite, "m=image"));
    peer_answer(&peer, invite, "200 OK", "", image);
    peer_expect(&peer, "ACK ");
    check_switch("all", FW_TRANSPORT_T38);

    result("all", 0);
    const char *bye = peer_expect(&peer, "BYE ");
    check_answer(bye, "Proxy-Authorization", false, "n2", 2);
    ended(FW_CAUSE_DONE, 0);
    challenge(bye, "407 Proxy Authentication Required", "n3", ""); /* does not say stale */
    bye = peer_expect(&peer, "BYE ");
    check_answer(bye, "Proxy-Authorization", false, "n3", 1);
    peer_answer(&peer, bye, "200 OK", "", "");
}

static void only_the_bye_is_challenged(void **state)
{
    (void)state;
    answered(placing("bye"), NULL);
    tone("bye", FW_TONE_V21);
    challenge(peer_expect(&peer, "INVITE "), "401 Unauthorized", "n1", "");
    const char *invite = peer_expect(&peer, "INVITE ");
    check_answer(invite, "Authorization", false, "n1", 1);
    peer_answer(&peer, invite, "488 Not Acceptable Here", "", "");
    peer_expect(&peer, "ACK ");
    done_by_us("bye");

    answered(placing("bye2"), NULL);
    result("bye2", 0);
    challenge(peer_expect(&peer, "BYE "), "401 Unauthorized", "n1", "");
    ended(FW_CAUSE_DONE, 0);
    const char *bye = peer_expect(&peer, "BYE ");
    check_answer(bye, "Authorization", false, "n1", 1);
    peer_answer(&peer, bye, "200 OK", "", "");
}

static void wrong_credentials_are_tried_once(void **state)
{
    (void)state;
    static const char *const nonces[] = { "n1", "n2" }; /* the same again, or a new one */
    for (size_t i = 0; i < ARRAY_LEN(nonces); i++) {
        char call[8];
        snprintf(call, sizeof call, "w%zu", i);
        const char *invite = placed_and_challenged(call, "401 Unauthorized", "n1");
        check_answer(invite, "Authorization", false, "n1", 1);
        challenge(invite, "401 Unauthorized", nonces[i], ", stale=false");
        CHECK_TEXT(ended(FW_CAUSE_REJECTED, 401).call_ended.text, "credentials refused");
    }
    CHECK(!peer_hears(&peer, 300));
}

static void staleness_is_no_loop(void **state)
{
    (void)state;
    const char *invite = placed_and_challenged("s", "401 Unauthorized", "n0");
    int tries = 1;
    for (; tries < 10; tries++) {
        char nonce[8];
        snprintf(nonce, sizeof nonce, "n%d", tries);
        challenge(invite, "401 Unauthorized", nonce, ", stale=true");
        if (!peer_hears(&peer, 500))
            break;
        invite = peer.text;
        check_answer(invite, "Authorization", false, nonce, 1);
    }
    CHECK(tries >= 2 && tries < 6);
    CHECK_TEXT(ended(FW_CAUSE_REJECTED, 401).call_ended.text, "credentials refused");
}

static void a_proxy_and_a_server_may_both_ask(void **state)
{
    (void)state;
    const char *invite = placed_and_challenged("both", "407 Proxy Authentication Required", "p");
    challenge(invite, "401 Unauthorized", "s", "");
    invite = peer_expect(&peer, "INVITE ");
    check_answer(invite, "Authorization", false, "s", 1);
    check_answer(invite, "Proxy-Authorization", false, "p", 2);
    peer_answer(&peer, invite, "486 Busy Here", "", "");
    peer_expect(&peer, "ACK ");
    ended(FW_CAUSE_REJECTED, 486);
}

#define MD5 "WWW-Authenticate: Digest realm=\"r\",nonce=\"m\",algorithm=MD5,qop=\"auth\"\r\n"
#define SHA "WWW-Authenticate: Digest realm=\"r\",nonce=\"s\",algorithm=SHA-256,qop=\"auth\"\r\n"
#define SHA512 "WWW-Authenticate: Digest realm=\"r\",nonce=\"x\",algorithm=SHA-512-256,qop=\"auth\"\r\n"
#define BASIC "WWW-Authenticate: Basic realm=\"r\"\r\n"

static void the_strongest_that_we_can_do_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int algorithm; /* 0: none; 1: MD5; 2: SHA-256 */
    } cases[] = {
        { SHA MD5, 2 }, { MD5 SHA, 2 },    { SHA512 MD5, 1 }, { MD5 SHA512, 1 },
        { SHA, 2 },     { SHA512 SHA MD5, 2 }, { SHA512, 0 },     { BASIC MD5, 1 },
        { BASIC, 0 },   { "WWW-Authenticate: Digest realm=\"r\",nonce=\"a\",qop=\"auth-int\"\r\n", 0 },
        { "WWW-Authenticate: Digest nonce=\"a\"\r\n", 0 }, { "WWW-Authenticate: Digest realm=\"\",nonce=\"a\"\r\n", 0 },
        { "WWW-Authenticate: Digest realm=\"r\"\r\n", 0 },
        { "", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char call[8], invite[PEER_BYTES];
        snprintf(call, sizeof call, "a%zu", i);
        snprintf(invite, sizeof invite, "%s", place(placing(call)));
        peer_answer(&peer, invite, "401 Unauthorized", cases[i].headers, "");
        peer_expect(&peer, "ACK ");
        if (cases[i].algorithm) {
            const bool sha = cases[i].algorithm == 2;
            const char *again = peer_expect(&peer, "INVITE ");
            check_answer(again, "Authorization", sha, sha ? "s" : "m", 1);
            CHECK(!strstr(again, "Basic"));
            peer_answer(&peer, again, "486 Busy Here", "", "");
            peer_expect(&peer, "ACK ");
            ended(FW_CAUSE_REJECTED, 486);
        } else {
            CHECK(strstr(ended(FW_CAUSE_REJECTED, 401).call_ended.text, "algorithm"));
        }
    }
}

static void credentials_are_for_their_realm(void **state)
{
    (void)state;
    set_credentials("other");
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(placing("realm")));
    challenge(invite, "401 Unauthorized", "n", "");
    CHECK(strstr(ended(FW_CAUSE_REJECTED, 401).call_ended.text, "realm"));
    set_credentials("r");
    check_answer(placed_and_challenged("r", "401 Unauthorized", "n"), "Authorization", false, "n", 1);
}

/* The T.38 offer is refused for good, and the call goes on and ends as others do. */
static void a_reinvite_refused_for_its_credentials_leaves_the_call(void **state)
{
    (void)state;
    answered(placing("re"), NULL);
    tone("re", FW_TONE_V21);
    challenge(peer_expect(&peer, "INVITE "), "401 Unauthorized", "n1", "");
    challenge(peer_expect(&peer, "INVITE "), "401 Unauthorized", "n2", "");
    done_by_us("re");

    answered(placing("re2"), NULL);
    tone("re2", FW_TONE_V21);
    peer_answer(&peer, peer_expect(&peer, "INVITE "), "401 Unauthorized", SHA512, "");
    peer_expect(&peer, "ACK ");
    done_by_us("re2");
}

static void a_canceled_call_is_not_tried_again(void **state)
{
    (void)state;
    char invite[PEER_BYTES];
    snprintf(invite, sizeof invite, "%s", place(placing("c")));
    peer_answer(&peer, invite, "180 Ringing", "", "");
    hear(FW_MSG_KIND_CALL_PROGRESS, NULL);
    cancel("c");
    peer_answer(&peer, peer_expect(&peer, "CANCEL "), "200 OK", "", "");
    ended(FW_CAUSE_CANCELED, 0);
    challenge(invite, "401 Unauthorized", "n", "");
    CHECK(!peer_hears(&peer, 300));
}

/* ---- the digest by itself ---- */

static void answers_are_those_of_the_standard(void **state)
{
    (void)state; /* RFC 7616 clause 3.9.1 */
    static const struct {
        const char *algorithm, *response;
    } cases[] = {
        { "MD5", "8ca523f5e9506fed4657c9700eebdbec" },
        { "SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" },
    };
    su_home_t home[1] = { SU_HOME_INIT(home) };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[512], want[128], header[FW_DIGEST_HEADER_SIZE];
        snprintf(text, sizeof text,
                 "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=%s, "
                 "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
                 "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
                 cases[i].algorithm);
        struct fw_digest d;
        CHECK_INT(fw_digest_choose(sip_www_authenticate_make(home, text), &d), FW_OK);
        const struct fw_digest_request r = { .username = "Mufasa", .password = "Circle of Life",
                                             .method = "GET", .uri = "/dir/index.html", .count = 1,
                                             .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ" };
        CHECK_INT(fw_digest_answer(&d, &r, header), FW_OK);
        snprintf(want, sizeof want, "response=\"%s\"", cases[i].response);
        CHECK(strstr(header, want));
        CHECK(strstr(header, "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""));
    }
    su_home_deinit(home);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    su_home_t home[1] = { SU_HOME_INIT(home) };
    static char text[FW_DIGEST_NONCE_SIZE + 64];
    struct fw_digest d;
    snprintf(text, sizeof text, "Digest realm=\"r\", nonce=\"%0*d\"", FW_DIGEST_NONCE_SIZE, 0);
    CHECK_INT(fw_digest_choose(sip_www_authenticate_make(home, text), &d), FW_INVALID);
    snprintf(text, sizeof text, "Digest realm=\"%0*d\", nonce=\"n\"", FW_DIGEST_REALM_SIZE, 0);
    CHECK_INT(fw_digest_choose(sip_www_authenticate_make(home, text), &d), FW_INVALID);
    snprintf(text, sizeof text, "Digest realm=\"r\", nonce=\"%0*d\"", FW_DIGEST_NONCE_SIZE - 1, 0);
    CHECK_INT(fw_digest_choose(sip_www_authenticate_make(home, text), &d), FW_OK);
    su_home_deinit(home);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, start_with_credentials, stop)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(every_request_of_a_call_is_answered_for),
        CASE(only_the_bye_is_challenged),
        CASE(wrong_credentials_are_tried_once),
        CASE(staleness_is_no_loop),
        CASE(a_proxy_and_a_server_may_both_ask),
        CASE(the_strongest_that_we_can_do_is_taken),
        CASE(credentials_are_for_their_realm),
        CASE(a_reinvite_refused_for_its_credentials_leaves_the_call),
        CASE(a_canceled_call_is_not_tried_again),
        cmocka_unit_test(answers_are_those_of_the_standard),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
