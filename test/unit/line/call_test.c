/* The call table walked in every order of events, and the addresses that calls are placed with. */
#include "test.h"
#include "line/address.h"
#include "line/call.h"
#include "line/guard.h"
#include "line/source.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH = 12 };

/* What the world outside the table has seen. */
struct world {
    bool inviting; /* an INVITE without final answer */
    bool canceled;
    bool incoming;  /* an INVITE of theirs without final answer */
    bool answering; /* our 200 has no ACK yet */
    bool refused;   /* by the parent, who needs no report of it */
    bool dialog;     /* neither side has ended it */
    bool reinviting; /* our T.38 offer is out, or that of the way back */
    bool t38, back;  /* the media is T.38; it has been, and is not any more */
    bool media;      /* the modem carries the call and owes its account */
    int opened, switched, reports;
    int cause;
};

static long walked;

/* Could this come now, from a peer that keeps to RFC 3261 or from our own programs? */
static bool possible(const struct world *w, enum fw_line_state state, enum fw_line_event event)
{
    switch (event) {
    case FW_LINE_EV_PLACE:
        return state == FW_LINE_NEW || state == FW_LINE_WAITING;
    case FW_LINE_EV_WAIT:
    case FW_LINE_EV_INCOMING:
        return state == FW_LINE_NEW;
    case FW_LINE_EV_ACCEPTED:
    case FW_LINE_EV_REFUSED:
        return state == FW_LINE_ASKING;
    case FW_LINE_EV_GIVEN_UP:
        return w->incoming;
    case FW_LINE_EV_CONFIRMED:
    case FW_LINE_EV_CONFIRMED_T38:
        return w->answering && w->dialog;
    case FW_LINE_EV_BROKEN: /* also when no other trunk could be tried after all */
        return state == FW_LINE_NEW || state == FW_LINE_WAITING || state == FW_LINE_ASKING || w->inviting;
    case FW_LINE_EV_NEXT:
        return w->inviting && !w->canceled;
    case FW_LINE_EV_PROGRESS:
    case FW_LINE_EV_ANSWERED:
    case FW_LINE_EV_ANSWERED_T38:
        return w->inviting;
    case FW_LINE_EV_UNUSABLE:
        return w->inviting || (w->answering && w->dialog);
    case FW_LINE_EV_REJECTED:
    case FW_LINE_EV_UNREACHABLE:
        return w->inviting && !w->canceled;
    case FW_LINE_EV_REMOTE_T38:
        return w->dialog && !w->reinviting && !w->t38;
    case FW_LINE_EV_REMOTE_AUDIO:
        return w->dialog && !w->reinviting && w->t38;
    case FW_LINE_EV_SILENT:
        return w->media && w->t38;
    case FW_LINE_EV_T38_ACCEPTED:
    case FW_LINE_EV_T38_REFUSED:
    case FW_LINE_EV_T38_LATER:
        return w->reinviting && w->dialog && !w->t38;
    case FW_LINE_EV_AUDIO_ACCEPTED:
    case FW_LINE_EV_AUDIO_REFUSED:
    case FW_LINE_EV_AUDIO_LATER:
        return w->reinviting && w->dialog && w->t38;
    case FW_LINE_EV_UNDERWAY:
    case FW_LINE_EV_FAX_DONE:
        return w->media;
    case FW_LINE_EV_REMOTE_BYE:
    case FW_LINE_EV_DIALOG_LOST:
        return w->dialog;
    case FW_LINE_EV_TERMINATED:
        return state == FW_LINE_LEAVING && !w->dialog;
    case FW_LINE_EV_EXPIRED:
        return w->dialog;
    case FW_LINE_EV_LIMIT:
        return w->opened > 0;
    case FW_LINE_EV_CANCEL:
    case FW_LINE_EV_MODEM_LOST:
        return state != FW_LINE_NEW;
    case FW_LINE_EV_TIMEOUT:
        return state != FW_LINE_NEW;
    case FW_LINE_EVENT_COUNT:
        break;
    }
    return false;
}

