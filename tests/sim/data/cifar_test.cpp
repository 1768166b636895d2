// CIFAR-10 binary files.
#include "sim/data/cifar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/data/make_inputs.h"
#include "tests/support/mutate.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::cifar_records;
using testing::error_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

TEST(Cifar, PlanesBecomeInterleavedPixels) {
  Split split;
  append_cifar_records(cifar_records(2), 10, "x", split);
  EXPECT_EQ(split.count, 2);
  EXPECT_EQ(split.labels, (std::vector<int32_t>{0, 1}));
  ASSERT_EQ(split.pixels.size(), 2U * 3072);
  EXPECT_EQ(std::vector<uint8_t>(split.pixels.begin(), split.pixels.begin() + 6),
            (std::vector<uint8_t>{255, 1, 2, 0, 1, 2}));
  EXPECT_EQ(std::vector<uint8_t>(split.pixels.begin() + 3072, split.pixels.begin() + 3078),
            (std::vector<uint8_t>{255, 11, 12, 10, 11, 12}));
}

TEST(Cifar, FolderWithNamesAndBatchesInOrder) {
  const TemporaryFolder folder;
  folder.write("data_batch_2.bin", cifar_records(3));
  folder.write("data_batch_1.bin", cifar_records(1));
  folder.write("test_batch.bin", cifar_records(2));
  folder.write("batches.meta.txt", testing::bytes_of("cat\r\ndog\nship\n\n"));
  const Dataset dataset = read_cifar(folder.path, {});
  EXPECT_EQ(dataset.train.labels, (std::vector<int32_t>{0, 0, 1, 2}));
  EXPECT_EQ(dataset.test.count, 2);
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"cat", "dog", "ship"}));
  EXPECT_EQ(dataset.shape, (std::vector<int32_t>{32, 32, 3}));
  EXPECT_TRUE(dataset.notes.empty());
}

TEST(Cifar, ResizingAndGreyAreNoted) {
  const TemporaryFolder folder;
  folder.write("data_batch_1.bin", cifar_records(2));
  const Dataset dataset = read_cifar(folder.path, {16, 20, 1});
  EXPECT_EQ(dataset.shape, (std::vector<int32_t>{16, 20, 1}));
  EXPECT_EQ(dataset.train.pixels.size(), 2U * 16 * 20);
  EXPECT_EQ(dataset.class_names.size(), 10U);
  EXPECT_THAT(dataset.notes, ::testing::ElementsAre(HasSubstr("32x32 -> 16x20"), HasSubstr("grey")));
}

TEST(Cifar, BadFilesNameTheByte) {
  Split split;
  auto file = cifar_records(2);
  EXPECT_THAT(error_of([&] { append_cifar_records(std::span(file).first(3074), 10, "f", split); }),
              AllOf(HasSubstr("f: "), HasSubstr("3074 bytes")));
  EXPECT_THAT(error_of([&] { append_cifar_records({}, 10, "f", split); }), HasSubstr("0 bytes"));
  EXPECT_THAT(error_of([&] { append_cifar_records(file, 1, "f", split); }),
              AllOf(HasSubstr("byte 3073"), HasSubstr("expected 0 to 0")));
}

TEST(Cifar, AnEmptyClassFileIsRefused) {
  const TemporaryFolder folder;
  folder.write("data_batch_1.bin", cifar_records(1));
  folder.write("batches.meta.txt", testing::bytes_of("\n\n"));
  EXPECT_THAT(error_of([&] { read_cifar(folder.path, {}); }), HasSubstr("no class name"));
}

}  // namespace
}  // namespace thaw
