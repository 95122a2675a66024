/* chance.h - numbers by chance that are the same in every run with the same seed. */
#ifndef FW_TEST_CHANCE_H
#define FW_TEST_CHANCE_H
#include <stdint.h>

static uint64_t seed;

static inline uint32_t chance(uint32_t below) /* splitmix64 */
{
    uint64_t z = (seed += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (uint32_t)((z ^ (z >> 31)) % below);
}
#endif
