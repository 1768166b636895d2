// IDX files, plain and gzip.
#include "sim/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/data/gzip.h"
#include "tests/sim/data/make_inputs.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::error_of;
using testing::gzipped;
using ::testing::HasSubstr;
using testing::idx_file;
using testing::TemporaryFolder;

TEST(Idx, ParsesShapeAndValues) {
  for (const auto& file : {idx_file({2, 3}), gzipped(idx_file({2, 3}))}) {
    const IdxArray array = parse_idx(file, "x");
    EXPECT_EQ(array.shape, (std::vector<int32_t>{2, 3}));
    EXPECT_EQ(array.values, (std::vector<uint8_t>{0, 1, 2, 3, 4, 5}));
  }
}

TEST(Idx, EveryTruncationIsRefused) {
  for (const auto& file : {idx_file({3, 4, 5}), gzipped(idx_file({3, 4, 5}))})
    for (size_t length = 0; length < file.size(); ++length)
      EXPECT_THAT(error_of([&] { parse_idx(std::span(file).first(length), "x"); }), HasSubstr("x")) << length;
}

TEST(Idx, BadHeadersNameTheByte) {
  const auto broken = [](size_t at, int value) {
    auto file = idx_file({2, 3});
    file[at] = static_cast<std::byte>(value);
    return error_of([&] { parse_idx(file, "f"); });
  };
  EXPECT_THAT(broken(0, 1), HasSubstr("f, byte 0"));
  EXPECT_THAT(broken(2, 13), AllOf(HasSubstr("f, byte 2"), HasSubstr("element type 13")));
  EXPECT_THAT(broken(3, 0), AllOf(HasSubstr("f, byte 3"), HasSubstr("rank 0")));
  EXPECT_THAT(broken(3, 9), HasSubstr("expected 1 to 4"));
  EXPECT_THAT(broken(4, 0x80), HasSubstr("f, byte 4"));
  EXPECT_THAT(broken(7, 1), AllOf(HasSubstr("byte 12"), HasSubstr("6 elements"), HasSubstr("ask for 3")));
  EXPECT_THAT(broken(11, 0), HasSubstr("byte 8"));
  EXPECT_THAT(broken(8, 0xFF), HasSubstr("does not fit"));
}

TEST(Idx, SeveralGzipMembersAreOneFileAndDamageIsFound) {
  const auto whole = idx_file({2, 3});
  auto file = gzipped({whole.begin(), whole.begin() + 7});
  const auto second = gzipped({whole.begin() + 7, whole.end()});
  file.insert(file.end(), second.begin(), second.end());
  EXPECT_EQ(parse_idx(file, "x").values.size(), 6U);
  file[file.size() - 6] ^= std::byte{1};  // in the CRC
  EXPECT_THAT(error_of([&] { parse_idx(file, "f.gz"); }),
              AllOf(HasSubstr("f.gz, byte"), HasSubstr("damaged")));
}

TEST(Idx, DecompressionHasACeiling) {
  const auto bomb = gzipped(std::vector<std::byte>(1'000'000));
  EXPECT_THAT(error_of([&] { inflate_gzip(bomb, 1000, "bomb.gz"); }),
              AllOf(HasSubstr("bomb.gz"), HasSubstr("more than the 1000 bytes")));
  EXPECT_EQ(inflate_gzip(bomb, 1'000'000, "bomb.gz").size(), 1'000'000U);
}

TEST(Idx, FolderOfPairs) {
  const TemporaryFolder folder;
  folder.write("train-images-idx3-ubyte.gz", gzipped(idx_file({6, 4, 5})));
  folder.write("train-labels-idx1-ubyte.gz", gzipped(idx_file({6}, 3)));
  EXPECT_EQ(read_idx(folder.path, {}).test.count, 0);
  folder.write("t10k-images-idx3-ubyte", idx_file({2, 4, 5}));
  EXPECT_THAT(error_of([&] { read_idx(folder.path, {}); }), HasSubstr("only one of the test"));
  folder.write("t10k-labels-idx1-ubyte", idx_file({2}));
  const Dataset dataset = read_idx(folder.path, {});
  EXPECT_EQ(dataset.shape, (std::vector<int32_t>{4, 5, 1}));
  EXPECT_EQ(dataset.train.labels, (std::vector<int32_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(dataset.test.count, 2);
  EXPECT_EQ(dataset.train.pixels[21], 21);
  EXPECT_EQ(read_idx(folder.path, {8, 10, 3}).train.pixels.size(), 6U * 8 * 10 * 3);
}

TEST(Idx, PairsThatDoNotBelongTogetherAreRefused) {
  const TemporaryFolder folder;
  folder.write("train-images", idx_file({6, 4, 5}));
  EXPECT_THAT(error_of([&] { read_idx(folder.path, {}); }), HasSubstr("needs both"));
  folder.write("train-labels", idx_file({5}));
  EXPECT_THAT(error_of([&] { read_idx(folder.path, {}); }), HasSubstr("dimension of 6 labels"));
  folder.write("train-labels", idx_file({6}));
  folder.write("test-images", idx_file({6, 5, 4}));
  folder.write("test-labels", idx_file({6}));
  EXPECT_THAT(error_of([&] { read_idx(folder.path, {}); }), HasSubstr("another shape"));
  folder.write("train-images", idx_file({6, 4}));
  EXPECT_THAT(error_of([&] { read_idx(folder.path, {}); }), HasSubstr("rank 2"));
}

}  // namespace
}  // namespace thaw
