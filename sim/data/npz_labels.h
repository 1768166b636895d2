// The labels in an .npz archive, however people write them: numbers, one-hot rows, text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/data/npy.h"

namespace thaw {

/// An array and its name for messages: "data.npz, array 'y_train'".
struct NamedArray {
  NpyArray array;
  std::string where;
};

/// Labels of both splits as class numbers.
struct NpzLabels {
  std::vector<int32_t> train, test;
  std::vector<std::string> class_names;  // empty where numbers alone say how many classes there are
  std::vector<std::string> notes;
};

/// Labels out of y_train, y_test (where there is one) and class_names (where there is one):
/// - numbers of any type, [N] or [N,1]: whole, from 0 to max_label
/// - one-hot rows [N,C], C at least 2: one 1 and otherwise 0; C classes
/// - text [N] or [N,1]: the classes are `names` where given, else the distinct texts of both splits, sorted
///   byte by byte
/// `names` is [C] of text, all different, one for each class. `train_count` and `test_count` are the samples.
/// Throws Error naming the array, the element and the remedy.
NpzLabels npz_labels(const NamedArray& train, int64_t train_count, const std::optional<NamedArray>& test,
                     int64_t test_count, const std::optional<NamedArray>& names);

}  // namespace thaw
