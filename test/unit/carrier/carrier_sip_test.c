/* The program itself, called by a scripted SIP client on loopback. */
#include "test.h"
#include "sip_client.h"
#include "base/file.h"
#include "ipc/channel.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static pid_t carrier;
static struct sip_client client;

static int start(void **state)
{
    (void)state;
    uint16_t port = 0;
    snprintf(folder, sizeof folder, "/tmp/faxwire-carrier-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    carrier = carrier_start(folder, NULL, &port);
    client_open(&client, port);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    client_close(&client);
    const int status = carrier_stop(carrier);
    fw_dir_remove(folder, 3);
    return status == 0 ? 0 : -1;
}

static void refusals_carry_their_cause(void **state)
{
    (void)state;
    static const struct {
        const char *number;
        int status;
        const char *has;
    } cases[] = {
        { "+12005550101", 486, "Q.850;cause=17" },
        { "12005550103", 404, "Q.850;cause=1" },
        { "+12005550104", 603, "Q.850;cause=21" },
        { "alice", 404, "SIP/2.0" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        client_invite(&client, cases[i].number, sdp_audio);
        CHECK_INT(client_status(&client, "INVITE"), cases[i].status);
        CHECK(client_has(&client, cases[i].has));
        client_request(&client, "ACK");
    }
}

static void ringing_ends_by_cancel(void **state)
{
    (void)state;
    client_invite(&client, "+12005550102", sdp_audio);
    CHECK_INT(client_status(&client, "INVITE"), 180);
    client_request(&client, "CANCEL");
    CHECK_INT(client_status(&client, "INVITE"), 487);
    client_request(&client, "ACK");
}

static void first_two_calls_of_a_caller_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        client_invite(&client, "+12005550114", sdp_audio);
        CHECK_INT(client_status(&client, "INVITE"), 503);
        client_request(&client, "ACK");
    }
    client_invite(&client, "+12005550114", sdp_audio);
    int status = client_status(&client, "INVITE");
    while (status == 180)
        status = client_status(&client, "INVITE");
    CHECK_INT(status, 200);
    client_request(&client, "ACK");
    client_request(&client, "BYE");
    CHECK_INT(client_status(&client, "BYE"), 200);
}

static void answer(const char *number)
{
    client_invite(&client, number, sdp_audio);
    int status = client_status(&client, "INVITE");
    while (status == 180)
        status = client_status(&client, "INVITE");
    CHECK_INT(status, 200);
    CHECK(client_has(&client, "m=audio "));
    client_request(&client, "ACK");
}

static void t38_is_refused_where_the_row_says_so(void **state)
{
    (void)state;
    answer("+12005550106");
    client_reinvite(&client, sdp_t38);
    CHECK_INT(client_status(&client, "INVITE"), 488);
    client_request(&client, "ACK");
    /* The call lives on in audio. */
    client_reinvite(&client, sdp_audio);
    CHECK_INT(client_status(&client, "INVITE"), 200);
    client_request(&client, "ACK");
    client_request(&client, "BYE");
    CHECK_INT(client_status(&client, "BYE"), 200);
}

/* RFC 3311: a refresh, an offer as in a re-INVITE, and nothing where there is no call. */
static void an_update_is_answered(void **state)
{
    (void)state;
    answer("+12005550106");
    client_update(&client, NULL);
    CHECK_INT(client_status(&client, "UPDATE"), 200);
    CHECK(!client_has(&client, "m="));
    client_update(&client, sdp_t38);
    CHECK_INT(client_status(&client, "UPDATE"), 488);
    client_update(&client, sdp_audio);
    CHECK_INT(client_status(&client, "UPDATE"), 200);
    CHECK(client_has(&client, "m=audio "));
    client_request(&client, "BYE");
    CHECK_INT(client_status(&client, "BYE"), 200);
    client_update(&client, NULL);
    CHECK_INT(client_status(&client, "UPDATE"), 481);
}

static void the_machine_asks_for_t38(void **state)
{
    (void)state;
    answer("+12005550100");
    CHECK(client_expect(&client, "INVITE"));
    CHECK(client_has(&client, "m=image "));
    CHECK(client_has(&client, " udptl t38"));
    CHECK(client_has(&client, "a=X-faxwire-unpaced"));
    client_answer(&client, 488, NULL);
    CHECK(client_expect(&client, "ACK"));
    client_request(&client, "BYE");
    CHECK_INT(client_status(&client, "BYE"), 200);
}

static void the_caller_may_ask_first(void **state)
{
    (void)state;
    answer("+12005550100");
    client_reinvite(&client, sdp_t38);
    CHECK_INT(client_status(&client, "INVITE"), 200);
    CHECK(client_has(&client, "m=image "));
    client_request(&client, "ACK");
    client_request(&client, "BYE");
    CHECK_INT(client_status(&client, "BYE"), 200);
}

static void offers_without_fax_media_are_refused(void **state)
{
    (void)state;
    static const char *const offers[] = { NULL, "", "v=0\r\n", "rubbish", sdp_video };
    for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
        client_invite(&client, "+12005550100", offers[i]);
        int status = client_status(&client, "INVITE");
        CHECK(status >= 400 && status < 500);
        client_request(&client, "ACK");
    }
}

