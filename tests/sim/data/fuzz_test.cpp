// Damaged files of every format, each reader for THAW_FUZZ_SECONDS (1 by default): it must return or throw
// thaw::Error. Run it with THAW_SANITIZE=ON to catch what a release build would forgive.
#include <gtest/gtest.h>

#include "sim/data/cifar.h"
#include "sim/data/idx.h"
#include "sim/data/image.h"
#include "sim/data/npz.h"
#include "tests/fuzz/mutate.h"
#include "tests/sim/data/make_inputs.h"
#include "tests/sim/data/temporary_folder.h"

namespace thaw {
namespace {

using testing::Bytes;
using testing::expect_both_outcomes;
using testing::fuzz;
using testing::golden_bytes;

TEST(DataFuzz, Cifar) {
  expect_both_outcomes(fuzz({testing::cifar_records(2)}, [](std::span<const std::byte> file) {
    Split split;
    append_cifar_records(file, 10, "fuzzed", split);
    ASSERT_EQ(split.pixels.size(), static_cast<size_t>(split.count) * 3072);
  }));
}

TEST(DataFuzz, Idx) {
  const Bytes plain = testing::idx_file({6, 4, 5});
  expect_both_outcomes(fuzz({plain, testing::idx_file({9}), testing::gzipped(plain)},
                            [](std::span<const std::byte> file) { parse_idx(file, "fuzzed"); }));
}

TEST(DataFuzz, Jpeg) {
  std::vector<Bytes> inputs;
  for (const char* name : {"rgb_420.jpg", "rgb_422.jpg", "progressive.jpg", "grey.jpg", "oriented.jpg"})
    inputs.push_back(golden_bytes(name));
  expect_both_outcomes(fuzz(inputs, [](std::span<const std::byte> file) { decode_jpeg(file, "fuzzed"); }));
}

TEST(DataFuzz, Png) {
  std::vector<Bytes> inputs;
  for (const char* name : {"rgb.png", "rgba.png", "grey_1.png", "grey_4.png", "rgb_16.png", "grey_alpha.png",
                           "interlaced.png", "palette_transparent.png", "gamma.png"})
    inputs.push_back(golden_bytes(name));
  expect_both_outcomes(fuzz(inputs, [](std::span<const std::byte> file) {
    decode_png(testing::with_right_checksums(file), "fuzzed");
  }));
}

TEST(DataFuzz, Npz) {
  std::vector<Bytes> inputs;
  for (const char* name : {"pixels.npz", "pixels_compressed.npz", "floats.npz", "doubles.npz", "int16.npz"})
    inputs.push_back(golden_bytes(name));
  expect_both_outcomes(fuzz(inputs, [](std::span<const std::byte> file) { parse_npz(file, {}, "fuzzed"); }));
}

TEST(DataFuzz, Npy) {
  const Bytes array =
      testing::npy_file("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }   \n", 12);
  expect_both_outcomes(fuzz({array}, [](std::span<const std::byte> file) { parse_npy(file, "fuzzed"); }));
}

}  // namespace
}  // namespace thaw
