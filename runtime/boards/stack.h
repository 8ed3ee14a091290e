/* How deep the stack gets: what lies below it is painted, and looked at afterwards.
 *
 *     board_paint(most);
 *     step(...);
 *     deepest = board_depth();
 *
 * Interrupts count, too. */
#ifndef GATELET_STACK_H
#define GATELET_STACK_H

#include "board.h"

#define BOARD_PAINT 0xA5u
#define BOARD_OWN 64 /* bytes that these functions need for themselves */

static uintptr_t board_top, board_lowest;

/* Paint so many bytes below the caller, or as many as there are. */
#ifdef __GNUC__
__attribute__((noinline))
#endif
static void board_paint(uint32_t most) {
    volatile uint8_t here = 0;
    volatile uint8_t *place;
    const uintptr_t floor = board_floor();
    board_top = (uintptr_t)&here + here;
    if (floor == 0) return;
    board_lowest = board_top - floor < most ? floor : board_top - (uintptr_t)most;
    for (place = (volatile uint8_t *)(board_top - BOARD_OWN); (uintptr_t)place > board_lowest;) *--place = BOARD_PAINT;
}

/* Bytes of stack that were used since; 0 where it is not measured. */
static uint32_t board_depth(void) {
    volatile const uint8_t *place = (volatile const uint8_t *)board_lowest;
    if (board_lowest == 0) return 0;
    while ((uintptr_t)place < board_top && *place == BOARD_PAINT) place++;
    return (uint32_t)(board_top - (uintptr_t)place);
}

#endif
