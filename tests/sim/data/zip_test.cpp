// Archives that are not read, by their reasons; npz_test.cpp reads those that numpy wrote.
#include "sim/data/zip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/numpy_files.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::error_of;
using testing::golden_bytes;
using ::testing::HasSubstr;

TEST(Zip, MembersHaveTheOrderOfTheDirectory) {
  const std::vector<std::byte> first(3, std::byte{1}), second(70'000, std::byte{2});
  const std::vector<std::byte> file = testing::zip_file({{"z.npy", first}, {"a.npy", second}, {"empty", {}}});
  ASSERT_TRUE(is_zip(file));
  const ZipArchive archive(file, "f.npz");
  EXPECT_EQ(archive.names(), (std::vector<std::string>{"z.npy", "a.npy", "empty"}));
  EXPECT_EQ(archive.read(1), second);
  EXPECT_EQ(archive.read(0), first);
  EXPECT_TRUE(archive.read(2).empty());
}

TEST(Zip, WhatIsNoArchiveIsRefusedByItsName) {
  EXPECT_FALSE(is_zip({}));
  const std::vector<std::byte> file(200);
  EXPECT_FALSE(is_zip(file));
  EXPECT_THAT(error_of([&] { ZipArchive(file, "f.npz"); }),
              AllOf(HasSubstr("f.npz"), HasSubstr("cannot be unpacked")));
}

TEST(Zip, AnEncryptedMemberIsRefusedByItsName) {
  const std::vector<std::byte> file = testing::zip_file({{"x.npy", std::vector<std::byte>(9)}}, "a password");
  EXPECT_THAT(error_of([&] { ZipArchive(file, "f.npz").read(0); }),
              HasSubstr("f.npz, member 'x.npy': is encrypted"));
}

/// The message of reading the first member after its directory entry says `size` bytes, little-endian.
std::string error_with_size(std::vector<std::byte> file, std::array<uint8_t, 4> size) {
  const std::array<std::byte, 4> signature = {std::byte{'P'}, std::byte{'K'}, std::byte{1}, std::byte{2}};
  const auto entry = std::search(file.begin(), file.end(), signature.begin(), signature.end());
  for (size_t i = 0; i < size.size(); ++i)
    entry[static_cast<std::ptrdiff_t>(24 + i)] = static_cast<std::byte>(size[i]);
  return error_of([&] { ZipArchive(file, "f.npz").read(0); });
}

TEST(Zip, ASizeThatTheArchiveCannotGiveIsRefusedBeforeItIsAskedFor) {
  for (const char* name : {"pixels.npz", "pixels_compressed.npz"}) {
    EXPECT_THAT(error_with_size(golden_bytes(name), {0xFE, 0xFF, 0xFF, 0x3F}), HasSubstr("too many"));
    EXPECT_THAT(error_with_size(golden_bytes(name), {1, 0, 0, 0}), HasSubstr("more bytes than"));
  }
}

}  // namespace
}  // namespace thaw