static void happens(struct world *w, enum fw_line_event event)
{
    if (event == FW_LINE_EV_INCOMING)
        w->incoming = true;
    if (event == FW_LINE_EV_GIVEN_UP)
        w->incoming = false;
    if (event == FW_LINE_EV_REFUSED)
        w->refused = true;
    if (event == FW_LINE_EV_CONFIRMED || event == FW_LINE_EV_CONFIRMED_T38)
        w->answering = false;
    if (event == FW_LINE_EV_ANSWERED || event == FW_LINE_EV_ANSWERED_T38 ||
        event == FW_LINE_EV_UNUSABLE) {
        w->inviting = false;
        w->dialog = true;
    }
    if (event == FW_LINE_EV_REJECTED || event == FW_LINE_EV_UNREACHABLE ||
        event == FW_LINE_EV_TERMINATED || event == FW_LINE_EV_NEXT || event == FW_LINE_EV_BROKEN)
        w->inviting = false;
    if (event == FW_LINE_EV_T38_ACCEPTED || event == FW_LINE_EV_T38_REFUSED ||
        event == FW_LINE_EV_T38_LATER || event == FW_LINE_EV_AUDIO_ACCEPTED ||
        event == FW_LINE_EV_AUDIO_REFUSED || event == FW_LINE_EV_AUDIO_LATER)
        w->reinviting = false;
    if (event == FW_LINE_EV_REMOTE_BYE || event == FW_LINE_EV_DIALOG_LOST)
        w->dialog = false;
    if (event == FW_LINE_EV_FAX_DONE || event == FW_LINE_EV_MODEM_LOST)
        w->media = false;
}

static void act(struct world *w, const struct fw_line_step *step)
{
    if (w->cause == FW_LINE_NO_CAUSE)
        w->cause = step->cause;
    if (step->actions & FW_LINE_DO_INVITE) {
        CHECK(!w->inviting && !w->dialog);
        w->inviting = true;
    }
    if (step->actions & (FW_LINE_DO_ANSWER | FW_LINE_DO_REFUSE)) {
        CHECK(w->incoming);
        w->incoming = false;
        w->dialog = w->answering = (step->actions & FW_LINE_DO_ANSWER) != 0;
    }
    if (step->actions & FW_LINE_DO_CANCEL) {
        CHECK(w->inviting && !w->canceled);
        w->canceled = true;
    }
    if (step->actions & FW_LINE_DO_BYE) {
        CHECK(w->dialog);
        w->dialog = false;
    }
    if (step->actions & FW_LINE_DO_OPEN) {
        CHECK_INT(w->opened++, 0);
        w->media = true;
    }
    if (step->actions & FW_LINE_DO_OFFER) {
        CHECK(w->dialog && !w->reinviting && w->switched == 0);
        w->reinviting = true;
    }
    if (step->actions & FW_LINE_DO_RETURN) {
        CHECK(w->dialog && !w->reinviting && w->t38);
        w->reinviting = true;
    }
    if (step->actions & FW_LINE_DO_SWITCH) {
        CHECK_INT(w->switched++, w->t38 ? 1 : 0); /* there once, and back once */
        w->back = w->t38;
        w->t38 = !w->t38;
    }
    if (step->actions & FW_LINE_DO_CLOSE)
        CHECK(w->opened == 1 && w->reports == 0);
    if (step->actions & FW_LINE_DO_REPORT) {
        CHECK_INT(w->reports++, 0);
        CHECK(w->cause != FW_LINE_NO_CAUSE);
    }
}

static void check(const struct world *w, enum fw_line_state state)
{
    CHECK_INT(w->reports, state >= FW_LINE_LEAVING && !w->refused ? 1 : 0);
    if (state == FW_LINE_ENDED)
        CHECK(!w->dialog && !w->incoming && (!w->inviting || w->canceled));
    if (state >= FW_LINE_LEAVING)
        CHECK(!w->dialog); /* reported means hung up */
    if (state >= FW_LINE_AUDIO && state <= FW_LINE_FINISHING)
        CHECK(w->dialog && w->opened == 1);
    if (state >= FW_LINE_T38 && state <= FW_LINE_RETURN_LATER)
        CHECK(w->t38);
    if (state == FW_LINE_RETURNED)
        CHECK(w->back);
}

static void walk(struct world w, enum fw_line_state state, int depth)
{
    walked++;
    check(&w, state);
    if (depth == 0 || state == FW_LINE_ENDED)
        return;
    for (int e = 0; e < FW_LINE_EVENT_COUNT; e++) {
        const enum fw_line_event event = (enum fw_line_event)e;
        const struct fw_line_step step = fw_line_call_step(state, event);
        if (!step.legal || !possible(&w, state, event))
            continue;
        struct world after = w;
        happens(&after, event);
        act(&after, &step);
        walk(after, (enum fw_line_state)step.next, depth - 1);
    }
}

