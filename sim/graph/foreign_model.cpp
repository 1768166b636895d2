#include "sim/graph/foreign_model.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/graph/operator_names.h"
#include "sim/graph/tflite_access.h"

namespace thaw {
namespace {

using tflite::TensorType;

constexpr int32_t kDequantize = 6, kQuantize = 114;
constexpr const char* kConvertAdvice =
    "Convert it with a representative_dataset and supported_ops TFLITE_BUILTINS_INT8";
// A hostile file may name any number of custom operators.
constexpr size_t kNamedOperators = 20;

}  // namespace

bool is_supported_operator(int32_t code) {
  constexpr std::array codes = {0,  1,  2,  3,  4,  6,  9,  17, 22, 23, 25,  34, 39,
                                40, 43, 44, 45, 49, 65, 70, 83, 88, 97, 102, 114};
  return std::find(codes.begin(), codes.end(), code) != codes.end() || binary_function(code) ||
         unary_function(code);
}

namespace {

/// An operator that Thaw lacks, and how often it occurs.
struct Unsupported {
  std::string name;
  int32_t code = 0;
  int64_t times = 0;

  std::string text() const {
    return "built-in operator " + std::to_string(code) + ", " + std::to_string(times) +
           (times == 1 ? " time" : " times");
  }
};

class ForeignModel {
 public:
  explicit ForeignModel(const TfliteFile& file)
      : model_(file.model()), source_(file), file_(file.name()), graph_(file.subgraph()) {}

  void refuse() {
    for (size_t i = 0; i < count(graph_.operators()); ++i)
      if (!source_.is_left_out(i)) note_operator(i);
    if (!unsupported_.empty()) note_end_operators();
    if (const std::optional<TensorType> type = computed_type()) refuse_type(*type);
    note_ends();
    refuse_types();
    refuse_operators();
  }

 private:
  const tflite::Operator& operator_at(size_t i) const {
    return *graph_.operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
  }

  /// Nothing where the index points nowhere.
  const tflite::Tensor* tensor_at(int32_t index) const {
    if (index < 0 || static_cast<size_t>(index) >= count(graph_.tensors())) return nullptr;
    return graph_.tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
  }

  const tflite::OperatorCode& code_of(size_t i) const {
    const uint32_t index = operator_at(i).opcode_index();
    if (index >= count(model_.operator_codes()))
      throw Error(file_ + ": subgraphs[0].operators[" + std::to_string(i) + "].opcode_index",
                  "is " + std::to_string(index) + ", but operator_codes has " +
                      std::to_string(count(model_.operator_codes())) + " entries");
    return *model_.operator_codes()->Get(index);
  }

  void note_operator(size_t i) {
    const tflite::OperatorCode& code = code_of(i);
    const int32_t number = builtin_code(code);
    const std::span<const int32_t> outputs = values(operator_at(i).outputs());
    const tflite::Tensor* output = outputs.empty() ? nullptr : tensor_at(outputs[0]);
    if (output != nullptr && number != kQuantize && number != kDequantize)
      computed_.push_back(output->type());
    if (is_supported_operator(number)) return note_type(output);
    std::string name = builtin_operator_name(number);
    if (name == "CUSTOM" && code.custom_code() != nullptr)
      name += " " + quoted(code.custom_code()->string_view());
    if (unsupported_.empty()) {
      first_ = i;
      if (!outputs.empty() && output == nullptr)
        throw Error(file_ + ": subgraphs[0].operators[" + std::to_string(i) + "] (" +
                        builtin_operator_name(number) + ").outputs[0]",
                    "is tensor " + std::to_string(outputs[0]) + ", but the model has " +
                        std::to_string(count(graph_.tensors())) + " tensors");
      first_writes_ = output == nullptr
                          ? "writes no tensor"
                          : "writes tensor " + std::to_string(outputs[0]) + " " + quoted_name(*output);
    }
    const auto [place, is_new] = place_.emplace(name, unsupported_.size());
    if (is_new) unsupported_.push_back({name, number, 0});
    ++unsupported_[place->second].times;
  }

  /// The type that the operators compute in, where it is one of those that a converter to int8 replaces and
  /// none computes in int8.
  std::optional<TensorType> computed_type() const {
    std::optional<TensorType> most;
    int64_t times = 0;
    if (std::count(computed_.begin(), computed_.end(), TensorType::INT8) > 0) return most;
    for (TensorType type : {TensorType::FLOAT32, TensorType::UINT8, TensorType::INT16})
      if (const auto n = std::count(computed_.begin(), computed_.end(), type); n > times) {
        most = type;
        times = n;
      }
    return most;
  }

