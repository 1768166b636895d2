// Tables of numbers as people have them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/data/recording.h"
#include "tests/support/mutate.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using testing::bytes_of;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Recording read(const std::string& text) {
  return parse_csv(bytes_of(text), "a.csv");
}

TEST(Csv, AColumnIsAChannelWhateverSeparatesThem) {
  for (const std::string text : {"1,2\n3,4.5\n", "1;2\r\n3;4,5\r\n", "1\t2\r3\t4,5", "  1   2 \n 3  4.5\n",
                                 "\xEF\xBB\xBF"
                                 "1, 2\n\n3,\"4.5\"",
                                 "# x y\n1,+2\n#\n3e0,45e-1\n"}) {
    const Recording recording = read(text);
    EXPECT_EQ(recording.channels, 2) << text;
    EXPECT_EQ(recording.rows(), 2) << text;
    EXPECT_THAT(recording.values, ElementsAre(1, 2, 3, 4.5F)) << text;
    EXPECT_THAT(recording.names, IsEmpty()) << text;
  }
}

TEST(Csv, NamesInTheFirstLineAreTheChannels) {
  const Recording recording = read("x, \"y\"\n1,2\n");
  EXPECT_THAT(recording.names, ElementsAre("x", "y"));
  EXPECT_THAT(recording.values, ElementsAre(1, 2));
}

TEST(Csv, AFirstColumnThatCountsTimeIsLeftOut) {
  for (const std::string name : {"time", "Timestamp", "t", "index", "", "time_ms"}) {
    const Recording recording = read(name + ",x\n10,2\n20,3\n");
    EXPECT_EQ(recording.channels, 1) << name;
    EXPECT_THAT(recording.values, ElementsAre(2, 3)) << name;
    EXPECT_EQ(recording.left_out, name.empty() ? "(no name)" : name);
  }
  EXPECT_THAT(read("temperature,x\n1,2\n").values, ElementsAre(1, 2));
  EXPECT_THAT(read("time\n1\n").values, ElementsAre(1));  // there is nothing else
}

TEST(Csv, ATimeColumnMayHoldWhatIsNoNumber) {
  EXPECT_THAT(read("timestamp,x\n2024-01-01 10:00,2\n").values, ElementsAre(2));
}

TEST(Csv, WhatIsNoNumberIsNamedByLineAndColumn) {
  EXPECT_THAT(error_of([] { read("x,y\n\n1,2\n1,oops\n"); }),
              HasSubstr("a.csv, line 4, column 2: 'oops' is no number"));
  EXPECT_THAT(error_of([] { read("1,nan\n"); }), HasSubstr("line 1, column 2: 'nan'"));
  EXPECT_THAT(error_of([] { read("1,1e39\n"); }), HasSubstr("line 1, column 2: '1e39'"));
  EXPECT_THAT(error_of([] { read("1,2\n3,\n"); }), HasSubstr("line 2, column 2: ''"));
  EXPECT_THAT(error_of([] { read("1,x\n"); }), HasSubstr("line 1, column 2: 'x'"));
}

TEST(Csv, LinesOfAnotherLengthAndEmptyFilesAreRefused) {
  EXPECT_THAT(error_of([] { read("1,2\n3\n"); }), HasSubstr("line 2: has 1 columns, line 1 has 2"));
  for (const std::string text : {"", "\n\n", "x,y\n", "# only\n"})
    EXPECT_THAT(error_of([&] { read(text); }), HasSubstr("holds no line of numbers"));
}

}  // namespace
}  // namespace thaw
