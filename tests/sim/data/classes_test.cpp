// Labels that a classifier can be trained on, and those that can only be a mistake.
#include "sim/data/classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Dataset labelled(std::vector<int32_t> train, std::vector<int32_t> test, int32_t classes) {
  Dataset data;
  for (int32_t c = 0; c < classes; ++c) data.class_names.push_back(std::to_string(c));
  data.train.count = static_cast<int64_t>(train.size());
  data.train.labels = std::move(train);
  data.test.count = static_cast<int64_t>(test.size());
  data.test.labels = std::move(test);
  return data;
}

std::vector<std::string> warnings(Dataset data) {
  check_trainable_classes(data, "d");
  return data.warnings;
}

std::string error(Dataset data) {
  return testing::error_of([&] { check_trainable_classes(data, "d.npz"); });
}

TEST(TrainableClasses, EveryClassWithASampleNeedsNoWords) {
  EXPECT_THAT(warnings(labelled({0, 1, 2, 0}, {0}, 3)), IsEmpty());
  std::vector<int32_t> most;
  for (int32_t c = 0; c < 255; ++c) most.push_back(c);
  EXPECT_THAT(warnings(labelled(most, {}, 255)), IsEmpty());
}

TEST(TrainableClasses, LabelsFromOneAndGapsAreWarnedOf) {
  EXPECT_THAT(warnings(labelled({1, 2, 3}, {}, 4)),
              ElementsAre(AllOf(HasSubstr("begin at 1"), HasSubstr("y - 1"))));
  EXPECT_THAT(warnings(labelled({0, 25, 50}, {0}, 51)),
              ElementsAre(HasSubstr("48 of the 51 classes have no training sample: 1 to 24, 26 to 49.")));
  EXPECT_THAT(warnings(labelled({0, 2, 4, 6, 8, 10, 12, 14, 17}, {}, 18)),
              ElementsAre(HasSubstr("9 of the 18 classes have no training sample: 1, 3, 5, 7, 9, 11, ....")));
}

TEST(TrainableClasses, OneClassIsRefused) {
  EXPECT_THAT(
      error(labelled({0, 0, 0}, {0}, 1)),
      AllOf(HasSubstr("d.npz: all 3 training samples are of class 0"), HasSubstr("cannot be learnt")));
  Dataset named = labelled({1, 1}, {0}, 2);
  named.class_names = {"cat", "dog"};
  EXPECT_THAT(error(named), HasSubstr("class 1 'dog'"));
}

TEST(TrainableClasses, MoreThan255AreRefusedByThatNumber) {
  std::vector<int32_t> labels;
  for (int32_t c = 0; c < 256; ++c) labels.push_back(c);
  EXPECT_THAT(error(labelled(labels, {}, 256)),
              AllOf(HasSubstr("256 classes, more than the 255"), ::testing::Not(HasSubstr("--classes"))));
}

TEST(TrainableClasses, ClassesOfTheTestSplitAloneAreRefused) {
  EXPECT_THAT(error(labelled({0, 1, 2}, {0, 3, 4}, 5)),
              HasSubstr("test samples have the classes 3, 4, training samples have not"));
}

}  // namespace
}  // namespace thaw
