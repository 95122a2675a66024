/* The inner functions of the coder for any processor. */
#include "page/coder.h"
#include "page/coder_rows.inc"

const struct fw_coder_rows fw_coder_rows_plain = { rows_find, rows_code_1d, rows_code_2d };
