/* g711.c - G.711, both laws, by arithmetic: no tables to set up, nothing shared. */
#include "proto/rtp.h"

enum { ULAW_BIAS = 0x84, ULAW_CLIP = 32767 - ULAW_BIAS };

static int16_t ulaw_decode(uint8_t octet)
{
    const int code = ~octet & 0xff;
    const int magnitude = ((((code & 0x0f) << 3) + ULAW_BIAS) << ((code >> 4) & 7)) - ULAW_BIAS;
    return (int16_t)(code & 0x80 ? -magnitude : magnitude);
}

/* The segment of a value: where its highest bit stands above bit 7. */
static int segment_of(int value)
{
    int segment = 0;
    while (segment < 7 && value >> (segment + 8) != 0)
        segment++;
    return segment;
}

static uint8_t ulaw_encode(int16_t sample)
{
    const int sign = sample < 0 ? 0x80 : 0;
    int magnitude = sample < 0 ? -(int)sample : sample;
    if (magnitude > ULAW_CLIP)
        magnitude = ULAW_CLIP;
    magnitude += ULAW_BIAS;
    const int segment = segment_of(magnitude);
    return (uint8_t)(~(sign | segment << 4 | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff);
}

static int16_t alaw_decode(uint8_t octet)
{
    const int code = octet ^ 0x55;
    const int segment = (code >> 4) & 7;
    int magnitude = ((code & 0x0f) << 4) + 8;
    if (segment > 0)
        magnitude = (magnitude + 0x100) << (segment - 1);
    return (int16_t)(code & 0x80 ? magnitude : -magnitude);
}

static uint8_t alaw_encode(int16_t sample)
{
    const int mask = sample < 0 ? 0x55 : 0xd5;
    const int magnitude = sample < 0 ? -(int)sample - 1 : sample;
    const int segment = segment_of(magnitude);
    const int step = segment == 0 ? 4 : segment + 3;
    return (uint8_t)((segment << 4 | ((magnitude >> step) & 0x0f)) ^ mask);
}

void fw_g711_decode(enum fw_codec codec, const uint8_t *in, size_t count, int16_t *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = codec == FW_CODEC_PCMA ? alaw_decode(in[i]) : ulaw_decode(in[i]);
}

void fw_g711_encode(enum fw_codec codec, const int16_t *in, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = codec == FW_CODEC_PCMA ? alaw_encode(in[i]) : ulaw_encode(in[i]);
}

uint8_t fw_g711_silence(enum fw_codec codec)
{
    return codec == FW_CODEC_PCMA ? 0xd5 : 0xff;
}
