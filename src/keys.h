/* keys.h - the command `faxwire key`: makes, lists and withdraws API keys in a data folder. */
#ifndef FW_KEYS_H
#define FW_KEYS_H

/* `argv` begins after "key". The exit code: 0 done, 1 refused, 2 usage. */
int fw_keys(int argc, char **argv);
#endif
