/* RISC-V without an operating system: output by semihosting, instructions from the core's own counter.
 * RISC-V Semihosting: the three instructions that mark a call must not be compressed. */
#include <string.h>

#include "board.h"

#define SYS_WRITEC 0x03
#define SYS_EXIT 0x18
#define APPLICATION_EXIT 0x20026
#define RUNTIME_ERROR 0x20023

extern char bss_begin[], bss_end[];

const uint32_t board_span = UINT32_MAX;

static void semihost(uintptr_t operation, uintptr_t argument) {
    register uintptr_t a0 __asm__("a0") = operation;
    register uintptr_t a1 __asm__("a1") = argument;
    __asm__ volatile(
        ".option push\n .option norvc\n .balign 16\n"
        "slli zero, zero, 0x1f\n ebreak\n srai zero, zero, 7\n"
        ".option pop"
        : "+r"(a0) : "r"(a1) : "memory");
}

void board_put(char character) { semihost(SYS_WRITEC, (uintptr_t)&character); }

uint32_t board_ticks(void) {
    uint32_t instructions; /* csrr minstret, whose name some assemblers take only with Zicsr */
    __asm__ volatile(".insn i 0x73, 2, %0, x0, -1278" : "=r"(instructions));
    return instructions;
}

uintptr_t board_floor(void) { return (uintptr_t)bss_end; }

void board_exit(int status) {
    for (;;) semihost(SYS_EXIT, status ? RUNTIME_ERROR : APPLICATION_EXIT);
}

void board_begin(void);
void board_begin(void) {
    memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
    board_exit(main());
}

__attribute__((naked, section(".start"), used)) void board_reset(void);
void board_reset(void) { __asm__ volatile("la sp, stack_top\n j board_begin"); }
