// Start-up of a Cortex-M: vectors, floating point where code is compiled for it, painted stack, data and bss,
// SysTick as an instruction counter, and a fault handler that says what happened and ends with status 3.
#include <stdint.h>

#include "engine/port/common/port.h"
#include "engine/port/semihosting/semihosting.h"

enum { EXIT_FAULT = 3 };

static const uint32_t paint = UINT32_C(0x5AFE57AC);

// Of the linker script. The two board words are the topmost eight bytes of the stack's space.
extern uint32_t thaw_stack_bottom[], thaw_stack_top[], thaw_board_words[];
extern uint32_t thaw_data_start[], thaw_data_end[], thaw_data_load[], thaw_bss_start[], thaw_bss_end[];

int main(void);

// Registers of the processor.
#define SYSTICK_CONTROL (*(volatile uint32_t*)0xE000E010)
#define SYSTICK_RELOAD (*(volatile uint32_t*)0xE000E014)
#define SYSTICK_VALUE (*(volatile uint32_t*)0xE000E018)
#define COPROCESSOR_ACCESS (*(volatile uint32_t*)0xE000ED88)
#define FAULT_STATUS (*(volatile uint32_t*)0xE000ED28)
#define HARD_FAULT_STATUS (*(volatile uint32_t*)0xE000ED2C)
#define BUS_FAULT_ADDRESS (*(volatile uint32_t*)0xE000ED38)
#define SYSTICK_WRAPS (*(volatile uint32_t*)&thaw_board_words[0])

static const uint32_t systick_span = UINT32_C(1) << 24;
static const uint32_t bus_fault_address_valid = UINT32_C(1) << 15;  // of the fault status
static const uint32_t guard_bytes = 4096;  // how far below the stack's space a fault is called an overflow

// The processor pushes 32 bytes on entry; where they did not fit, the stack pointer is below its space. Where
// they did fit, a push of more than 32 bytes was undone, and the address that it failed at says so.
static int stack_overflowed(uint32_t stack_pointer) {
  const uint32_t bottom = (uint32_t)thaw_stack_bottom;
  if (stack_pointer < bottom) return 1;
  return (FAULT_STATUS & bus_fault_address_valid) != 0 && bottom - BUS_FAULT_ADDRESS - 1 < guard_bytes;
}

_Noreturn static void report_fault(uint32_t stack_pointer) __attribute__((used));
_Noreturn static void report_fault(uint32_t stack_pointer) {
  if (stack_overflowed(stack_pointer)) thaw_semihosting_print("fault: the stack overflowed\n");
  thaw_semihosting_print_hex("fault: stack pointer       ", stack_pointer);
  thaw_semihosting_print_hex("fault: fault status        ", FAULT_STATUS);
  thaw_semihosting_print_hex("fault: hard fault status   ", HARD_FAULT_STATUS);
  thaw_semihosting_exit(EXIT_FAULT);
}

// The stack may be what is broken: it starts afresh.
__attribute__((naked)) static void fault(void) {
  __asm__ volatile(
      "mov r0, sp\n"
      "ldr r1, =thaw_board_words\n"
      "mov sp, r1\n"
      "ldr r1, =report_fault\n"
      "bx r1\n");
}

static void count_wrap(void) {
  ++SYSTICK_WRAPS;
}

uint64_t thaw_port_ticks(void) {
  uint32_t wraps;
  uint32_t value;
  do {
    wraps = SYSTICK_WRAPS;
    value = SYSTICK_VALUE;
  } while (wraps != SYSTICK_WRAPS);
  return (uint64_t)wraps * systick_span + (systick_span - 1 - value);
}

uint32_t thaw_port_ticks_per_second(void) {
  return THAW_PORT_CLOCK_HZ;
}

uint32_t thaw_port_stack_used(void) {
  const uint32_t* at = thaw_stack_bottom;
  while (at < thaw_stack_top && *at == paint) ++at;
  return (uint32_t)((uintptr_t)thaw_stack_top - (uintptr_t)at);
}

#ifdef __ARM_FP
// Off after reset; an instruction of it would fault. So the start itself uses none.
#define WITHOUT_FLOATS __attribute__((target("general-regs-only")))
WITHOUT_FLOATS static void switch_floats_on(void) {
  COPROCESSOR_ACCESS |= UINT32_C(0xF) << 20;  // full access to coprocessors 10 and 11
  __asm__ volatile("dsb\n\tisb" : : : "memory");
}
#else
#define WITHOUT_FLOATS
static void switch_floats_on(void) {}
#endif

WITHOUT_FLOATS _Noreturn void thaw_start(void) {
  switch_floats_on();
  const uint32_t* here = (const uint32_t*)__builtin_frame_address(0);
  for (uint32_t* at = thaw_stack_bottom; at < here - 16; ++at) *at = paint;
  const uint32_t* from = thaw_data_load;
  for (uint32_t* to = thaw_data_start; to < thaw_data_end; ++to) *to = *from++;
  for (uint32_t* to = thaw_bss_start; to < thaw_bss_end; ++to) *to = 0;
  SYSTICK_WRAPS = 0;
  SYSTICK_RELOAD = systick_span - 1;
  SYSTICK_VALUE = 0;
  SYSTICK_CONTROL = 7;  // processor clock, interrupt, on
  thaw_semihosting_exit(main());
}

// Exceptions 1 to 15: reset, NMI, faults (3 to 7), supervisor call, debug, PendSV, SysTick. No interrupts.
__attribute__((section(".vectors"), used)) static void (*const vectors[15])(void) = {
    thaw_start, fault, fault, fault, fault, fault, fault,     fault,
    fault,      fault, fault, fault, fault, fault, count_wrap};
