// Arrays written by numpy and hand-made headers.
#include "sim/data/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/numpy_files.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::error_of;
using testing::golden_bytes;
using ::testing::HasSubstr;
using testing::npy_file;

TEST(Npy, FortranOrderBecomesCOrderOnAllAxes) {
  const NpyArray array = parse_npy(golden_bytes("fortran_grid.npy"), "x");
  EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3, 4}));
  for (int64_t i = 0; i < 24; ++i) EXPECT_EQ(float_element(array, i), static_cast<float>(i));
}

TEST(Npy, IntegersAreExactOrNothing) {
  // Bytes 0, 1, 2, ... as big-endian 16-bit numbers.
  const NpyArray words =
      parse_npy(npy_file("{'descr': '>u2', 'fortran_order': False, 'shape': (2,)}", 4), "x");
  EXPECT_EQ(float_element(words, 1), 0x0203);
  const NpyArray longs =
      parse_npy(npy_file("{'descr': '<u8', 'fortran_order': False, 'shape': (1,)}", 8), "x");
  EXPECT_EQ(float_element(longs, 0), std::nullopt);
  EXPECT_EQ(real_element(longs, 0), static_cast<double>(0x0706050403020100ULL));
}

TEST(Npy, TextIsUtf8WithoutTheZerosThatFillIt) {
  NpyArray text;
  text.type = {NpyKind::unicode, 12};
  text.elements = 2;
  text.shape = {2};
  const uint32_t codes[] = {'a', 0x1F600, 0, 0xD800, 0x110000, 0xFFFFFFFF};
  text.values.assign(reinterpret_cast<const std::byte*>(codes),
                     reinterpret_cast<const std::byte*>(codes + 6));
  EXPECT_EQ(text_element(text, 0), "a\xF0\x9F\x98\x80");
  EXPECT_EQ(text_element(text, 1), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // no characters: U+FFFD
  EXPECT_EQ(float_element(text, 0), std::nullopt);
}

TEST(Npy, ReadsWhatNumpyMayWrite) {
  const NpyArray array =
      parse_npy(npy_file("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }   \n", 12), "x");
  EXPECT_EQ(array.type, (NpyType{NpyKind::signed_integer, 2}));
  EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(array.elements, 6);
  EXPECT_EQ(parse_npy(npy_file("{'shape': (4,), 'fortran_order': False, 'descr': '|u1'}", 4), "x").elements,
            4);
}

TEST(Npy, BadHeadersAreRefused) {
  const auto error = [](const std::string& header, size_t bytes = 4) {
    return error_of([&] { parse_npy(npy_file(header, bytes), "a"); });
  };
  for (const std::string type :
       {"|O", "<c8", "<f16", "<M8[ns]", "|V4", "<i3", "<U0", "<U999999999", "f4", "<f", ""})
    EXPECT_THAT(error("{'descr': '" + type + "', 'fortran_order': False, 'shape': (1,)}"),
                AllOf(HasSubstr("found '" + type + "'"), HasSubstr("x.astype('float32')")))
        << type;
  EXPECT_THAT(error("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"),
              HasSubstr("structured"));
  EXPECT_THAT(error("{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}"), HasSubstr("True or False"));
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
