/* ATmega1284P: output by the serial port, ticks of eight cycles by the first timer. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#include "board.h"

const uint32_t board_span = UINT16_MAX;

void board_put(char character) {
    UCSR0B |= 1 << TXEN0;
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = (uint8_t)character;
}

uint32_t board_ticks(void) {
    TCCR1B = 1 << CS11;
    return TCNT1;
}

/* The emulator ends when the core sleeps and nothing may wake it. The status has been told in words. */
void board_exit(int status) {
    (void)status;
    cli();
    for (;;) sleep_mode();
}
