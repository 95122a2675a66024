/* config_trunk.h - one trunk of the configuration: its schema, its defaults, its checks. */
#ifndef FW_CONFIG_TRUNK_H
#define FW_CONFIG_TRUNK_H
#include <cyaml/cyaml.h>

#include "config.h"
#include "ipc/msg.h"

enum { FW_CONFIG_TRUNKS_MAX = 64 };

extern const cyaml_schema_value_t fw_config_trunk_schema;
MUST_USE enum fw_err fw_config_trunk_settle(struct fw_config_trunk *t, struct fw_fault *fault);
/* What the line is told of it. */
void fw_config_trunk_message(const struct fw_config_trunk *t, struct fw_msg_trunk_set *ret);
#endif
