// Seeded mutation of valid inputs, for the fuzz tests of every reader: each round damages one valid input in
// a few places and hands it to the reader, which must either accept it or throw thaw::Error. Nothing is left
// to chance or time but the number of rounds, so a failing round is found again by its printed number.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sim/base/error.h"

namespace thaw::testing {

using Bytes = std::vector<std::byte>;

/// The bytes of a text, for readers of text formats and for hand-made inputs.
inline Bytes bytes_of(const std::string& text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return Bytes(begin, begin + text.size());
}

/// Damages byte strings; the same seed and input always give the same damage.
class Mutator {
 public:
  explicit Mutator(uint64_t seed) : state_(seed) {}

  /// One to six random edits of `input`: bit flips, random bytes, integer extremes of 1, 2, 4 or 8 bytes
  /// (either byte order), small steps of one byte, truncation, and blocks copied, removed, repeated or
  /// zeroed.
  Bytes operator()(std::span<const std::byte> input) {
    Bytes bytes(input.begin(), input.end());
    const uint64_t edits = 1 + below(6);
    for (uint64_t i = 0; i < edits; ++i) edit(bytes);
    return bytes;
  }

  /// A number in 0..limit-1 (0 where limit is 0).
  uint64_t below(uint64_t limit) { return limit == 0 ? 0 : next() % limit; }

 private:
  // SplitMix64 (Steele, Lea, Flood 2014): enough for fuzzing, and the same everywhere.
  uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  // Headers sit at the two ends of most formats, so half of all edits fall into the first or last 256 bytes.
  size_t place(const Bytes& bytes) {
    const uint64_t size = bytes.size();
    const uint64_t edge = std::min<uint64_t>(size, 256);
    switch (below(4)) {
      case 0:
        return static_cast<size_t>(below(edge));
      case 1:
        return static_cast<size_t>(size - 1 - below(edge));
      default:
        return static_cast<size_t>(below(size));
    }
  }

  void write_extreme(Bytes& bytes, size_t at) {
    static constexpr uint64_t kExtremes[] = {0,
                                             1,
                                             2,
                                             0x7F,
                                             0x80,
                                             0xFF,
                                             0x7FFF,
                                             0x8000,
                                             0xFFFF,
                                             0x10000,
                                             0x7FFFFFFF,
                                             0x80000000,
                                             0xFFFFFFFF,
                                             0x100000000,
                                             0x7FFFFFFFFFFFFFFF,
                                             0x8000000000000000,
                                             0xFFFFFFFFFFFFFFFF};
    uint64_t value = kExtremes[below(std::size(kExtremes))];
    if (below(4) == 0) value = bytes.size() + below(9) - 4;  // near the size of the file
    const size_t width = size_t{1} << below(4);
    const bool big_endian = below(2) == 1;
    for (size_t i = 0; i < width && at + i < bytes.size(); ++i) {
      const size_t shift = 8 * (big_endian ? width - 1 - i : i);
      bytes[at + i] = static_cast<std::byte>((value >> shift) & 0xFF);
    }
  }

  void edit(Bytes& bytes) {
    if (bytes.empty()) {
      bytes.push_back(static_cast<std::byte>(below(256)));
      return;
    }
    const size_t at = place(bytes);
    const auto offset = static_cast<std::ptrdiff_t>(at);
    const size_t length = 1 + static_cast<size_t>(below(std::min<uint64_t>(64, bytes.size() - at)));
    switch (below(12)) {
      case 0:
      case 1:
        bytes[at] ^= static_cast<std::byte>(1U << below(8));
        break;
      case 2:
        bytes[at] = static_cast<std::byte>(below(256));
        break;
      case 3:
        bytes[at] = static_cast<std::byte>(std::to_integer<uint64_t>(bytes[at]) + below(9) + 252);
        break;
      case 4:
      case 5:
      case 6:
        write_extreme(bytes, at);
        break;
      case 7:
        bytes.resize(at);
        break;
      case 8: {  // one block over another
        const size_t from = place(bytes);
        const size_t count = std::min({length, bytes.size() - from, bytes.size() - at});
        const Bytes block(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                          bytes.begin() + static_cast<std::ptrdiff_t>(from + count));
        std::copy(block.begin(), block.end(), bytes.begin() + offset);
        break;
      }
      case 9:
        bytes.erase(bytes.begin() + offset, bytes.begin() + offset + static_cast<std::ptrdiff_t>(length));
        break;
      case 10: {
        const Bytes block(bytes.begin() + offset,
                          bytes.begin() + offset + static_cast<std::ptrdiff_t>(length));
        bytes.insert(bytes.begin() + offset, block.begin(), block.end());
        break;
      }
      default:
        std::fill_n(bytes.begin() + offset, length, std::byte{0});
    }
  }

  uint64_t state_;
};

/// Seconds that each fuzz test may take: the environment variable THAW_FUZZ_SECONDS, by default 1.
inline double fuzz_seconds() {
  const char* text = std::getenv("THAW_FUZZ_SECONDS");
  return text == nullptr ? 1.0 : std::strtod(text, nullptr);
}

/// What became of the rounds of one fuzz test.
struct FuzzCount {
  int64_t rounds = 0;
  int64_t accepted = 0;  // the rest were refused with thaw::Error
};

/// Feeds damaged copies of `inputs` (not empty) to `read` for fuzz_seconds(), and at least 200 rounds. `read`
/// must return or throw thaw::Error; any other exception fails the test with the number of the round. Memory
/// errors are for the sanitizers to find: run it with THAW_SANITIZE=ON.
inline FuzzCount fuzz(const std::vector<Bytes>& inputs,
                      const std::function<void(std::span<const std::byte>)>& read) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(fuzz_seconds());
  FuzzCount count;
  while (count.rounds < 200 || Clock::now() < end) {
    const auto round = static_cast<uint64_t>(count.rounds++);
    Mutator mutate(round + 1);
    const Bytes damaged = mutate(inputs[mutate.below(inputs.size())]);
    try {
      read(damaged);
      ++count.accepted;
    } catch (const Error&) {
      // The promised refusal.
    } catch (const std::exception& e) {
      ADD_FAILURE() << "round " << round
                    << " of the fuzz test ended in an exception that is no thaw::Error: " << e.what();
      return count;
    }
  }
  return count;
}

/// A fuzz test is worth something only where some damaged inputs still pass and some do not.
inline void expect_both_outcomes(const FuzzCount& count) {
  EXPECT_GE(count.rounds, 200);
  EXPECT_LT(count.accepted, count.rounds) << "no damaged input was refused";
  EXPECT_GT(count.accepted, 0) << "every damaged input was refused: is the undamaged one valid?";
}

}  // namespace thaw::testing