/* Sent again when no answer comes, as UDP wants it (RFC 3261 clause 17.1.2). */
static void ping(void)
{
    int status = 0;
    for (int i = 0; i < 10 && status == 0; i++) {
        client.number[0] = client.to_tag[0] = '\0';
        client_request(&client, "OPTIONS");
        status = client_receive(&client, 1000) && client_has(&client, "SIP/2.0 200 ") ? 200 : 0;
    }
    CHECK_INT(status, 200);
}

static void rubbish_does_no_harm(void **state)
{
    (void)state;
    ping();
    static const char *const rubbish[] = {
        "",
        "\r\n\r\n",
        "INVITE\r\n\r\n",
        "SIP/2.0 200 OK\r\n\r\n",
        "INVITE sip:x SIP/2.0\r\nContent-Length: 99999999\r\n\r\n",
        "BYE sip:+12005550100@127.0.0.1 SIP/2.0\r\nVia: x\r\nCSeq: -1 BYE\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(rubbish); i++)
        client_raw(&client, rubbish[i], strlen(rubbish[i]));
    uint32_t seed = 12345;
    for (int i = 0; i < 200; i++) {
        uint8_t bytes[1400];
        for (size_t k = 0; k < sizeof bytes; k++) {
            seed = seed * 1664525 + 1013904223;
            bytes[k] = (uint8_t)(seed >> 24);
        }
        client_raw(&client, bytes, (size_t)(i * 7) % sizeof bytes);
    }
    ping();
}

/* ---- without a running carrier ---- */

static int run(const char *listen, char *ret_text, size_t size)
{
    int err[2];
    CHECK_INT(pipe(err), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(err[1], STDERR_FILENO);
        dup2(err[1], STDOUT_FILENO);
        close(err[0]);
        execl(CARRIER_PROGRAM, CARRIER_PROGRAM, "--mailbox", folder, "--listen", listen,
              (char *)NULL);
        _exit(127);
    }
    close(err[1]);
    size_t got = 0;
    for (ssize_t n; got < size - 1 && (n = read(err[0], ret_text + got, size - 1 - got)) > 0;)
        got += (size_t)n;
    ret_text[got] = '\0';
    close(err[0]);
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_taken_port_is_a_clear_error(void **state)
{
    (void)state;
    char text[2048], listen[64];
    snprintf(listen, sizeof listen, "127.0.0.1:%u", client.peer_port);
    CHECK_INT(run(listen, text, sizeof text), 1);
    CHECK(strstr(text, listen) != NULL);
    CHECK_INT(run("0.0.0.0:0", text, sizeof text), 2);
    CHECK(strstr(text, "--allow-remote") != NULL);
}

static void the_parent_rules_over_the_channel(void **state)
{
    (void)state;
    int pair[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        char number[16];
        close(pair[0]);
        snprintf(number, sizeof number, "%d", pair[1]);
        execl(CARRIER_PROGRAM, CARRIER_PROGRAM, "--channel", number, "--mailbox", folder,
              (char *)NULL);
        _exit(127);
    }
    close(pair[1]);
    struct fw_channel *channel = NULL;
    CHECK_INT(fw_channel_new(pair[0], &channel), FW_OK);
    struct pollfd p = { .fd = pair[0], .events = POLLIN };
    CHECK_INT(poll(&p, 1, 8000), 1);
    struct fw_msg msg;
    int fd = -1;
    CHECK_INT(fw_channel_receive(channel, &msg, &fd), FW_OK);
    CHECK_INT(msg.kind, FW_MSG_KIND_CARRIER_READY);

    /* A call in progress is hung up by STOP. */
    struct sip_client other;
    client_open(&other, msg.carrier_ready.sip_port);
    client_invite(&other, "+12005550106", sdp_audio);
    int status = client_status(&other, "INVITE");
    while (status == 180)
        status = client_status(&other, "INVITE");
    CHECK_INT(status, 200);
    client_request(&other, "ACK");
    const struct fw_msg stop_msg = { .kind = FW_MSG_KIND_STOP };
    CHECK_INT(fw_channel_send(channel, &stop_msg, -1), FW_OK);
    CHECK(client_expect(&other, "BYE"));
    client_answer(&other, 200, NULL);
    int exit_status = -1;
    CHECK(waitpid(pid, &exit_status, 0) == pid);
    CHECK(WIFEXITED(exit_status) && WEXITSTATUS(exit_status) == 0);
    client_close(&other);
    fw_channel_free(channel);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_carry_their_cause),
        cmocka_unit_test(ringing_ends_by_cancel),
        cmocka_unit_test(first_two_calls_of_a_caller_are_refused),
        cmocka_unit_test(t38_is_refused_where_the_row_says_so),
        cmocka_unit_test(an_update_is_answered),
        cmocka_unit_test(the_machine_asks_for_t38),
        cmocka_unit_test(the_caller_may_ask_first),
        cmocka_unit_test(offers_without_fax_media_are_refused),
        cmocka_unit_test(rubbish_does_no_harm),
        cmocka_unit_test(a_taken_port_is_a_clear_error),
        cmocka_unit_test(the_parent_rules_over_the_channel),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