  bool has_int8_constants() const {
    for (size_t i = 0; i < count(graph_.tensors()); ++i) {
      const tflite::Tensor& tensor = *tensor_at(static_cast<int32_t>(i));
      if (tensor.type() == TensorType::INT8 && tensor.buffer() < count(model_.buffers()) &&
          count(model_.buffers()->Get(tensor.buffer())->data()) > 0)
        return true;
    }
    return false;
  }

  [[noreturn]] void refuse_type(TensorType type) const {
    std::string what = std::string("is ") + (type == TensorType::INT16 ? "an " : "a ") + type_name(type) +
                       " model, which must be quantised to int8";
    if (type == TensorType::FLOAT32 && has_int8_constants())
      what =
          "is a float32 model with int8 weights only (dynamic range), whose activations must be quantised "
          "to int8 too";
    throw Error(file_, what + also_unsupported(), kConvertAdvice);
  }

  /// Types that neither operators which Thaw has nor the model's ends may have.
  void note_type(const tflite::Tensor* tensor) {
    constexpr std::array kRead = {TensorType::INT8, TensorType::UINT8, TensorType::INT32,
                                  TensorType::FLOAT32};
    if (tensor == nullptr || std::find(kRead.begin(), kRead.end(), tensor->type()) != kRead.end()) return;
    const std::string name = type_name(tensor->type());
    if (types_.empty()) first_of_type_ = quoted_name(*tensor);
    if (std::find(types_.begin(), types_.end(), name) == types_.end()) types_.push_back(name);
  }

  /// Those at the end are read apart, but who changes the model wants to know of all that Thaw lacks.
  void note_end_operators() {
    for (const EndChain& chain : source_.end_chains())
      for (size_t i : chain.operators)
        if (!is_supported_operator(builtin_code(code_of(i)))) note_operator(i);
  }

  void note_ends() {
    for (const auto* ends : {graph_.inputs(), graph_.outputs()})
      for (int32_t id : values(ends)) note_type(tensor_at(id));
  }

  void refuse_types() const {
    if (types_.empty()) return;
    std::string names;
    for (const std::string& type : types_) names += (names.empty() ? "" : ", ") + type;
    throw Error(file_,
                "holds activations of type " + names + " (the first is " + first_of_type_ +
                    "), expected int8, or uint8 or float32 at its ends" + also_unsupported(),
                kConvertAdvice);
  }

  std::string names() const {
    std::string text;
    for (size_t i = 0; i < std::min(unsupported_.size(), kNamedOperators); ++i)
      text += (i == 0 ? "" : ", ") + unsupported_[i].name + " (" + unsupported_[i].text() + ")";
    if (unsupported_.size() > kNamedOperators)
      text += " and " + std::to_string(unsupported_.size() - kNamedOperators) + " more";
    return text;
  }

  std::string also_unsupported() const {
    return unsupported_.empty() ? "" : "; operators that are not supported either: " + names();
  }

  void refuse_operators() const {
    if (unsupported_.empty()) return;
    const Unsupported& only = unsupported_[0];
    throw Error(file_ + ": subgraphs[0].operators[" + std::to_string(first_) + "]",
                unsupported_.size() == 1
                    ? "operator " + only.name + " is not supported (" + only.text() + "; " +
                          (only.times == 1 ? "it " : "the first ") + first_writes_ + ")"
                    : "operators " + names() + " are not supported; the first " + first_writes_,
                std::string("Supported operators: ") + supported_operator_names());
  }

  const tflite::Model& model_;
  const TfliteFile& source_;
  const std::string& file_;
  const tflite::SubGraph& graph_;
  std::vector<std::string> types_;        // that none may have, in order of first occurrence
  std::string first_of_type_;             // the first tensor of such a type
  std::vector<TensorType> computed_;      // by operators other than QUANTIZE and DEQUANTIZE
  std::vector<Unsupported> unsupported_;  // in order of first occurrence
  std::map<std::string, size_t> place_;   // of a name among them
  size_t first_ = 0;
  std::string first_writes_;
};

}  // namespace

void refuse_foreign_model(const TfliteFile& file) {
  ForeignModel(file).refuse();
}

}  // namespace thaw
