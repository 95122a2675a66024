/* cli.h - the commands over the public API: what a script or a person does with a service. */
#ifndef FW_CLI_H
#define FW_CLI_H

/* `argv[0]` is the command. The exit code, or -1: there is no such command.
 * Codes: 0 done, 1 the fax failed or the service refused, 2 usage. */
int fw_cli(int argc, char **argv);
#endif
