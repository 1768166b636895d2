// Photographs in class folders.
#include "sim/data/image_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/data/image.h"
#include "tests/support/mutate.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::bytes_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using testing::golden_bytes;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

TEST(ImageFolder, SortsByClassThenNameInByteOrder) {
  const TemporaryFolder folder;
  for (const std::string name : {"b/2.png", "b/10.PNG", "a/z.png", "B/x.png"})
    folder.write("train/" + name, golden_bytes("rgb.png"));
  folder.write("test/a/1.jpeg", golden_bytes("rgb_420.jpg"));
  const Dataset dataset = read_image_folder(folder.path, {8, 8, 3});
  EXPECT_THAT(dataset.class_names, ElementsAre("B", "a", "b"));
  EXPECT_THAT(dataset.train.names, ElementsAre("B/x.png", "a/z.png", "b/10.PNG", "b/2.png"));
  EXPECT_THAT(dataset.train.labels, ElementsAre(0, 1, 2, 2));
  EXPECT_THAT(dataset.test.names, ElementsAre("a/1.jpeg"));
  EXPECT_THAT(dataset.test.labels, ElementsAre(1));
  EXPECT_EQ(dataset.train.pixels.size(), 4U * 192);
  EXPECT_THAT(dataset.notes, Contains("test/B: absent"));
}

TEST(ImageFolder, KeepsSizesWhereAllAgree) {
  const TemporaryFolder folder;
  folder.write("train/a/1.png", golden_bytes("rgb.png"));
  folder.write("train/a/2.png", golden_bytes("grey_4.png"));
  const Dataset dataset = read_image_folder(folder.path, {});
  EXPECT_THAT(dataset.shape, ElementsAre(13, 18, 3));
  const Image image = decode_image(golden_bytes("rgb.png"), "x");
  EXPECT_EQ(std::vector<uint8_t>(dataset.train.pixels.begin(), dataset.train.pixels.begin() + 702),
            image.pixels);
}

TEST(ImageFolder, OtherFilesAndEmptyClassesAreNoted) {
  const TemporaryFolder folder;
  folder.write("train/a/1.png", golden_bytes("rgb.png"));
  folder.write("train/a/notes.txt", bytes_of("hello"));
  folder.write("train/empty/readme", bytes_of("hello"));
  folder.write("train/stray.png", golden_bytes("rgb.png"));
  const Dataset dataset = read_image_folder(folder.path, {8, 8, 1});
  EXPECT_THAT(dataset.class_names, ElementsAre("a"));
  EXPECT_THAT(dataset.notes, Contains("train/a: left out 1 files that are no images"));
  EXPECT_THAT(dataset.notes, Contains("train/empty: left out, it holds no image"));
}

TEST(ImageFolder, AllBadFilesAreNamedInOrderTheFirstTenAtLeast) {
  const TemporaryFolder folder;
  folder.write("train/a/1.png", golden_bytes("rgb.png"));
  folder.write("train/a/2.jpg", bytes_of("nothing"));
  EXPECT_THAT(error_of([&] {
                read_image_folder(folder.path, {8, 8, 3});
              }),
              AllOf(HasSubstr("a/2.jpg"), HasSubstr("neither a JPEG nor a PNG")));
  for (int i = 3; i < 9; ++i) folder.write("train/a/" + std::to_string(i) + ".jpg", bytes_of("nothing"));
  folder.write("test/a/1.png", bytes_of("nothing"));
  for (int repeat = 0; repeat < 5; ++repeat)
    EXPECT_THAT(error_of([&] { read_image_folder(folder.path, {}); }),
                AllOf(HasSubstr("8 of 9 images cannot be read: train/a/2.jpg, train/a/3.jpg, "),
                      HasSubstr("train/a/8.jpg, test/a/1.png. The first is neither a JPEG nor a PNG")));
  for (int i = 2; i < 7; ++i) folder.write("test/a/" + std::to_string(i) + ".png", bytes_of("nothing"));
  EXPECT_THAT(error_of([&] {
                read_image_folder(folder.path, {8, 8, 3});
              }),
              AllOf(HasSubstr("13 of 14 images"), HasSubstr("test/a/3.png and 3 more")));
}

TEST(ImageFolder, HiddenFilesAndFoldersAreLeftOutWithANote) {
  const TemporaryFolder folder;
  for (const std::string name : {"train/a/1.png", "train/a/._1.png", "train/.git/2.png",
                                 "train/__MACOSX/3.png", "train/a/.thumbs/4.png"})
    folder.write(name, golden_bytes("rgb.png"));
  folder.write("train/a/Thumbs.db", bytes_of("x"));
  folder.write("train/a/desktop.ini", bytes_of("x"));
  const Dataset dataset = read_image_folder(folder.path, {8, 8, 3});
  EXPECT_THAT(dataset.train.names, ElementsAre("a/1.png"));
  EXPECT_THAT(dataset.class_names, ElementsAre("a"));
  EXPECT_THAT(dataset.notes, Contains("left out 6 hidden files and folders, the first is train/.git"));
}

