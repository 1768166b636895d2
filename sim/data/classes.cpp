// Counts the training samples of every class, then judges.
#include "sim/data/classes.h"

#include <algorithm>
#include <vector>

#include "sim/base/class_limit.h"
#include "sim/base/error.h"

namespace thaw {
namespace {

std::vector<int64_t> samples_of_classes(const Split& split, size_t classes) {
  std::vector<int64_t> counts(classes, 0);
  for (int32_t label : split.labels) ++counts[static_cast<size_t>(label)];
  return counts;
}

/// "3", or "3 'cat'" where the class has a name of its own.
std::string class_text(const Dataset& data, size_t label) {
  const std::string number = std::to_string(label);
  return data.class_names[label] == number ? number : number + " '" + data.class_names[label] + "'";
}

/// "1 to 24, 26 to 49": runs of the labels, which ascend; at most six runs.
std::string runs_text(const Dataset& data, const std::vector<size_t>& labels) {
  constexpr int kMostRuns = 6;
  std::string text;
  int runs = 0;
  for (size_t i = 0; i < labels.size();) {
    size_t last = i;
    while (last + 1 < labels.size() && labels[last + 1] == labels[last] + 1) ++last;
    if (++runs > kMostRuns) return text + ", ...";
    if (!text.empty()) text += ", ";
    text += class_text(data, labels[i]);
    if (last > i) text += (last == i + 1 ? ", " : " to ") + class_text(data, labels[last]);
    i = last + 1;
  }
  return text;
}

void warn_of_empty_classes(Dataset& data, const std::vector<size_t>& empty) {
  const size_t classes = data.class_names.size();
  if (empty.empty()) return;
  if (empty == std::vector<size_t>{0} && data.class_names[0] == "0") {
    data.warnings.emplace_back(
        "labels begin at 1: class 0 has no sample, and the classifier gets an output that is never right. "
        "Number "
        "the classes from 0 (y - 1)");
    return;
  }
  data.warnings.push_back(std::to_string(empty.size()) + " of the " + std::to_string(classes) +
                          " classes have no training sample: " + runs_text(data, empty) +
                          ". Number the classes from 0 without gaps, or add samples");
}

}  // namespace

void check_trainable_classes(Dataset& data, const std::string& path) {
  const size_t classes = data.class_names.size();
  if (classes > static_cast<size_t>(kMaximalClasses))
    throw Error(path,
                "the data have " + std::to_string(classes) + " classes, more than the " +
                    std::to_string(kMaximalClasses) + " that Thaw trains",
                "Leave classes out or join some, and number them from 0 to " +
                    std::to_string(kMaximalClasses - 1) + " at most");
  const std::vector<int64_t> train = samples_of_classes(data.train, classes);
  const std::vector<int64_t> test = samples_of_classes(data.test, classes);
  std::vector<size_t> present, empty, only_tested;
  for (size_t label = 0; label < classes; ++label) {
    (train[label] > 0 ? present : empty).push_back(label);
    if (train[label] == 0 && test[label] > 0) only_tested.push_back(label);
  }
  if (present.size() == 1)
    throw Error(path,
                "all " + std::to_string(data.train.count) + " training samples are of class " +
                    class_text(data, present[0]) + ": one class alone cannot be learnt",
                "Add training samples of another class");
  if (!only_tested.empty())
    throw Error(path,
                std::string("test samples have the ") + (only_tested.size() == 1 ? "class " : "classes ") +
                    runs_text(data, only_tested) + ", training samples have not",
                "Add training samples, or leave these test samples out");
  warn_of_empty_classes(data, empty);
}

}  // namespace thaw
