/* Cortex-M without an operating system: vectors, memory, the FPU, output by semihosting, ticks by SysTick.
 * Arm: ARMv7-M Architecture Reference Manual (B3.2, B3.3); Semihosting for AArch32 and AArch64 (SYS_WRITEC, SYS_EXIT). */
#include <string.h>

#include "board.h"

#define SYS_WRITEC 0x03
#define SYS_EXIT 0x18
#define APPLICATION_EXIT 0x20026
#define RUNTIME_ERROR 0x20023

#define SYSTICK ((volatile uint32_t *)0xE000E010) /* control, reload, current */
#define CPACR (*(volatile uint32_t *)0xE000ED88)

extern char data_image[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];

const uint32_t board_span = 0xFFFFFF;

static void semihost(uint32_t operation, uintptr_t argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void board_put(char character) { semihost(SYS_WRITEC, (uintptr_t)&character); }

uint32_t board_ticks(void) { return board_span - SYSTICK[2]; }

uintptr_t board_floor(void) { return (uintptr_t)bss_end; }

void board_exit(int status) {
    for (;;) semihost(SYS_EXIT, status ? RUNTIME_ERROR : APPLICATION_EXIT);
}

void board_reset(void);
void board_reset(void) {
#ifdef __ARM_FP
    CPACR |= 0xF << 20;
    __asm__ volatile("dsb\n isb");
#endif
    memcpy(data_begin, data_image, (size_t)(data_end - data_begin));
    memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
    SYSTICK[1] = board_span;
    SYSTICK[2] = 0;
    SYSTICK[0] = 5; /* on, from the core's clock */
    board_exit(main());
}

static void fault(void) { board_exit(1); }

typedef struct {
    char *stack;
    void (*handlers[15])(void); /* reset, NMI, faults */
} vectors_type;

__attribute__((section(".vectors"), used)) static const vectors_type vectors = {
    stack_top, {board_reset, fault, fault, fault, fault, fault}};
