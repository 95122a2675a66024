/* The inner functions of the coder for processors with AVX2, LZCNT and BMI; compiled for those. */
#include "page/coder.h"
#if defined(__AVX2__)
#include "page/coder_rows.inc"

const struct fw_coder_rows fw_coder_rows_avx2 = { rows_find, rows_code_1d, rows_code_2d };
#endif
