/* The table of states (fax/status.h) for people: `states diagram` for ARCHITECTURE.md, `states list` for
 * doc/api.yaml. A test holds both against it. */
#include <stdio.h>
#include <string.h>

#include "fax/status.h"

/* Mermaid knows no dots in names. */
static void print_id(enum fw_status s)
{
    for (const char *p = fw_status_text(s); *p; p++)
        putchar(*p == '.' ? '_' : *p);
}

static void print_diagram(void)
{
    puts("stateDiagram-v2");
    for (int s = 0; s < FW_STATUS_COUNT; s++) {
        if (strchr(fw_status_text((enum fw_status)s), '.')) {
            printf("    state \"%s\" as ", fw_status_text((enum fw_status)s));
            print_id((enum fw_status)s);
            putchar('\n');
        }
    }
    puts("    [*] --> queued\n    [*] --> initiated");
    for (int from = 0; from < FW_STATUS_COUNT; from++) {
        for (int to = 0; to < FW_STATUS_COUNT; to++) {
            if (!fw_status_may_become((enum fw_status)from, (enum fw_status)to))
                continue;
            fputs("    ", stdout);
            print_id((enum fw_status)from);
            fputs(" --> ", stdout);
            print_id((enum fw_status)to);
            putchar('\n');
        }
    }
}

static void print_limit(const struct fw_state *state)
{
    for (int i = 0; i < FW_LIMIT_COUNT; i++) {
        if (state->limits >> i & 1)
            printf("`%s` + ", fw_limit_option((enum fw_time_limit)i));
    }
    printf("%d s", state->grace_secs);
}

static void print_list(void)
{
    for (int s = 0; s < FW_STATUS_COUNT; s++) {
        const struct fw_state *state = fw_state_of((enum fw_status)s);
        const char *of = state->sent && state->taken ? "every fax" : state->sent ? "a sent fax" : "a received fax";
        printf("- `%s` (%s): ", state->text, of);
        if (state->next == 0) {
            puts("the end.");
            continue;
        }
        const char *between = "";
        for (int to = 0; to < FW_STATUS_COUNT; to++) {
            if (!fw_status_may_become((enum fw_status)s, (enum fw_status)to))
                continue;
            printf("%s`%s`", between, fw_status_text((enum fw_status)to));
            between = " or ";
        }
        printf(" follows, at the latest ");
        print_limit(state);
        printf(" after %s: then %s.\n", state->since, state->at_deadline);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "diagram") == 0)
        print_diagram();
    else if (argc == 2 && strcmp(argv[1], "list") == 0)
        print_list();
    else
        return 2;
    return 0;
}
