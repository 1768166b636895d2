// Archives written by numpy (tests/golden/data).
#include "sim/data/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::error_of;
using testing::golden_bytes;
using ::testing::HasSubstr;

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

// The files hold 0 to 59 (bool: 0, then 1) and the labels 0, 1, 2, 0, 1, 2 (bool: 0, 1, 1, ...) in every
// type.
TEST(Npz, EveryTypeOfNumberInEitherByteOrder) {
  int files = 0;
  for (const std::string type : {"bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32",
                                 "int64", "float16", "float32", "float64"})
    for (const std::string order : {"little", "big"}) {
      const std::string name = "type_" + type + "_" + order + ".npz";
      if (!std::filesystem::exists(testing::golden_folder() / "data" / name)) continue;
      ++files;
      const Dataset dataset = read(name);
      EXPECT_EQ(dataset.train.labels, type == "bool" ? (std::vector<int32_t>{0, 1, 1, 0, 1, 1})
                                                     : (std::vector<int32_t>{0, 1, 2, 0, 1, 2}))
          << name;
      for (size_t i = 0; i < 60; ++i) {
        if (type == "uint8")
          ASSERT_EQ(dataset.train.pixels[i], i);
        else if (type == "int8")
          ASSERT_EQ(dataset.train.pixels[i], i + 128);
        else
          ASSERT_EQ(dataset.train.values[i],
                    type == "bool" ? std::min<float>(static_cast<float>(i), 1) : static_cast<float>(i))
              << name;
      }
    }
  EXPECT_EQ(files, 21);
  EXPECT_EQ(read("halves.npz").train.values,
            (std::vector<float>{0.0F, -0.0F, 1.0F, -2.5F, 65504.0F, 0x1p-24F, 0x1p-14F, 0.333251953125F}));
}

TEST(Npz, FortranOrderIsReadAsTheSameArray) {
  EXPECT_EQ(read("fortran.npz").train.pixels, read("pixels.npz").train.pixels);
}

TEST(Npz, TextLabelsAreClassesInAlphabeticalOrder) {
  // zebra, baer (with an umlaut), ape, zebra, ...
  for (const std::string name : {"text_labels.npz", "big_text_labels.npz"}) {
    const Dataset dataset = read(name);
    EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"ape", "b\xC3\xA4r", "zebra"})) << name;
    EXPECT_EQ(dataset.train.labels, (std::vector<int32_t>{2, 1, 0, 2, 1, 0})) << name;
  }
  EXPECT_EQ(read("text_labels.npz").test.labels, (std::vector<int32_t>{2, 1}));
  const Dataset bytes = read("byte_labels.npz");
  EXPECT_EQ(bytes.class_names, (std::vector<std::string>{"x", "yy", "z"}));
  EXPECT_EQ(bytes.train.labels, (std::vector<int32_t>{2, 1, 0, 2, 1, 0}));
}

TEST(Npz, ClassNamesNameAndOrderTheClasses) {
  const Dataset numbers = read("class_names.npz");
  EXPECT_EQ(numbers.class_names, (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(numbers.train.labels, (std::vector<int32_t>{0, 1, 2, 0, 1, 2}));
  const Dataset texts = read("class_names_order.npz");
  EXPECT_EQ(texts.class_names, (std::vector<std::string>{"zebra", "b\xC3\xA4r", "ape"}));
  EXPECT_EQ(texts.train.labels, (std::vector<int32_t>{0, 1, 2, 0, 1, 2}));
}

TEST(Npz, OneHotRowsAreLabels) {
  const Dataset dataset = read("one_hot.npz");
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"0", "1", "2", "3"}));  // no sample of 3
  EXPECT_EQ(dataset.train.labels, (std::vector<int32_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(dataset.test.labels, (std::vector<int32_t>{0, 1}));
}

TEST(Npz, ValidationArraysStandInForAbsentTestArraysAndNamesMayBeginWithCapitals) {
  const Dataset dataset = read("validation.npz");
  EXPECT_EQ(dataset.test.labels, (std::vector<int32_t>{0, 1}));
  EXPECT_THAT(dataset.notes, ::testing::Contains("x_val is read as the test split: there is no x_test"));
}

TEST(Npz, SamplesThatAreNoImagesKeepTheirShape) {
  EXPECT_EQ(read("pixels.npz", {4, 5, 3}).shape, (std::vector<int32_t>{4, 5, 3}));
  EXPECT_EQ(read("floats.npz", {3, 3, 1}).shape, std::vector<int32_t>{10});
}

TEST(Npz, EveryTruncationAndEveryDamagedDataByteIsRefused) {
  const auto file = golden_bytes("pixels_compressed.npz");
  for (size_t length = 0; length < file.size(); ++length)
    EXPECT_NE(error_of([&] { parse_npz(std::span(file).first(length), {}, "x"); }), "no error") << length;
  const size_t data = 61;  // behind the first member's local header, name and extra field
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
  EXPECT_THAT(rename("y_train.npy", "z_train.npy"),
              AllOf(HasSubstr("has no array 'y_train'"), HasSubstr("it holds x_train.npy, z_train.npy")));
  EXPECT_THAT(rename("x_train.npy", "z_train.npy"), HasSubstr("has no array 'x_train'"));
  EXPECT_THAT(rename("y_test.npy", "z_test.npy"), HasSubstr("has no array 'y_test'"));
  EXPECT_THAT(rename("y_train.npy", "x_train.npy"), HasSubstr("is there twice"));
  EXPECT_THAT(rename("x_test.npy", "z_test.npy"), "no error");
}

}  // namespace
}  // namespace thaw
