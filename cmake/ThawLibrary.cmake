# thaw_library(NAME dep...): one static library from every .cpp of the current folder.
function(thaw_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:thaw_options> PUBLIC thaw_interface ${ARGN})
    target_compile_features(${name} PUBLIC cxx_std_20)
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE thaw_interface ${ARGN})
  endif()
endfunction()

# thaw_as_one(NAME...): under the sanitizers, in a build that nobody edits in, ten files of each target are compiled as one,
# so that the headers that they share are read once: two fifths less to compile (docs/decisions/011-time-of-the-tests.md).
# For folders in which no two files have their own thing of the same name; a new one of them fails to compile there.
function(thaw_as_one)
  if(THAW_SANITIZE)
    set_target_properties(${ARGN} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 10)
  endif()
endfunction()

# thaw_light(NAME header...): a target that reads, prints and steers, so that compiling it soon is worth more than
# running it fast. The named library headers are precompiled, unless there is a compiler cache: it finds what another
# checkout compiled, but nothing that was compiled with a precompiled header.
function(thaw_light name)
  if(NOT THAW_SANITIZE)
    target_compile_options(${name} PRIVATE -O1)
  endif()
  if(ARGN AND NOT CCACHE_PROGRAM)
    target_precompile_headers(${name} PRIVATE ${ARGN})
  endif()
endfunction()

# thaw_test(NAME dep...): one GoogleTest program from every *_test.cpp of the current folder.
# Tests named with "Slow" in their suite get the label "slow"; all run by default in tools/test. Slow tests use all cores
# themselves and run alone, unless the folder sets THAW_SLOW_TESTS_SHARE_CORES.
function(thaw_test name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE thaw_options GTest::gmock_main thaw_test_folders ${ARGN})
  thaw_light(${name} <gmock/gmock.h> <gtest/gtest.h>)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 TEST_PREFIX "${THAW_TEST_PREFIX}" TEST_FILTER "-*Slow*.*")
  set(alone TRUE)
  if(THAW_SLOW_TESTS_SHARE_CORES)
    set(alone FALSE)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 TEST_PREFIX "${THAW_TEST_PREFIX}" TEST_FILTER "*Slow*.*"
    PROPERTIES LABELS slow TIMEOUT 3600 RUN_SERIAL ${alone})
endfunction()
