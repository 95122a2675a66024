/* draw_device.h - MuPDF's draw device, made to draw for black and white. */
#ifndef FW_DRAW_DEVICE_H
#define FW_DRAW_DEVICE_H
#include "render/draw.h"

/* Takes the place of the device's functions, which draw on `d`, until it is closed. One device at a time. */
void fw_draw_device_wrap(fz_device *dev, struct fw_drawing *d);
#endif
