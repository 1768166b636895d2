// Stratified validation splits.
#include "sim/data/split_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

/// `labels` with two pixels a sample that name it.
Split split_of(std::vector<int32_t> labels) {
  Split split;
  split.count = static_cast<int64_t>(labels.size());
  split.labels = std::move(labels);
  for (int64_t i = 0; i < split.count; ++i) {
    split.pixels.push_back(static_cast<uint8_t>(i));
    split.pixels.push_back(static_cast<uint8_t>(255 - i));
    split.names.push_back(std::to_string(i));
  }
  return split;
}

int64_t of_class(const Split& split, int32_t label) {
  return std::count(split.labels.begin(), split.labels.end(), label);
}

std::vector<int32_t> repeat(std::initializer_list<std::pair<int, int32_t>> runs) {
  std::vector<int32_t> labels;
  for (auto [count, label] : runs) labels.insert(labels.end(), static_cast<size_t>(count), label);
  return labels;
}

TEST(SplitValidation, TakesEachClassItsShare) {
  const Split all = split_of(repeat({{40, 0}, {20, 1}, {40, 0}, {60, 2}}));
  const ValidationSplit cut = split_validation(all, 0.1, 7);
  EXPECT_EQ(cut.validation.count, 16);
  EXPECT_EQ(of_class(cut.validation, 0), 8);
  EXPECT_EQ(of_class(cut.validation, 1), 2);
  EXPECT_EQ(of_class(cut.validation, 2), 6);
}

TEST(SplitValidation, RemaindersGoToTheLargestThenTheLowestLabel) {
  // 5 of 14: shares 25/14 = 1 + 11/14, 25/14, 20/14 = 1 + 6/14. One more each for the first two.
  const ValidationSplit cut = split_validation(split_of(repeat({{5, 0}, {5, 1}, {4, 2}})), 5.0 / 14, 1);
  EXPECT_EQ(of_class(cut.validation, 0), 2);
  EXPECT_EQ(of_class(cut.validation, 1), 2);
  EXPECT_EQ(of_class(cut.validation, 2), 1);
}

TEST(SplitValidation, IsAPartitionThatKeepsOrderAndContent) {
  const Split all = split_of(repeat({{30, 0}, {30, 1}, {30, 0}}));
  const ValidationSplit cut = split_validation(all, 0.3, 3);
  std::vector<int64_t> ids = cut.train_ids;
  ids.insert(ids.end(), cut.validation_ids.begin(), cut.validation_ids.end());
  std::sort(ids.begin(), ids.end());
  for (int64_t i = 0; i < 90; ++i) ASSERT_EQ(ids[static_cast<size_t>(i)], i);
  for (const auto& [part, part_ids] :
       {std::pair{&cut.train, &cut.train_ids}, {&cut.validation, &cut.validation_ids}}) {
    EXPECT_TRUE(std::is_sorted(part_ids->begin(), part_ids->end()));
    for (size_t i = 0; i < part_ids->size(); ++i) {
      const auto id = static_cast<size_t>((*part_ids)[i]);
      EXPECT_EQ(part->pixels[2 * i], all.pixels[2 * id]);
      EXPECT_EQ(part->pixels[2 * i + 1], all.pixels[2 * id + 1]);
      EXPECT_EQ(part->labels[i], all.labels[id]);
      EXPECT_EQ(part->names[i], all.names[id]);
    }
  }
}

TEST(SplitValidation, DependsOnTheSeedAlone) {
  const Split all = split_of(repeat({{100, 0}, {100, 1}}));
  EXPECT_EQ(split_validation(all, 0.2, 5).validation_ids, split_validation(all, 0.2, 5).validation_ids);
  EXPECT_NE(split_validation(all, 0.2, 5).validation_ids, split_validation(all, 0.2, 6).validation_ids);
}

TEST(SplitValidation, EveryClassKeepsATrainingSample) {
  const ValidationSplit cut = split_validation(split_of(repeat({{10, 0}, {1, 1}, {2, 2}})), 0.9, 0);
  for (int32_t label : {0, 1, 2}) EXPECT_GE(of_class(cut.train, label), 1);
}

TEST(SplitValidation, RefusesEmptyPartsAndSenselessFractions) {
  const Split all = split_of({0, 0, 1, 1});
  for (double fraction : {0.0, 1.0, -0.5, 2.0})
    EXPECT_THAT(testing::error_of([&] { split_validation(all, fraction, 0); }),
                ::testing::HasSubstr("expected a number between 0 and 1"));
  EXPECT_THAT(testing::error_of([&] { split_validation(all, 0.01, 0); }), ::testing::HasSubstr("empty"));
  EXPECT_THAT(testing::error_of([&] {
                split_validation(split_of({0, 1}), 0.5, 0);
              }),
              ::testing::HasSubstr("empty"));
}

TEST(CutAbsentTestSplit, AFifthOfEveryClassAlwaysTheSame) {
  Dataset data;
  data.train = split_of(repeat({{40, 0}, {20, 1}}));
  cut_absent_test_split(data);
  EXPECT_EQ(data.test.count, 12);
  EXPECT_EQ(of_class(data.test, 0), 8);
  EXPECT_EQ(of_class(data.train, 0), 32);
  EXPECT_THAT(data.notes, ::testing::ElementsAre(::testing::HasSubstr("12 of the 60 training samples")));
  Dataset again;
  again.train = split_of(repeat({{40, 0}, {20, 1}}));
  cut_absent_test_split(again);
  EXPECT_EQ(again.test.names, data.test.names);
  EXPECT_NE(data.test.names, split_validation(split_of(repeat({{40, 0}, {20, 1}})), 0.2, 0).validation.names)
      << "numbers of their own";
}

TEST(CutAbsentTestSplit, LeavesATestSplitAloneAndSaysWhereItCannotCut) {
  Dataset data;
  data.train = split_of({0, 0, 1, 1});
  data.test = split_of({0});
  cut_absent_test_split(data);
  EXPECT_EQ(data.train.count, 4);
  EXPECT_EQ(data.test.count, 1);
  Dataset single;
  single.train = split_of({0, 1, 2});
  cut_absent_test_split(single);
  EXPECT_EQ(single.test.count, 0);
  EXPECT_EQ(single.train.count, 3);
  EXPECT_THAT(single.notes, ::testing::ElementsAre(::testing::HasSubstr("too few")));
}

}  // namespace
}  // namespace thaw