static void a_call_ends_and_reports_once_in_any_order(void **state)
{
    (void)state;
    walk((struct world){ .cause = FW_LINE_NO_CAUSE }, FW_LINE_NEW, DEPTH);
    CHECK(walked > 100000);
}

/* Cells that are used must be possible at all: a row nobody can reach is a mistake. */
static void every_state_is_reached(void **unused)
{
    (void)unused;
    bool reached[FW_LINE_STATE_COUNT] = { [FW_LINE_NEW] = true };
    for (int round = 0; round < FW_LINE_STATE_COUNT; round++) {
        for (int s = 0; s < FW_LINE_STATE_COUNT; s++) {
            for (int e = 0; e < FW_LINE_EVENT_COUNT && reached[s]; e++) {
                const struct fw_line_step step =
                    fw_line_call_step((enum fw_line_state)s, (enum fw_line_event)e);
                if (step.legal)
                    reached[step.next] = true;
            }
        }
    }
    for (int s = 0; s < FW_LINE_STATE_COUNT; s++)
        CHECK(reached[s]);
}

/* Nothing hangs: with deadlines alone every state runs to its end. */
static void deadlines_end_every_state(void **unused)
{
    (void)unused;
    for (int s = FW_LINE_INVITING; s < FW_LINE_ENDED; s++) {
        enum fw_line_state state = (enum fw_line_state)s;
        int steps = 0;
        while (state != FW_LINE_ENDED) {
            const struct fw_line_step limit = fw_line_call_step(state, FW_LINE_EV_LIMIT);
            const struct fw_line_step step =
                limit.legal ? limit : fw_line_call_step(state, FW_LINE_EV_TIMEOUT);
            CHECK(step.legal && ++steps < 6);
            state = (enum fw_line_state)step.next;
        }
    }
    /* And a stop is heard wherever the call has not been reported. */
    for (int s = FW_LINE_INVITING; s < FW_LINE_LEAVING; s++)
        CHECK(fw_line_call_step((enum fw_line_state)s, FW_LINE_EV_CANCEL).legal);
}

/* The T.38 switch happens from audio only, and never when the fax is under way there: sip_calls.c
 * and hub.c ask for nothing then. It is left only where it stayed silent, or because the peer says so
 * (before the fax is under way: sip_calls.c), and then for good. */
static void t38_is_left_once(void **unused)
{
    (void)unused;
    for (int e = 0; e < FW_LINE_EVENT_COUNT; e++) {
        const struct fw_line_step t38 = fw_line_call_step(FW_LINE_T38, (enum fw_line_event)e);
        const struct fw_line_step back = fw_line_call_step(FW_LINE_RETURNED, (enum fw_line_event)e);
        const bool leaves = e == FW_LINE_EV_SILENT || e == FW_LINE_EV_REMOTE_AUDIO;
        if (t38.legal)
            CHECK_INT(t38.next != FW_LINE_T38 && t38.next < FW_LINE_FINISHING, leaves);
        if (back.legal)
            CHECK(back.next == FW_LINE_RETURNED || back.next >= FW_LINE_FINISHING);
    }
}

static void uri_is(const char *to, const char *host, uint16_t port, const char *want)
{
    const struct fw_line_hop hop = { .host = host, .port = port };
    char uri[FW_LINE_URI_SIZE];
    bool own = false;
    if (!want) {
        CHECK(fw_line_request_uri(to, &hop, uri, &own) != FW_OK);
        return;
    }
    CHECK_INT(fw_line_request_uri(to, &hop, uri, &own), FW_OK);
    CHECK_TEXT(uri, want);
    CHECK_INT(own, want[4] == 'b');
}

