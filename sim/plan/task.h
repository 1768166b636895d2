// What a model is trained for: it decides the loss, and what a sample is compared with.
#pragma once

namespace thaw {

/// `classify`: softmax cross-entropy against a class (arithmetic section 5). `regress` and `reconstruct`:
/// mean squared error of the model's own int8 output (section 17), against numbers that come with each
/// sample, or against the sample itself.
enum class Task { classify, regress, reconstruct };

/// "classify", "regress" or "reconstruct".
constexpr const char* task_name(Task task) {
  switch (task) {
    case Task::classify:
      return "classify";
    case Task::regress:
      return "regress";
    case Task::reconstruct:
      return "reconstruct";
  }
  return "";
}

/// Whether the loss is the mean squared error of the model's own output.
constexpr bool compares_output(Task task) {
  return task != Task::classify;
}

}  // namespace thaw
