/* Messages and channels: what is written is read, what is damaged is refused, nothing is lost. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"
#include "ipc/channel.h"
#include "ipc/supervisor.h"
#include "test.h"

static void fill_call_place(struct fw_msg *msg)
{
    *msg = (struct fw_msg){ .kind = FW_MSG_KIND_CALL_PLACE };
    struct fw_msg_call_place *p = &msg->call_place;
    strcpy(p->call, "01890a5d-ac96-774b-bcce-b302099a8057");
    strcpy(p->to, "+12005550100");
    memset(p->display_name, 'x', sizeof p->display_name - 1);
    p->ring_timeout_ms = 0xfffffffe;
    p->page_count = 350;
    p->modem = 7;
}

static void every_kind_is_read_back(void **state)
{
    (void)state;
    for (int kind = 0; kind < FW_MSG_KIND_COUNT; kind++) {
        struct fw_msg out = { .kind = (enum fw_msg_kind)kind }, in;
        struct fw_buf buf;
        fw_buf_init(&buf, FW_MSG_BYTES_MAX);
        CHECK_INT(fw_msg_write(&out, &buf), FW_OK);
        CHECK_INT(fw_msg_read(fw_buf_span(&buf), &in), FW_OK);
        CHECK_INT(memcmp(&in, &out, sizeof in), 0);
        fw_buf_done(&buf);
    }
}

static void fields_survive_and_every_cut_is_refused(void **state)
{
    (void)state;
    struct fw_msg out, in;
    struct fw_buf buf;
    fill_call_place(&out);
    fw_buf_init(&buf, FW_MSG_BYTES_MAX);
    CHECK_INT(fw_msg_write(&out, &buf), FW_OK);
    CHECK_INT(fw_msg_read(fw_buf_span(&buf), &in), FW_OK);
    CHECK_TEXT(in.call_place.to, "+12005550100");
    CHECK_TEXT(in.call_place.display_name, out.call_place.display_name);
    CHECK_INT(in.call_place.ring_timeout_ms, 0xfffffffe);
    for (size_t size = 0; size < buf.size; size++)
        CHECK_INT(fw_msg_read((struct fw_span){ buf.data, size }, &in), FW_PROTOCOL);
    CHECK_INT(fw_buf_put_u8(&buf, 0), FW_OK);
    CHECK_INT(fw_msg_read(fw_buf_span(&buf), &in), FW_PROTOCOL);
    fw_buf_done(&buf);
}

static void a_text_longer_than_its_field_is_refused(void **state)
{
    (void)state;
    struct fw_msg in;
    uint8_t bytes[3 + 300] = { FW_MSG_KIND_CALL_CANCEL, 1, 0 }; /* 256 octets into a field of 40 */
    memset(bytes + 3, 'a', 256);
    CHECK_INT(fw_msg_read((struct fw_span){ bytes, 3 + 256 }, &in), FW_PROTOCOL);
}

static void pair(struct fw_channel **a, struct fw_channel **b)
{
    int fds[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    CHECK_INT(fw_channel_new(fds[0], a), FW_OK);
    CHECK_INT(fw_channel_new(fds[1], b), FW_OK);
}

static void a_descriptor_goes_along(void **state)
{
    (void)state;
    struct fw_channel *a, *b;
    struct fw_msg msg = { .kind = FW_MSG_KIND_MEDIA_OPEN }, got;
    int pipe_fds[2], fd;
    char c;
    pair(&a, &b);
    CHECK_INT(pipe(pipe_fds), 0);
    CHECK_INT(fw_channel_send(a, &msg, pipe_fds[1]), FW_OK);
    close(pipe_fds[1]);
    CHECK_INT(fw_channel_receive(b, &got, &fd), FW_OK);
    CHECK_INT(got.kind, FW_MSG_KIND_MEDIA_OPEN);
    CHECK_INT(write(fd, "x", 1), 1);
    CHECK_INT(read(pipe_fds[0], &c, 1), 1);
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    close(pipe_fds[0]);
    CHECK_INT(fw_channel_receive(b, &got, &fd), FW_BUSY);
    fw_channel_free(a);
    CHECK_INT(fw_channel_receive(b, &got, &fd), FW_NOT_FOUND);
    fw_channel_free(b);
}

static void a_slow_reader_gets_everything_in_order_and_a_dead_one_hits_the_limit(void **state)
{
    (void)state;
    struct fw_channel *a, *b;
    struct fw_msg msg = { .kind = FW_MSG_KIND_LINE_READY }, got;
    int sent = 0, fd;
    pair(&a, &b);
    for (enum fw_err err = FW_OK; err == FW_OK; sent++) {
        msg.line_ready.sip_port = (uint16_t)sent;
        err = fw_channel_send(a, &msg, -1);
        CHECK(err == FW_OK || err == FW_LIMIT);
    }
    sent--; /* the refused one */
    CHECK(fw_channel_wants_write(a));
    for (int i = 0; i < sent;) {
        const enum fw_err err = fw_channel_receive(b, &got, &fd);
        if (err == FW_BUSY) {
            CHECK_INT(fw_channel_flush(a), FW_OK);
            continue;
        }
        CHECK_INT(err, FW_OK);
        CHECK_INT(got.line_ready.sip_port, (uint16_t)i);
        i++;
    }
    CHECK(!fw_channel_wants_write(a));
    fw_channel_free(a);
    fw_channel_free(b);
}

/* A modem is the program that strangers feed: another modem's index must not pass. Here a shell
 * stands in for a child only to see it end and start again. */
static int ended_count, started_count;
static void on_started(void *arg, enum fw_role role, uint8_t index)
{
    (void)arg, (void)role, (void)index;
    started_count++;
}
static void on_ended(void *arg, enum fw_role role, uint8_t index)
{
    (void)arg, (void)role, (void)index;
    ended_count++;
}
static void on_message(void *arg, enum fw_role role, uint8_t index, const struct fw_msg *msg)
{
    (void)arg, (void)role, (void)index, (void)msg;
}

static void a_program_that_ends_is_started_again(void **state)
{
    (void)state;
    struct fw_supervisor *s;
    struct fw_fault fault = { 0 };
    const struct fw_supervisor_port port = { on_started, on_ended, on_message, NULL };
    const struct fw_child_spec spec = { .role = FW_ROLE_LINE, .program = "/bin/sh", .args = { "-c", "exit 3" } };
    const struct fw_child_spec missing = { .role = FW_ROLE_CARRIER, .program = "/nonexistent/program" };
    CHECK_INT(fw_supervisor_new(&port, -1, &s), FW_OK);
    CHECK_INT(fw_supervisor_add(s, &spec, &fault), FW_OK);
    while (ended_count < 3)
        fw_supervisor_turn(s, 1000);
    CHECK(started_count >= 3);
    CHECK_INT(fw_supervisor_add(s, &missing, &fault), FW_NOT_FOUND);
    CHECK(strstr(fault.message, "/nonexistent/program"));
    fw_supervisor_stop(s, 2000);
    fw_supervisor_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read_back),
        cmocka_unit_test(fields_survive_and_every_cut_is_refused),
        cmocka_unit_test(a_text_longer_than_its_field_is_refused),
        cmocka_unit_test(a_descriptor_goes_along),
        cmocka_unit_test(a_slow_reader_gets_everything_in_order_and_a_dead_one_hits_the_limit),
        cmocka_unit_test(a_program_that_ends_is_started_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
