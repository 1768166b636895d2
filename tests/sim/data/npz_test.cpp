// Arrays written by numpy (tests/golden/data) and hand-made headers.
#include "sim/data/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/data/zip.h"
#include "tests/sim/data/make_inputs.h"
#include "tests/sim/data/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::error_of;
using testing::golden_bytes;
using ::testing::HasSubstr;
using testing::npy_file;

Dataset read(const std::string& name, const SampleShape& wanted = {}) {
  return parse_npz(golden_bytes(name), wanted, name);
}

TEST(Npz, Uint8ImagesArePixelsStoredOrDeflated) {
  for (const std::string name : {"pixels.npz", "pixels_compressed.npz"}) {
    const Dataset dataset = read(name);
    EXPECT_EQ(dataset.element_type, ElementType::pixel);
    EXPECT_EQ(dataset.shape, (std::vector<int32_t>{4, 5, 3}));
    EXPECT_EQ(dataset.train.labels, (std::vector<int32_t>{0, 1, 2, 0, 1, 2}));
    EXPECT_EQ(dataset.test.labels, (std::vector<int32_t>{0, 1}));
    ASSERT_EQ(dataset.train.pixels.size(), 360U);
    for (size_t i = 0; i < 360; ++i) ASSERT_EQ(dataset.train.pixels[i], i % 251);
  }
  EXPECT_EQ(read("pixels.npz", {8, 8, 1}).train.pixels.size(), 6U * 64);
}

TEST(Npz, FloatsStayFloats) {
  for (const std::string name : {"floats.npz", "doubles.npz"}) {
    const Dataset dataset = read(name, {2, 5, 1});
    EXPECT_EQ(dataset.element_type, ElementType::float32);
    EXPECT_EQ(dataset.shape, std::vector<int32_t>{10});
    EXPECT_EQ(dataset.train.labels.size(), 6U);
    EXPECT_EQ(dataset.test.count, 0);
    ASSERT_EQ(dataset.train.values.size(), 60U);
    for (int i = 0; i < 60; ++i)
      ASSERT_EQ(dataset.train.values[static_cast<size_t>(i)], static_cast<float>(i * 0.37 - 8)) << name << i;
  }
}

TEST(Npz, IntegersKeepTheirValues) {
  const Dataset bytes = read("int8.npz");
  EXPECT_EQ(bytes.element_type, ElementType::pixel);
  for (size_t i = 0; i < 60; ++i) ASSERT_EQ(bytes.train.pixels[i], i * 4 + 8);  // -120 + 4 i, plus 128
  const Dataset words = read("int16.npz");
  EXPECT_EQ(words.element_type, ElementType::float32);
  for (size_t i = 0; i < 60; ++i) ASSERT_EQ(words.train.values[i], static_cast<float>(i) - 30);
  const Dataset unsigned_words = read("uint16.npz");  // up to 64,900: beyond int16
  for (size_t i = 0; i < 60; ++i) ASSERT_EQ(unsigned_words.train.values[i], static_cast<float>(i) * 1100);
  EXPECT_EQ(unsigned_words.train.labels, (std::vector<int32_t>{0, 1, 2, 0, 1, 2}));
}

TEST(Npz, ShapesThatTheModelCannotTakeAreRefused) {
  EXPECT_THAT(error_of([] {
                read("floats.npz", {3, 3, 1});
              }),
              AllOf(HasSubstr("'x_train'"), HasSubstr("10 elements"), HasSubstr("input 9")));
  EXPECT_THAT(error_of([] { read("fortran.npz"); }), HasSubstr("fortran_order False"));
}

TEST(Npz, EveryTruncationAndEveryDamagedDataByteIsRefused) {
  const auto file = golden_bytes("pixels_compressed.npz");
  for (size_t length = 0; length < file.size(); ++length)
    EXPECT_NE(error_of([&] { parse_npz(std::span(file).first(length), {}, "x"); }), "no error") << length;
  const ZipMember member = list_zip(file, "x")[0];
  const size_t data = member.header_offset + 61;  // behind the local header, name and extra field
  for (size_t at = data; at < data + 40; ++at) {
    auto damaged = file;
    damaged[at] ^= std::byte{0x20};
    EXPECT_THAT(error_of([&] { parse_npz(damaged, {}, "f.npz"); }), HasSubstr("f.npz")) << at;
  }
}

TEST(Npz, MissingAndDoubleArraysAreNamed) {
  auto file = golden_bytes("pixels.npz");
  const auto rename = [&](const std::string& from, const std::string& to) {
    auto renamed = file;
    for (size_t at = 0; at + from.size() <= renamed.size(); ++at)
      if (std::equal(from.begin(), from.end(), renamed.begin() + static_cast<std::ptrdiff_t>(at),
                     [](char c, std::byte b) { return static_cast<std::byte>(c) == b; }))
        for (size_t i = 0; i < to.size(); ++i) renamed[at + i] = static_cast<std::byte>(to[i]);
    return error_of([&] { parse_npz(renamed, {}, "f.npz"); });
  };
  EXPECT_THAT(rename("y_train.npy", "z_train.npy"), HasSubstr("has no array 'y_train'"));
  EXPECT_THAT(rename("x_train.npy", "z_train.npy"), HasSubstr("has no array 'x_train'"));
  EXPECT_THAT(rename("y_test.npy", "z_test.npy"), HasSubstr("has no array 'y_test'"));
  EXPECT_THAT(rename("y_train.npy", "x_train.npy"), HasSubstr("is there twice"));
  EXPECT_THAT(rename("x_test.npy", "z_test.npy"), "no error");
}

TEST(Npy, ReadsWhatNumpyMayWrite) {
  const NpyArray array =
      parse_npy(npy_file("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }   \n", 12), "x");
  EXPECT_EQ(array.type, NpyType::i2);
  EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(array.elements, 6);
  EXPECT_EQ(parse_npy(npy_file("{'shape': (4,), 'fortran_order': False, 'descr': '|u1'}", 4), "x").elements,
            4);
}

TEST(Npy, BadHeadersAreRefused) {
  const auto error = [](const std::string& header, size_t bytes = 4) {
    return error_of([&] { parse_npy(npy_file(header, bytes), "a"); });
  };
  EXPECT_THAT(error("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}"),
              HasSubstr("one of the types"));
  EXPECT_THAT(error("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"), HasSubstr("one of the types"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False}"), HasSubstr("the keys"));
  EXPECT_THAT(error("{'descr': '<f4', 'descr': '<f4', 'shape': (1,)}"), HasSubstr("once"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': ()}"), HasSubstr("an array"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}"), HasSubstr("at least 1"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"), HasSubstr("at least 1"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}"), HasSubstr("')'"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,)}"), HasSubstr("2^31"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}"),
              HasSubstr("8 dimensions"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x"), HasSubstr("nothing after"));
  EXPECT_THAT(error("{'descr': '<f4"), HasSubstr("closing quote"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"), HasSubstr("4 bytes"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 5), HasSubstr("5 bytes"));
  EXPECT_THAT(error("{'descr': '|u1', 'fortran_order': False, 'shape': (2147483647,2147483647,2147483647)}"),
              HasSubstr("does not fit"));
}

}  // namespace
}  // namespace thaw
