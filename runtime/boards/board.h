/* What a test program asks of the board it runs on. One file of this folder answers, as the board needs. */
#ifndef GATELET_BOARD_H
#define GATELET_BOARD_H

#include <stdint.h>

void board_put(char character);

/* A counter that rises with time, or with instructions where an emulator counts them. It wraps after board_span. */
uint32_t board_ticks(void);
extern const uint32_t board_span;

/* The lowest address that the stack may come to; 0 where nobody knows: then it is not measured. */
uintptr_t board_floor(void);

/* Ends the program, and the emulator. */
void board_exit(int status);

int main(void);

static inline void board_text(const char *text) {
    while (*text) board_put(*text++);
}

static inline void board_number(uint32_t number) {
    char digits[10];
    int count = 0;
    do digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0) board_put(digits[--count]);
}

#endif
