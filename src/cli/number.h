/* number.h - the commands on phone numbers, over the public API. */
#ifndef FW_CLI_NUMBER_H
#define FW_CLI_NUMBER_H

/* `argv[0]` is add, list, assign or remove. The exit code as fw_cli has it. */
int fw_cli_number(int argc, char **argv);
#endif
