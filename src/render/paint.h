/* paint.h - the loop that puts smoothed letters and shapes into grey pixels. Pure.
 *
 * MuPDF goes pixel by pixel with a branch each, a quarter of what a page of text costs; with SSE2, which every x86-64
 * has, sixteen go at once and become the same, bit for bit.
 */
#ifndef FW_PAINT_H
#define FW_PAINT_H
#include "base/base.h"

/* Blends `width` pixels of `grey` into `to` by how much of each is covered: 0 leaves it, 255 replaces it. */
void fw_paint_span(uint8_t *to, const uint8_t *cover, size_t width, uint8_t grey);
#endif
