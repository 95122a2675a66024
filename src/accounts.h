/* accounts.h - the command `faxwire account`: what accounts may send, and what they have sent today. */
#ifndef FW_ACCOUNTS_H
#define FW_ACCOUNTS_H

/* `argv` begins after "account". The exit code: 0 done, 1 refused, 2 usage. */
int fw_accounts(int argc, char **argv);
#endif
