/* How constants are read where they lie, and which functions a compiler must not call. Not a public header. */
#ifndef GATELET_READING_H
#define GATELET_READING_H

#include "gatelet.h"

#ifdef __AVR__
#define GATELET_READ8(address) ((int8_t)pgm_read_byte(address))
#define GATELET_READ16(address) ((int16_t)pgm_read_word(address))
#define GATELET_READ32(address) ((int32_t)pgm_read_dword(address))
#define GATELET_READF(address) pgm_read_float(address)
#else
#define GATELET_READ8(address) (*(address))
#define GATELET_READ16(address) (*(address))
#define GATELET_READ32(address) (*(address))
#define GATELET_READF(address) (*(address))
#endif

#ifdef __GNUC__
#define GATELET_INLINE static inline __attribute__((always_inline))
#else
#define GATELET_INLINE static inline
#endif

/* What is called at two places: copied to both, but where code is dear. */
#ifdef __AVR__
#define GATELET_TWICE static __attribute__((noinline))
#else
#define GATELET_TWICE GATELET_INLINE
#endif

#endif
