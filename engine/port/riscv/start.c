// Start-up of a RISC-V processor: painted stack, data and bss, the counter of retired instructions as a
// clock, and a trap handler that says what happened and ends with status 3. The compiler may call memcpy and
// its kin; there is no library to have them from.
#include <stddef.h>
#include <stdint.h>

#include "engine/port/common/port.h"
#include "engine/port/semihosting/semihosting.h"

enum { EXIT_FAULT = 3, GUARD_BYTES = 65536 };

static const uint32_t paint = UINT32_C(0x5AFE57AC);

// Of the linker script.
extern uint32_t thaw_stack_bottom[], thaw_stack_top[];
extern uint32_t thaw_data_start[], thaw_data_end[], thaw_data_load[], thaw_bss_start[], thaw_bss_end[];

int main(void);

// Control registers are an extension by name, which no library that a compiler comes with is built for.
#define CONTROL(instruction)             \
  ".option push\n\t"                     \
  ".option arch, +zicsr\n\t" instruction \
  "\n\t"                                 \
  ".option pop"
#define READ_REGISTER(name)                                    \
  ({                                                           \
    uint32_t value;                                            \
    __asm__ volatile(CONTROL("csrr %0, " name) : "=r"(value)); \
    value;                                                     \
  })

_Noreturn static void report_trap(void) __attribute__((used));
_Noreturn static void report_trap(void) {
  if ((uint32_t)thaw_stack_bottom - READ_REGISTER("mtval") <= GUARD_BYTES)
    thaw_semihosting_print("fault: the stack overflowed\n");
  thaw_semihosting_print_hex("fault: cause               ", READ_REGISTER("mcause"));
  thaw_semihosting_print_hex("fault: address             ", READ_REGISTER("mepc"));
  thaw_semihosting_print_hex("fault: value               ", READ_REGISTER("mtval"));
  thaw_semihosting_exit(EXIT_FAULT);
}

// The stack may be what is broken: it starts afresh. A trap handler's address is a multiple of four.
__attribute__((naked, aligned(4))) static void trap(void) {
  __asm__ volatile(
      "la sp, thaw_stack_top\n"
      "j report_trap\n");
}

uint64_t thaw_port_ticks(void) {
  uint32_t high;
  uint32_t low;
  do {
    high = READ_REGISTER("minstreth");
    low = READ_REGISTER("minstret");
  } while (high != READ_REGISTER("minstreth"));
  return (uint64_t)high << 32 | low;
}

uint32_t thaw_port_ticks_per_second(void) {
  return UINT32_C(1000000000);  // a tick is an instruction
}

uint32_t thaw_port_stack_used(void) {
  const uint32_t* at = thaw_stack_bottom;
  while (at < thaw_stack_top && *at == paint) ++at;
  return (uint32_t)((uintptr_t)thaw_stack_top - (uintptr_t)at);
}

// Memory lies below the stack's space on this machine: locked, so that running over it faults.
static void guard_stack(void) {
  enum { LOCKED_NATURALLY_ALIGNED = 0x98 };
  const uint32_t below = (uint32_t)thaw_stack_bottom - GUARD_BYTES;
  __asm__ volatile(CONTROL("csrw pmpaddr0, %0") : : "r"(below >> 2 | (GUARD_BYTES / 8 - 1)));
  __asm__ volatile(CONTROL("csrw pmpcfg0, %0") : : "r"(LOCKED_NATURALLY_ALIGNED));
}

_Noreturn static void start(void) __attribute__((used));
_Noreturn static void start(void) {
  __asm__ volatile(CONTROL("csrw mtvec, %0") : : "r"(trap));
  guard_stack();
  const uint32_t* here = (const uint32_t*)__builtin_frame_address(0);
  for (uint32_t* at = thaw_stack_bottom; at < here - 16; ++at) *at = paint;
  const uint32_t* from = thaw_data_load;
  for (uint32_t* to = thaw_data_start; to < thaw_data_end; ++to) *to = *from++;
  for (uint32_t* to = thaw_bss_start; to < thaw_bss_end; ++to) *to = 0;
  thaw_semihosting_exit(main());
}

__attribute__((naked, section(".vectors"), used)) void thaw_start(void) {
  __asm__ volatile(
      "la sp, thaw_stack_top\n"
      "j start\n");
}

// What the compiler may call; loops that it would turn into calls of themselves are kept as they are.
void* memcpy(void* to, const void* from, size_t count) {
  uint8_t* t = (uint8_t*)to;
  const uint8_t* f = (const uint8_t*)from;
  for (; count > 0; --count) {
    *t++ = *f++;
    __asm__ volatile("" : : : "memory");
  }
  return to;
}

void* memset(void* to, int value, size_t count) {
  uint8_t* t = (uint8_t*)to;
  for (; count > 0; --count) {
    *t++ = (uint8_t)value;
    __asm__ volatile("" : : : "memory");
  }
  return to;
}

void* memmove(void* to, const void* from, size_t count) {
  uint8_t* t = (uint8_t*)to;
  const uint8_t* f = (const uint8_t*)from;
  if (t <= f) return memcpy(to, from, count);
  while (count > 0) {
    --count;
    t[count] = f[count];
    __asm__ volatile("" : : : "memory");
  }
  return to;
}
