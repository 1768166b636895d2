# Compiles every kernel and every kernel header alone as freestanding C11, warnings as errors, and checks that
# none includes more than the three headers that a bare compiler has.
cmake_minimum_required(VERSION 3.22)
file(GLOB sources ${ROOT}/engine/kernels/*.c ${ROOT}/engine/kernels/dsp/*.c
  ${ROOT}/engine/kernels/helium/*.c)
file(GLOB headers ${ROOT}/engine/kernels/*.h ${ROOT}/engine/kernels/dsp/*.h
  ${ROOT}/engine/kernels/helium/*.h)
if(NOT sources OR NOT headers)
  message(FATAL_ERROR "no kernels found in ${ROOT}/engine/kernels")
endif()

set(allowed "<stdint.h>" "<stddef.h>" "<stdbool.h>")
foreach(file ${sources} ${headers})
  file(STRINGS ${file} includes REGEX "^#include <")
  foreach(line ${includes})
    string(REPLACE "#include " "" name "${line}")
    # The compiler's own header of Helium, which exists where its instructions do.
    if(NOT name IN_LIST allowed AND NOT (name STREQUAL "<arm_mve.h>" AND file MATCHES "/helium\\.h$"))
      message(FATAL_ERROR "${file} includes ${name}; a device has only ${allowed}")
    endif()
  endforeach()
endforeach()

# A header is compiled through a source that includes it alone.
set(units ${sources})
foreach(header ${headers})
  get_filename_component(name ${header} NAME)
  file(RELATIVE_PATH path ${ROOT} ${header})
  file(WRITE ${OUTPUT}/freestanding/${name}.c "#include \"${path}\"\n")
  list(APPEND units ${OUTPUT}/freestanding/${name}.c)
endforeach()

foreach(unit ${units})
  execute_process(
    COMMAND ${COMPILER} -std=c11 -ffreestanding -O2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
      -I${ROOT} -c ${unit} -o ${OUTPUT}/freestanding/unit.o
    RESULT_VARIABLE failed ERROR_VARIABLE messages)
  if(failed)
    message(FATAL_ERROR "${unit} does not compile freestanding:\n${messages}")
  endif()
endforeach()
list(LENGTH sources kernels)
message(STATUS "${kernels} kernels compile freestanding")
