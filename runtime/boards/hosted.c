/* A program under an operating system. Its ticks are of no use. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "board.h"

const uint32_t board_span = UINT32_MAX;

void board_put(char character) { putchar(character); }

uint32_t board_ticks(void) { return (uint32_t)clock(); }

/* Linux lets a program write below its stack; others may not. */
#ifdef __linux__
uintptr_t board_floor(void) { return 1; }
#else
uintptr_t board_floor(void) { return 0; }
#endif

void board_exit(int status) { exit(status); }
