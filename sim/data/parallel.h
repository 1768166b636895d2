// A loop over independent items on all threads whose result and whose error do not depend on the threads.
#pragma once

#include <cstdint>
#include <exception>

namespace thaw {

/// Calls work(i) once for every i in 0..count-1; each call may write only what belongs to item i. Where calls
/// throw, the exception of the smallest i is thrown again after the loop, whatever thread met which first.
template <class Work>
void for_each_parallel(int64_t count, const Work& work) {
  std::exception_ptr first_error;
  int64_t first_index = count;
#pragma omp parallel for schedule(dynamic, 8)
  for (int64_t i = 0; i < count; ++i) {
    try {
      work(i);
    } catch (...) {
#pragma omp critical(thaw_for_each_parallel)
      if (i < first_index) {
        first_index = i;
        first_error = std::current_exception();
      }
    }
  }
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace thaw
