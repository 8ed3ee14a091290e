/* A program under an operating system. Its ticks are of no use. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "board.h"

const uint32_t board_span = UINT32_MAX;

void board_put(char character) { putchar(character); }

uint32_t board_ticks(void) { return (uint32_t)clock(); }

/* The program that QEMU runs for AArch64 is linked statically; elsewhere a linker that binds functions when they are first
 * called takes some KB of the stack, or what lies below it must not be written to. */
#if defined(__linux__) && defined(__aarch64__)
uintptr_t board_floor(void) { return 1; }
#else
uintptr_t board_floor(void) { return 0; }
#endif

void board_exit(int status) { exit(status); }
