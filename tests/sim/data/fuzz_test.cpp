// Damaged files of every format, each reader for THAW_FUZZ_SECONDS (1 by default): it must return or throw
// thaw::Error. Run it with THAW_SANITIZE=ON to catch what a release build would forgive.
#include <gtest/gtest.h>

#include "sim/data/cifar.h"
#include "sim/data/idx.h"
#include "sim/data/image.h"
#include "sim/data/npy.h"
#include "sim/data/npz.h"
#include "sim/data/npz_labels.h"
#include "sim/data/orientation.h"
#include "sim/data/recording.h"
#include "tests/sim/data/make_inputs.h"
#include "tests/support/mutate.h"
#include "tests/support/numpy_files.h"
#include "tests/support/temporary_folder.h"

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
  for (const char* name :
       {"rgb_420.jpg", "rgb_422.jpg", "progressive.jpg", "grey.jpg", "oriented.jpg", "orientation_5.jpg"})
    inputs.push_back(golden_bytes(name));
  expect_both_outcomes(fuzz(inputs, [](std::span<const std::byte> file) { decode_jpeg(file, "fuzzed"); }));
}

TEST(DataFuzz, Png) {
  std::vector<Bytes> inputs;
  for (const char* name : {"rgb.png", "rgba.png", "grey_1.png", "grey_4.png", "rgb_16.png", "grey_alpha.png",
                           "interlaced.png", "palette_transparent.png", "gamma.png", "orientation_8.png"})
    inputs.push_back(golden_bytes(name));
  expect_both_outcomes(fuzz(inputs, [](std::span<const std::byte> file) {
    decode_png(testing::with_right_checksums(file), "fuzzed");
  }));
}

TEST(DataFuzz, Npz) {
  std::vector<Bytes> inputs;
  for (const char* name :
       {"pixels.npz", "pixels_compressed.npz", "floats.npz", "doubles.npz", "int16.npz", "fortran.npz"})
    inputs.push_back(golden_bytes(name));
  expect_both_outcomes(fuzz(inputs, [](std::span<const std::byte> file) { parse_npz(file, {}, "fuzzed"); }));
}

TEST(DataFuzz, Npy) {
  std::vector<Bytes> inputs;
  for (const char* type : {"<i2", ">U3", "|S12", "<f2", ">f4"})
    for (const char* order : {"False", "True"})
      inputs.push_back(testing::npy_file(
          std::string("{'descr': '") + type + "', 'fortran_order': " + order + ", 'shape': (2, 3), }   \n",
          type[1] == 'U' || type[1] == 'S' ? 72
          : type[2] == '4'                 ? 24
                                           : 12));
  expect_both_outcomes(fuzz(inputs, [](std::span<const std::byte> file) {
    const NpyArray array = parse_npy(file, "fuzzed");
    for (int64_t i = 0; i < array.elements; ++i) {
      if (array.type.is_text()) text_element(array, i);
      float_element(array, i);
    }
  }));
}

TEST(DataFuzz, NpzLabels) {
  const auto labels = [](const std::string& type, const std::string& shape, size_t bytes) {
    return testing::npy_file("{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + "}",
                             bytes);
  };
  const std::vector<Bytes> inputs = {labels("|u1", "(3,)", 3), labels("<U2", "(3,)", 24),
                                     labels("|S4", "(3, 1)", 12), labels("|u1", "(3, 1)", 3)};
  expect_both_outcomes(fuzz(inputs, [](std::span<const std::byte> file) {
    const NamedArray train{parse_npy(file, "fuzzed"), "fuzzed"};
    const NpzLabels read = npz_labels(train, 3, train, 3, std::nullopt);
    ASSERT_EQ(read.train, read.test);
    for (int32_t label : read.train) {
      ASSERT_TRUE(read.class_names.empty() || static_cast<size_t>(label) < read.class_names.size());
    }
  }));
}

TEST(DataFuzz, Csv) {
  const std::vector<Bytes> inputs = {
      testing::bytes_of("time,x,y\n0,1.5,-2\n1,0.25,3e2\n"), testing::bytes_of("1;2,5;3\r\n4;5;6,25\r\n"),
      testing::bytes_of("# a\n1 2 3\n4 5 6\n"), testing::bytes_of("\"x\"\t\"y\"\n1\t2\n3\t4\n")};
  expect_both_outcomes(fuzz(inputs, [](std::span<const std::byte> file) {
    const Recording recording = parse_csv(file, "fuzzed");
    ASSERT_GT(recording.rows(), 0);
    ASSERT_EQ(recording.rows() * recording.channels, static_cast<int64_t>(recording.values.size()));
  }));
}

TEST(DataFuzz, Wav) {
  const std::vector<Bytes> inputs = {testing::wav_file({1, -2, 300, -32768, 5, 6}, 1, 16000),
                                     testing::wav_file({1, -2, 300, -32768, 5, 6}, 2, 8000)};
  expect_both_outcomes(fuzz(inputs, [](std::span<const std::byte> file) {
    const Recording recording = parse_wav(file, "fuzzed");
    ASSERT_EQ(recording.channels, 1);
    ASSERT_GT(recording.rows(), 0);
  }));
}

TEST(DataFuzz, ExifOrientation) {
  const Bytes jpeg = golden_bytes("orientation_5.jpg");
  const Bytes exif(jpeg.begin() + 30, jpeg.begin() + 30 + 40);
  const Bytes little =
      testing::bytes_of(std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22));
  int64_t turned = 0;
  const auto count = fuzz({little, exif}, [&](std::span<const std::byte> file) {
    const int32_t orientation = exif_orientation(file);
    ASSERT_GE(orientation, 1);
    ASSERT_LE(orientation, 8);
    turned += orientation == 6 ? 1 : 0;
  });
  EXPECT_EQ(count.accepted, count.rounds);
  EXPECT_GT(turned, 0);
}

}  // namespace
}  // namespace thaw
