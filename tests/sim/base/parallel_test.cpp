// The one parallel loop: every item once, errors by order of the items, no more threads than work.
#include "sim/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace thaw {
namespace {

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

TEST(ForEachParallel, CallsEveryItemOnce) {
  for (int32_t threads : {0, 1, 2, 7, 100000}) {
    std::vector<int> calls(1000, 0);
    for_each_parallel(1000, threads, [&](int64_t i) { ++calls[static_cast<size_t>(i)]; });
    EXPECT_EQ(calls, std::vector<int>(1000, 1)) << threads;
  }
  for_each_parallel(0, 4, [&](int64_t) { FAIL(); });
}

TEST(ForEachParallel, ThrowsTheErrorOfTheFirstItemWhateverTheThreads) {
  for (int32_t threads : {1, 2, 5})
    for (int repetition = 0; repetition < 20; ++repetition)
      EXPECT_EQ(message_of([&] {
                  for_each_parallel(100, threads, [&](int64_t i) {
                    if (i == 3) std::this_thread::yield();  // later items may fail first
                    if (i >= 3 && i % 2 == 1) throw std::runtime_error(std::to_string(i));
                  });
                }),
                "3")
          << threads;
}

TEST(ForEachParallel, ItemsBehindAnErrorAreLeftOut) {
  std::atomic<int> called = 0;
  EXPECT_THROW(for_each_parallel(100000, 2,
                                 [&](int64_t) {
                                   ++called;
                                   throw std::runtime_error("full");
                                 }),
               std::runtime_error);
  EXPECT_LE(called, 2);
}

TEST(ForEachParallel, AnErrorOfAThreadsStartIsThrownToo) {
  EXPECT_EQ(message_of([] {
              for_each_parallel(
                  10, 4, [](int32_t) -> int { throw std::runtime_error("no memory"); }, [](int&, int64_t) {});
            }),
            "no memory");
}

TEST(ForEachParallel, EachThreadHasItsOwnState) {
  std::atomic<int> started = 0;
  std::vector<int> of_thread(50, -1);
  for_each_parallel(
      50, 3,
      [&](int32_t thread) {
        ++started;
        return std::vector<int>(1, thread);
      },
      [&](std::vector<int>& state, int64_t i) { of_thread[static_cast<size_t>(i)] = state[0]; });
  const std::set<int> used(of_thread.begin(), of_thread.end());
  EXPECT_EQ(started, static_cast<int>(used.size()));
  EXPECT_GE(*used.begin(), 0);
  EXPECT_LT(*used.rbegin(), 3);
}

TEST(ForEachParallel, StartsNoMoreThreadsThanItems) {
  EXPECT_EQ(threads_for(3, 100000), 3);
  EXPECT_EQ(threads_for(0, 100000), 1);
  EXPECT_EQ(threads_for(int64_t{1} << 40, 100000), kMostThreads);
  EXPECT_GE(threads_for(1000, 0), 1);
}

}  // namespace
}  // namespace thaw
