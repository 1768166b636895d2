// See semihosting.h, and "Semihosting for AArch32 and AArch64" by Arm for the numbers, which RISC-V shares.
#include "engine/port/semihosting/semihosting.h"

#include <stdbool.h>

#include "engine/port/common/port.h"

enum {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE0 = 0x04,
  SYS_WRITE = 0x05,
  SYS_READ = 0x06,
  SYS_EXIT_EXTENDED = 0x20,
  APPLICATION_EXIT = 0x20026,
  MODE_READ_BINARY = 1,
  MODE_WRITE_BINARY = 5
};

#ifdef __riscv
// Three instructions in a row, not compressed and on one page, are a call ("RISC-V Semihosting", version
// 0.3).
__attribute__((noinline, aligned(16))) static int32_t call(uint32_t operation, const void* argument) {
  register uint32_t a0 __asm__("a0") = operation;
  register const void* a1 __asm__("a1") = argument;
  __asm__ volatile(
      ".option push\n\t"
      ".option norvc\n\t"
      ".balign 16\n\t"
      "slli x0, x0, 0x1f\n\t"
      "ebreak\n\t"
      "srai x0, x0, 7\n\t"
      ".option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return (int32_t)a0;
}
#else
static int32_t call(uint32_t operation, const void* argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return (int32_t)r0;
}
#endif

static uint32_t length_of(const char* text) {
  uint32_t length = 0;
  while (text[length] != 0) ++length;
  return length;
}

int32_t thaw_port_open(const char* name, bool write) {
  const uint32_t block[3] = {(uint32_t)name, write ? MODE_WRITE_BINARY : MODE_READ_BINARY, length_of(name)};
  return call(SYS_OPEN, block);
}

// Both return the number of bytes that were not transferred.
bool thaw_port_read(int32_t file, void* bytes, uint32_t count) {
  const uint32_t block[3] = {(uint32_t)file, (uint32_t)bytes, count};
  return call(SYS_READ, block) == 0;
}

bool thaw_port_write(int32_t file, const void* bytes, uint32_t count) {
  const uint32_t block[3] = {(uint32_t)file, (uint32_t)bytes, count};
  return call(SYS_WRITE, block) == 0;
}

void thaw_port_close(int32_t file) {
  const uint32_t block[1] = {(uint32_t)file};
  call(SYS_CLOSE, block);
}

void thaw_semihosting_print(const char* text) {
  call(SYS_WRITE0, text);
}

void thaw_semihosting_print_hex(const char* name, uint32_t value) {
  char digits[10];
  for (int32_t i = 0; i < 8; ++i) digits[i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 15];
  digits[8] = '\n';
  digits[9] = 0;
  thaw_semihosting_print(name);
  thaw_semihosting_print(digits);
}

void thaw_port_print(const char* text) {
  thaw_semihosting_print(text);
}

_Noreturn void thaw_semihosting_exit(int32_t status) {
  const uint32_t block[2] = {APPLICATION_EXIT, (uint32_t)status};
  for (;;) call(SYS_EXIT_EXTENDED, block);
}
