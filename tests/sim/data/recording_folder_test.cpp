// Recordings in class folders, and the windows that are cut from them.
#include "sim/data/recording_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/data/sample_shape.h"
#include "sim/data/split_validation.h"
#include "tests/sim/data/make_inputs.h"
#include "tests/support/mutate.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::bytes_of;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TemporaryFolder;

/// `rows` lines "base+i,-i".
std::vector<std::byte> table(int rows, int base) {
  std::string text = "x,y\n";
  for (int i = 0; i < rows; ++i) text += std::to_string(base + i) + "," + std::to_string(-i) + "\n";
  return bytes_of(text);
}

Dataset read(const TemporaryFolder& folder, const WindowRequest& request) {
  return read_dataset(folder.path, {}, request);
}

TEST(RecordingFolder, WindowsFollowEachOtherInTheOrderOfTheFiles) {
  const TemporaryFolder folder;
  folder.write("train/b/1.csv", table(5, 100));
  folder.write("train/a/2.csv", table(4, 0));
  folder.write("test/b/3.csv", table(2, 500));
  const Dataset data = read(folder, {{2, 2}, 0, false});
  EXPECT_EQ(data.format, "csv folder");
  EXPECT_THAT(data.shape, ElementsAre(2, 2));
  EXPECT_THAT(data.class_names, ElementsAre("a", "b"));
  EXPECT_THAT(data.train.values, ElementsAre(0, 0, 1, -1, 2, -2, 3, -3, 100, 0, 101, -1, 102, -2, 103, -3));
  EXPECT_THAT(data.train.labels, ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(data.train.names, ElementsAre("a/2.csv@0", "a/2.csv@2", "b/1.csv@0", "b/1.csv@2"));
  EXPECT_THAT(data.test.values, ElementsAre(500, 0, 501, -1));
  EXPECT_THAT(data.test.labels, ElementsAre(1));
  EXPECT_THAT(data.notes, Contains(HasSubstr("5 windows of 2 rows, one every 2, cut from 3 recordings")));
  EXPECT_THAT(data.notes, Contains(HasSubstr("1 rows at the ends")));
}

TEST(RecordingFolder, AHopBelowTheLengthOverlaps) {
  const TemporaryFolder folder;
  folder.write("train/a/1.csv", table(5, 0));
  EXPECT_THAT(read(folder, {{3, 2, 1}, 1, false}).train.names,
              ElementsAre("a/1.csv@0", "a/1.csv@1", "a/1.csv@2"));
}

TEST(RecordingFolder, ShortRecordingsAreRefusedTogetherOrPadded) {
  const TemporaryFolder folder;
  folder.write("train/a/1.csv", table(3, 0));
  folder.write("train/a/2.csv", table(2, 0));
  folder.write("test/a/3.csv", table(1, 7));
  EXPECT_THAT(error_of([&] {
                read(folder, {{3, 2}, 0, false});
              }),
              AllOf(HasSubstr("2 of 3 CSV files cannot be read: train/a/2.csv, test/a/3.csv"),
                    HasSubstr("has 2 rows, a window has 3"), HasSubstr("--pad")));
  const Dataset data = read(folder, {{3, 2}, 0, true});
  EXPECT_EQ(data.train.count, 2);
  EXPECT_THAT(data.test.values, ElementsAre(7, 0, 7, 0, 7, 0));
  EXPECT_THAT(data.notes, Contains(HasSubstr("2 recordings are shorter than a window")));
}

TEST(RecordingFolder, ColumnsTheModelDoesNotReadAreNamed) {
  const TemporaryFolder folder;
  folder.write("train/a/1.csv", table(6, 0));
  EXPECT_THAT(error_of([&] {
                read(folder, {{2, 3, 1}, 0, false});
              }),
              AllOf(HasSubstr("train/a/1.csv: has 2 columns (x, y), axis 2"),
                    HasSubstr("(2x3, time x channels) is 3")));
  EXPECT_THAT(error_of([&] { read(folder, {{5}, 0, false}); }), HasSubstr("do not divide the 5 numbers"));
  EXPECT_THAT(error_of([&] { read(folder, {{3, 2, 4}, 0, false}); }), HasSubstr("no time x channels"));
  Dataset vector = read(folder, {{4}, 0, false});  // two rows
  EXPECT_EQ(vector.train.count, 3);
  check_sample_shape(vector, {4}, "a", "m.tflite");
  EXPECT_THAT(vector.notes, Contains("samples of 2x2 are read as 4, row by row"));
}

TEST(RecordingFolder, RecordingsThatDifferFromTheFirstAreNamed) {
  const TemporaryFolder folder;
  folder.write("train/a/1.csv", bytes_of("x,y\n1,2\n"));
  folder.write("train/a/2.csv", bytes_of("y,x\n1,2\n"));
  EXPECT_THAT(error_of([&] {
                read(folder, {{2}, 0, false});
              }),
              HasSubstr("2.csv: names its columns otherwise than a/1.csv"));
  folder.write("train/a/2.csv", bytes_of("1,2,3\n"));
  EXPECT_THAT(error_of([&] {
                read(folder, {{2}, 0, false});
              }),
              HasSubstr("2.csv: has 3 columns, a/1.csv has 2"));
  const TemporaryFolder sounds;
  sounds.write("train/a/1.wav", testing::wav_file({1, 2}, 1, 16000));
  sounds.write("train/a/2.wav", testing::wav_file({1, 2}, 1, 8000));
  EXPECT_THAT(error_of([&] {
                read(sounds, {{2}, 0, false});
              }),
              HasSubstr("2.wav: has 8000 values a second, a/1.wav has 16000"));
}

TEST(RecordingFolder, SoundsAreCutLikeTables) {
  const TemporaryFolder folder;
  folder.write("yes/1.WAV", testing::wav_file({16384, 0, -16384, 0, 8192}, 1, 16000));
  folder.write("no/1.wav", testing::wav_file({-32768, 0}, 1, 16000));
  const Dataset data = read(folder, {{1, 2, 1}, 0, false});
  EXPECT_EQ(data.format, "wav folder");
  EXPECT_THAT(data.shape, ElementsAre(2, 1));
  EXPECT_THAT(data.train.values, ElementsAre(-1, 0, 0.5F, 0, -0.5F, 0));
  EXPECT_THAT(data.notes, Contains(HasSubstr("16000 values a second")));
}

TEST(RecordingFolder, ImagesComeFirstThenSounds) {
  const TemporaryFolder folder;
  folder.write("train/a/1.csv", table(3, 0));
  EXPECT_EQ(class_folder_kind(folder.path), FileKind::csv);
  folder.write("train/a/1.wav", testing::wav_file({1}, 1, 8000));
  EXPECT_EQ(class_folder_kind(folder.path), FileKind::wav);
  folder.write("train/b/below/1.png", bytes_of(""));
  EXPECT_EQ(class_folder_kind(folder.path), FileKind::image);
}

TEST(RecordingFolder, AllUnreadableFilesAreNamed) {
  const TemporaryFolder folder;
  folder.write("train/a/1.csv", bytes_of("1,x\n"));
  folder.write("train/a/2.csv", table(3, 0));
  folder.write("test/a/3.csv", bytes_of(""));
  EXPECT_THAT(error_of([&] { read(folder, {}); }),
              HasSubstr("2 of 3 CSV files cannot be read: train/a/1.csv, line 1, column 2, test/a/3.csv"));
}

TEST(RecordingFolder, ACutTestSplitTakesWholeRecordings) {
  const TemporaryFolder folder;
  for (const std::string name : {"a", "b"})
    for (int i = 0; i < 5; ++i)
      folder.write("train/" + name + "/" + std::to_string(i) + ".csv", table(4 + 2 * i, 0));
  Dataset data = read(folder, {{2, 2}, 1, false});
  cut_absent_test_split(data);
  ASSERT_GT(data.test.count, 0);
  EXPECT_THAT(data.test.recordings, AllOf(Contains(data.test.recordings[0]), ::testing::Not(IsEmpty())));
  for (int32_t recording : data.test.recordings)
    EXPECT_THAT(data.train.recordings, Each(::testing::Ne(recording)));
  EXPECT_THAT(data.test.labels, AllOf(Contains(0), Contains(1)));
  EXPECT_THAT(data.notes, Contains(HasSubstr("the recordings of a fifth of every class")));
}

}  // namespace
}  // namespace thaw
