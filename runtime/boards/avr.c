/* ATmega1284P: output by the serial port, ticks of eight cycles by the first timer, whose 16 bits an interrupt extends. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#include "board.h"

const uint32_t board_span = UINT32_MAX;

static volatile uint16_t wraps;

ISR(TIMER1_OVF_vect) { wraps++; }

void board_put(char character) {
    UCSR0B |= 1 << TXEN0;
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = (uint8_t)character;
}

uint32_t board_ticks(void) {
    uint16_t high, low;
    if (TCCR1B == 0) { /* the first call starts the timer */
        TIMSK1 = 1 << TOIE1;
        TCCR1B = 1 << CS11;
        sei();
    }
    do { /* once more if it wrapped between the two readings */
        high = wraps;
        low = TCNT1;
    } while (high != wraps);
    return (uint32_t)high << 16 | low;
}

extern char __bss_end;

uintptr_t board_floor(void) { return (uintptr_t)&__bss_end; }

/* The emulator ends when the core sleeps and nothing may wake it. The status has been told in words. */
void board_exit(int status) {
    (void)status;
    cli();
    for (;;) sleep_mode();
}
