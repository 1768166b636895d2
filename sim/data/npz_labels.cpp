// Each form of label is recognised by type and shape; both splits must have the same form.
#include "sim/data/npz_labels.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "sim/base/error.h"
#include "sim/data/limits.h"

namespace thaw {
namespace {

enum class Form { numbers, one_hot, text };

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (int64_t d : shape) text += (text.empty() ? "[" : ", ") + std::to_string(d);
  return text + "]";
}

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

Form form_of(const NamedArray& labels, int64_t count) {
  const std::vector<int64_t>& shape = labels.array.shape;
  const bool one_each = shape.size() == 1 || (shape.size() == 2 && shape[1] == 1);
  if (shape[0] == count && one_each) return labels.array.type.is_text() ? Form::text : Form::numbers;
  if (shape[0] == count && shape.size() == 2 && !labels.array.type.is_text()) return Form::one_hot;
  throw Error(labels.where,
              "has the shape " + shape_text(shape) + ", expected [" + std::to_string(count) +
                  "], one label for each sample, or one-hot rows [" + std::to_string(count) + ", classes]",
              "Save labels and samples of the same split");
}

std::string element_of(const NamedArray& labels, int64_t i) {
  return labels.where + ", element " + std::to_string(i);
}

std::vector<int32_t> read_numbers(const NamedArray& labels) {
  std::vector<int32_t> result;
  result.reserve(static_cast<size_t>(labels.array.elements));
  for (int64_t i = 0; i < labels.array.elements; ++i) {
    const double value = real_element(labels.array, i);
    if (!(value >= 0 && value <= max_label && value == std::floor(value)))
      throw Error(
          element_of(labels, i),
          "found " + number_text(value) + ", expected a whole number from 0 to " + std::to_string(max_label),
          "Number the classes from 0: y = numpy.unique(y, return_inverse=True)[1]; where the labels are what "
          "a "
          "model should answer, use 'thaw train --task regress'");
    result.push_back(static_cast<int32_t>(value));
  }
  return result;
}

std::vector<int32_t> read_one_hot(const NamedArray& labels) {
  const int64_t classes = labels.array.shape[1];
  std::vector<int32_t> result;
  for (int64_t row = 0; row < labels.array.shape[0]; ++row) {
    int64_t ones = 0, zeros = 0;
    int64_t label = 0;
    for (int64_t c = 0; c < classes; ++c) {
      const double value = real_element(labels.array, row * classes + c);
      if (value == 1) label = c;
      ones += value == 1 ? 1 : 0;
      zeros += value == 0 ? 1 : 0;
    }
    if (ones != 1 || zeros != classes - 1 || label > max_label)
      throw Error(labels.where + ", row " + std::to_string(row),
                  "is not one-hot: expected one 1 and otherwise 0 in " + std::to_string(classes) + " columns",
                  "Save class numbers: y.argmax(axis=1)");
    result.push_back(static_cast<int32_t>(label));
  }
  return result;
}

std::vector<std::string> read_texts(const NpyArray& array) {
  std::vector<std::string> texts;
  for (int64_t i = 0; i < array.elements; ++i) texts.push_back(text_element(array, i));
  return texts;
}

/// Places of the texts of `labels` in `names`.
std::vector<int32_t> read_text_labels(const NamedArray& labels, const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, int32_t>> places;
  for (const std::string& name : names) places.emplace_back(name, static_cast<int32_t>(places.size()));
  std::sort(places.begin(), places.end());
  std::vector<int32_t> result;
  for (int64_t i = 0; i < labels.array.elements; ++i) {
    const std::string text = text_element(labels.array, i);
    const auto found = std::lower_bound(places.begin(), places.end(), std::pair(text, int32_t{0}));
    if (found == places.end() || found->first != text)
      throw Error(element_of(labels, i), "'" + text + "' is not one of the class_names",
                  "Add it to class_names, or leave class_names out");
    result.push_back(found->second);
  }
  return result;
}

std::vector<std::string> read_class_names(const NamedArray& names) {
  if (names.array.shape.size() != 1 || !names.array.type.is_text())
    throw Error(names.where,
                "has the shape " + shape_text(names.array.shape) + " and the type " +
                    type_name(names.array.type) + ", expected one text for each class",
                "Save numpy.array(['first', 'second', ...])");
  std::vector<std::string> result = read_texts(names.array);
  std::vector<std::string> sorted = result;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) throw Error(names.where, "names '" + *twice + "' twice", "Name each class once");
  return result;
}

/// All texts of both splits, each once, sorted.
std::vector<std::string> distinct_texts(const NamedArray& train, const std::optional<NamedArray>& test) {
  std::vector<std::string> texts = read_texts(train.array);
  if (test)
    for (std::string& text : read_texts(test->array)) texts.push_back(std::move(text));
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  if (texts.size() > static_cast<size_t>(max_label) + 1)
    throw Error(train.where,
                "holds " + std::to_string(texts.size()) + " different texts, expected class names",
                "Save one of a few class names for each sample");
  return texts;
}

/// Refuses labels that have no name.
void require_names(const NamedArray& labels, const std::vector<int32_t>& numbers, size_t names) {
  for (size_t i = 0; i < numbers.size(); ++i)
    if (static_cast<size_t>(numbers[i]) >= names)
      throw Error(
          element_of(labels, static_cast<int64_t>(i)),
          "is class " + std::to_string(numbers[i]) + ", class_names has " + std::to_string(names) + " names",
          "Name every class, or leave class_names out");
}

std::vector<int32_t> read_labels(const NamedArray& labels, Form form, const std::vector<std::string>& names) {
  if (form == Form::text) return read_text_labels(labels, names);
  return form == Form::one_hot ? read_one_hot(labels) : read_numbers(labels);
}

}  // namespace

NpzLabels npz_labels(const NamedArray& train, int64_t train_count, const std::optional<NamedArray>& test,
                     int64_t test_count, const std::optional<NamedArray>& names) {
  NpzLabels labels;
  const Form form = form_of(train, train_count);
  const bool same_form = !test || (form_of(*test, test_count) == form &&
                                   (form != Form::one_hot || test->array.shape[1] == train.array.shape[1]));
  if (!same_form)
    throw Error(test->where,
                "has the shape " + shape_text(test->array.shape) + " and the type " +
                    type_name(test->array.type) + ", the training labels " + shape_text(train.array.shape) +
                    " and " + type_name(train.array.type),
                "Save the labels of both splits in the same way");
  if (names) labels.class_names = read_class_names(*names);
  if (!names && form == Form::text) {
    labels.class_names = distinct_texts(train, test);
    labels.notes.push_back("labels are text: the " + std::to_string(labels.class_names.size()) +
                           " different ones are the classes, in alphabetical order");
  }
  if (form == Form::one_hot) {
    labels.notes.push_back("labels are one-hot rows of " + std::to_string(train.array.shape[1]) + " classes");
    if (!names)
      for (int64_t c = 0; c < train.array.shape[1]; ++c) labels.class_names.push_back(std::to_string(c));
  }
  labels.train = read_labels(train, form, labels.class_names);
  if (test) labels.test = read_labels(*test, form, labels.class_names);
  if (names) {
    require_names(train, labels.train, labels.class_names.size());
    if (test) require_names(*test, labels.test, labels.class_names.size());
  }
  return labels;
}

}  // namespace thaw