static void addresses_hold_nothing_but_addresses(void **unused)
{
    (void)unused;
    uri_is("+12005550100", "10.0.0.1", 5070, "sip:+12005550100@10.0.0.1:5070");
    uri_is("+1 (200) 555-0100", "t.example", 0, "sip:+12005550100@t.example");
    uri_is("12#", "::1", 5060, "sip:12%23@[::1]:5060");
    uri_is("sip:bob@fax.example:5099", "t.example", 5060, "sip:bob@fax.example:5099");
    static const char *const bad[] = {
        "",
        "+",
        "1+2",
        "abc",
        "sip:",
        "sip:@x",
        "sip:a@",
        "sip:a@b\r\nX: y",
        "sip:a@b>",
        "sip:a b@c",
        "sip:a@b?Route=x",
        "tel:+1",
        "12\r\n34",
        "sip:a@b,<sip:c@d>",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        uri_is(bad[i], "t", 5060, NULL);
    char from[FW_LINE_FROM_SIZE], uri[FW_LINE_URI_SIZE], longest[700];
    CHECK_INT(fw_line_from("A \"B\"\r\n\\C", "+15551234567", "d.example", from), FW_OK);
    CHECK_TEXT(from, "\"A \\\"B\\\"\\\\C\" <sip:+15551234567@d.example>");
    CHECK_INT(fw_line_from("", "+1", "d", from), FW_OK);
    CHECK_TEXT(from, "<sip:+1@d>");
    CHECK_INT(fw_line_from("x", "", "d", from), FW_OK);
    CHECK_TEXT(from, "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    memset(longest, '"', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    CHECK_INT(fw_line_from(longest, "+1", "d", from), FW_LIMIT);
    memcpy(longest, "sip:", 4);
    memset(longest + 4, 'a', sizeof longest - 5);
    bool own;
    CHECK_INT(fw_line_request_uri(longest, &(struct fw_line_hop){ .host = "t", .port = 1 }, uri, &own),
              FW_LIMIT);
    CHECK_INT(fw_line_host_uri(&(struct fw_line_hop){ .host = "::1", .port = 7 }, uri), FW_OK);
    CHECK_TEXT(uri, "sip:[::1]:7");
    CHECK_INT(fw_line_user_uri("fax", "2001:db8::1", uri), FW_OK);
    CHECK_TEXT(uri, "sip:fax@[2001:db8::1]");
    CHECK_INT(fw_line_user_uri("", "::1", uri), FW_OK);
    CHECK_TEXT(uri, "sip:[::1]");
    CHECK_INT(fw_line_user_uri("fax", "pbx.example", uri), FW_OK);
    CHECK_TEXT(uri, "sip:fax@pbx.example");
    static const struct {
        struct fw_line_hop hop;
        const char *want;
    } hops[] = {
        { { "p.example:5090", 5060, FW_TRUNK_TRANSPORT_TCP }, "sip:p.example:5090;transport=tcp" },
        { { "[2001:db8::1]:5062", 0, FW_TRUNK_TRANSPORT_TLS }, "sip:[2001:db8::1]:5062;transport=tls" },
        { { "[2001:db8::1]", 5061, FW_TRUNK_TRANSPORT_UDP }, "sip:[2001:db8::1]:5061" },
    };
    for (size_t i = 0; i < ARRAY_LEN(hops); i++) {
        CHECK_INT(fw_line_host_uri(&hops[i].hop, uri), FW_OK);
        CHECK_TEXT(uri, hops[i].want);
    }
}

static void numbers_take_the_form_of_the_trunk(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        struct fw_line_number_rule rule;
        const char *want; /* NULL: not usable */
    } cases[] = {
        { "+1 (200) 555-0100", { 0, "", FW_TRUNK_PLUS_KEEP }, "+12005550100" },
        { "+12005550100", { 0, "", FW_TRUNK_PLUS_DROP }, "12005550100" },
        { "12005550100", { 0, "", FW_TRUNK_PLUS_ADD }, "+12005550100" },
        { "+12005550100", { 0, "", FW_TRUNK_PLUS_ADD }, "+12005550100" },
        { "+4930123456", { 2, "0", FW_TRUNK_PLUS_DROP }, "030123456" },
        { "+4930123456", { 0, "00", FW_TRUNK_PLUS_DROP }, "004930123456" },
        { "5550100", { 0, "1200", FW_TRUNK_PLUS_ADD }, "+12005550100" },
        { "12#", { 0, "9", FW_TRUNK_PLUS_KEEP }, "912#" },
        { "12", { 2, "", FW_TRUNK_PLUS_KEEP }, NULL },
        { "+", { 0, "", FW_TRUNK_PLUS_KEEP }, NULL },
        { "1+2", { 0, "", FW_TRUNK_PLUS_KEEP }, NULL },
        { "12\r\n", { 0, "", FW_TRUNK_PLUS_KEEP }, NULL },
        { "sip:a@b", { 2, "0", FW_TRUNK_PLUS_DROP }, "sip:a@b" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char number[32];
        const enum fw_err err = fw_line_number(cases[i].text, &cases[i].rule, number, sizeof number);
        CHECK_INT(err == FW_OK, cases[i].want != NULL);
        if (cases[i].want)
            CHECK_TEXT(number, cases[i].want);
    }
    char small[4];
    CHECK_INT(fw_line_number("1234", &(struct fw_line_number_rule){ .prefix = "" }, small, sizeof small), FW_LIMIT);
}

static void sources_are_addresses_and_prefixes(void **unused)
{
    (void)unused;
    static const struct {
        const char *prefix, *one;
        bool has;
    } cases[] = {
        { "198.51.100.7", "198.51.100.7", true }, { "198.51.100.7", "198.51.100.8", false },
        { "203.0.113.0/28", "203.0.113.15", true }, { "203.0.113.0/28", "203.0.113.16", false },
        { "0.0.0.0/0", "9.9.9.9", true }, { "0.0.0.0/0", "2001:db8::1", false },
        { "2001:db8::/33", "2001:db8:7fff::1", true }, { "2001:db8::/33", "2001:db8:8000::1", false },
        { "[::1]:5060", "::1", true }, { "127.0.0.1:5060", "127.0.0.1", true },
        { "127.0.0.1", "::ffff:127.0.0.1", true },
    };
    struct fw_line_source a, b;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CHECK(fw_line_source_parse(fw_span_of(cases[i].prefix), &a));
        CHECK(fw_line_source_parse(fw_span_of(cases[i].one), &b));
        CHECK_INT(fw_line_source_has(&a, &b), cases[i].has);
    }
    static const char *const bad[] = { "", "x", "1.2.3", "1.2.3.4/33", "::1/129", "[::1", "1.2.3.4/", "/8" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!fw_line_source_parse(fw_span_of(bad[i]), &a));
}

static void a_source_says_so_much_and_no_more(void **unused)
{
    (void)unused;
    enum { RATE = 20, SECONDS = 10, OTHERS = 5000 };
    static struct fw_line_guard guard;
    guard.secret = 0x9E3779B97F4A7C15u;
    struct fw_line_source loud, other;
    CHECK(fw_line_source_parse(fw_span_of("192.0.2.1"), &loud));
    struct fw_mono now = { 1000000 };
    int passed = 0;
    for (int ms = 0; ms < SECONDS * 1000; ms++, now.us += 1000)
        passed += fw_line_guard_allows(&guard, &loud, RATE, now);
    const int burst = RATE * FW_LINE_GUARD_BURST;
    CHECK(passed >= RATE * SECONDS && passed <= RATE * SECONDS + burst);

    /* Who is quiet is not held to what others say, and a flood from everywhere does not free the one
     * that goes on. */
    passed = 0;
    for (int i = 0; i < OTHERS; i++, now.us += 100) {
        char text[64];
        snprintf(text, sizeof text, "2001:db8:%x:%x::1", (unsigned)i >> 8, (unsigned)i & 0xFF);
        CHECK(fw_line_source_parse(fw_span_of(text), &other));
        CHECK(fw_line_guard_allows(&guard, &other, RATE, now));
        passed += fw_line_guard_allows(&guard, &loud, RATE, now);
    }
    CHECK(passed <= RATE * OTHERS / 10000 + 2 * burst);

    /* One customer of IPv6 has many addresses. */
    passed = 0;
    for (int i = 0; i < 1000; i++) {
        char text[64];
        snprintf(text, sizeof text, "2001:db8:ffff:1:%x::1", (unsigned)i);
        CHECK(fw_line_source_parse(fw_span_of(text), &other));
        passed += fw_line_guard_allows(&guard, &other, RATE, now);
    }
    CHECK_INT(passed, burst);
    CHECK(fw_line_guard_allows(&guard, &loud, 0, now)); /* no limit */
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_call_ends_and_reports_once_in_any_order),
        cmocka_unit_test(every_state_is_reached),
        cmocka_unit_test(deadlines_end_every_state),
        cmocka_unit_test(t38_is_left_once),
        cmocka_unit_test(addresses_hold_nothing_but_addresses),
        cmocka_unit_test(numbers_take_the_form_of_the_trunk),
        cmocka_unit_test(sources_are_addresses_and_prefixes),
        cmocka_unit_test(a_source_says_so_much_and_no_more),
    };
    const int failed = cmocka_run_group_tests(cases, NULL, NULL);
    printf("%ld states walked\n", walked);
    return failed;
}
