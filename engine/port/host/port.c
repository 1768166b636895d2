// The test program's board on the machine that compiles: standard files, no instruction count.
#include "engine/port/common/port.h"

#include <stdio.h>

enum { MOST_FILES = 4 };

static FILE* files[MOST_FILES];
static int32_t file_count;

int32_t thaw_port_open(const char* name, bool write) {
  if (file_count == MOST_FILES) return -1;
  files[file_count] = fopen(name, write ? "wb" : "rb");
  return files[file_count] ? file_count++ : -1;
}

bool thaw_port_read(int32_t file, void* bytes, uint32_t count) {
  return fread(bytes, 1, count, files[file]) == count;
}

bool thaw_port_write(int32_t file, const void* bytes, uint32_t count) {
  return fwrite(bytes, 1, count, files[file]) == count;
}

void thaw_port_close(int32_t file) {
  fclose(files[file]);
}

uint64_t thaw_port_ticks(void) {
  return 0;
}

uint32_t thaw_port_ticks_per_second(void) {
  return 0;
}

uint32_t thaw_port_stack_used(void) {
  return 0;
}

void thaw_port_print(const char* text) {
  fputs(text, stderr);
}
