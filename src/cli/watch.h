/* watch.h - follows a fax to its end, one line a step. */
#ifndef FW_CLI_WATCH_H
#define FW_CLI_WATCH_H
#include "cli/http.h"

/* 0: delivered; 1: failed, or the service could not be asked. */
int fw_cli_watch(const struct fw_cli_api *api, const char *fax);
#endif
