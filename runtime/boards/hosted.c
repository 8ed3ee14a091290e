/* A program under an operating system. Its ticks are of no use. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "board.h"

const uint32_t board_span = UINT32_MAX;

void board_put(char character) { putchar(character); }

uint32_t board_ticks(void) { return (uint32_t)clock(); }

void board_exit(int status) { exit(status); }
