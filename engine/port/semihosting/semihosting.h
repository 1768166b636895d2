// Arm semihosting: files, text and the exit status of the machine that runs the emulator or the debugger.
#pragma once

#include <stdint.h>

/// Writes a text ending in 0.
void thaw_semihosting_print(const char* text);

/// Writes a name, the value as eight hexadecimal digits and a line break.
void thaw_semihosting_print_hex(const char* name, uint32_t value);

/// Ends the program; the emulator exits with `status`.
_Noreturn void thaw_semihosting_exit(int32_t status);