TEST(ImageFolder, SubfoldersBelongToTheirClass) {
  const TemporaryFolder folder;
  for (const std::string name :
       {"train/a/9.png", "train/a/day2/1.png", "train/a/day2/late/2.png", "train/b/x/1.png"})
    folder.write(name, golden_bytes("rgb.png"));
  std::filesystem::create_directory_symlink("..", folder.path / "train" / "a" / "loop");
  const Dataset dataset = read_image_folder(folder.path, {8, 8, 3});
  EXPECT_THAT(dataset.train.names, ElementsAre("a/9.png", "a/day2/1.png", "a/day2/late/2.png", "b/x/1.png"));
  EXPECT_THAT(dataset.train.labels, ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(dataset.notes, Contains("train/a: 2 images in its subfolders are read too"));
  EXPECT_THAT(dataset.notes, Contains(HasSubstr("train/a: left out 1 folders that are links")));
}

TEST(ImageFolder, SplitsMayBeWrittenInCapitalsAndValidationStandsInForTest) {
  const TemporaryFolder folder;
  folder.write("Train/a/1.png", golden_bytes("rgb.png"));
  folder.write("Valid/a/2.png", golden_bytes("rgb.png"));
  const Dataset validated = read_image_folder(folder.path, {8, 8, 3});
  EXPECT_THAT(validated.test.names, ElementsAre("a/2.png"));
  EXPECT_THAT(validated.notes, Contains("Valid is read as the test split: there is no folder test"));
  folder.write("TEST/a/3.png", golden_bytes("rgb.png"));
  const Dataset tested = read_image_folder(folder.path, {8, 8, 3});
  EXPECT_THAT(tested.test.names, ElementsAre("a/3.png"));
  EXPECT_THAT(tested.notes, Contains(HasSubstr("Valid is not read")));
  folder.write("training/a/1.png", golden_bytes("rgb.png"));
  EXPECT_THAT(error_of([&] {
                read_image_folder(folder.path, {8, 8, 3});
              }),
              HasSubstr("holds both 'Train' and 'training'"));
}

TEST(ImageFolder, ClassFoldersAloneAreTrainingData) {
  const TemporaryFolder folder;
  for (const std::string name : {"b/1.png", "a/1.png", "a/2.png", "stray.png", ".cache/1.png"})
    folder.write(name, golden_bytes("rgb.png"));
  folder.write("notes/readme", bytes_of("hello"));
  const Dataset dataset = read_image_folder(folder.path, {8, 8, 3});
  EXPECT_THAT(dataset.train.names, ElementsAre("a/1.png", "a/2.png", "b/1.png"));
  EXPECT_EQ(dataset.test.count, 0);
  EXPECT_THAT(dataset.notes,
              AllOf(Contains("there is no folder train: the folders of the data are the classes, 2 in all"),
                    Contains("notes: left out, it holds no image"),
                    Contains("the folder: left out 1 images that lie in no class folder")));
}

TEST(ImageFolder, ATestSplitAloneIsRefused) {
  const TemporaryFolder folder;
  folder.write("test/a/1.png", golden_bytes("rgb.png"));
  EXPECT_THAT(error_of([&] {
                read_image_folder(folder.path, {8, 8, 3});
              }),
              AllOf(HasSubstr("holds the folder 'test'"), HasSubstr("train/CLASS/")));
}

TEST(ImageFolder, NoImagesAndUnknownTestClassesAreRefused) {
  const TemporaryFolder folder;
  folder.write("train/a/readme", bytes_of("hello"));
  EXPECT_THAT(error_of([&] { read_image_folder(folder.path, {8, 8, 3}); }), HasSubstr("holds no image"));
  folder.write("train/a/1.png", golden_bytes("rgb.png"));
  folder.write("test/b/1.png", golden_bytes("rgb.png"));
  EXPECT_THAT(error_of([&] {
                read_image_folder(folder.path, {8, 8, 3});
              }),
              HasSubstr("class without training images"));
  std::filesystem::remove_all(folder.path / "test");
  folder.write("test/A/1.png", golden_bytes("rgb.png"));
  EXPECT_THAT(error_of([&] {
                read_image_folder(folder.path, {8, 8, 3});
              }),
              HasSubstr("The training images have 'a': name both folders alike"));
}

TEST(ImageFolder, DifferentSizesNeedAWantedSize) {
  const TemporaryFolder folder;
  folder.write("train/a/1.jpg", golden_bytes("grey.jpg"));
  auto lower = golden_bytes("grey.jpg");  // 13 x 18; 12 rows need the same blocks, so only the header changes
  for (size_t at = 0; at + 6 < lower.size(); ++at)
    if (lower[at] == std::byte{0xFF} && lower[at + 1] == std::byte{0xC0}) lower[at + 6] = std::byte{12};
  folder.write("train/a/2.jpg", lower);
  EXPECT_THAT(error_of([&] { read_image_folder(folder.path, {}); }),
              AllOf(HasSubstr("a/2.jpg"), HasSubstr("12x18"), HasSubstr("13x18")));
  EXPECT_THAT(error_of([&] { read_image_folder(folder.path, {0, 8, 3}); }), HasSubstr("a/2.jpg"));
  EXPECT_EQ(read_image_folder(folder.path, {8, 8, 0}).train.count, 2);
}

}  // namespace
}  // namespace thaw
