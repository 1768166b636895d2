// Loops over independent items on several threads whose result and whose error do not depend on the threads.
// Every parallel loop of Thaw is one of these: an exception that left an OpenMP region or a thread would end
// the program.
#pragma once

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>

namespace thaw {

/// More threads than this are never started, whatever was asked for.
inline constexpr int32_t kMostThreads = 1024;

/// The threads that a loop over `count` items runs on when `wanted` are asked for: never more than items, at
/// least one. 0 asks for as many as OpenMP has.
inline int32_t threads_for(int64_t count, int32_t wanted) {
  const int32_t most = std::min(wanted > 0 ? wanted : omp_get_max_threads(), kMostThreads);
  return static_cast<int32_t>(std::clamp<int64_t>(count, 1, std::max(1, most)));
}

/// Calls work(state, i) once for every i in 0..count-1 on threads_for(count, threads) threads. `state` is
/// what start(thread) gave, thread = 0, 1, ..., once for each thread that meets an item; calls may write only
/// it and what belongs to item i. Where calls throw, items behind are left out and the exception of the
/// smallest i is thrown again after the loop, whatever thread met which first.
template <class Start, class Work>
void for_each_parallel(int64_t count, int32_t threads, const Start& start, const Work& work) {
  std::exception_ptr first_error;
  std::atomic<int64_t> first_index = count;
  std::mutex error_lock;
#pragma omp parallel num_threads(threads_for(count, threads))
  {
    std::optional<decltype(start(0))> state;
#pragma omp for schedule(dynamic, 1)
    for (int64_t i = 0; i < count; ++i) {
      if (i > first_index) continue;
      try {
        if (!state) state.emplace(start(omp_get_thread_num()));
        work(*state, i);
      } catch (...) {
        const std::lock_guard lock(error_lock);
        if (i < first_index) {
          first_index = i;
          first_error = std::current_exception();
        }
      }
    }
  }
  if (first_error) std::rethrow_exception(first_error);
}

/// The same for work(i) that needs no state.
template <class Work>
void for_each_parallel(int64_t count, int32_t threads, const Work& work) {
  struct None {};
  for_each_parallel(
      count, threads, [](int32_t) { return None(); }, [&](None&, int64_t i) { work(i); });
}

/// The same on as many threads as OpenMP has.
template <class Work>
void for_each_parallel(int64_t count, const Work& work) {
  for_each_parallel(count, 0, work);
}

}  // namespace thaw
