#include "sim/graph/state_reader.h"

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "sim/base/printable.h"
#include "sim/graph/constant_folding.h"

namespace thaw {
namespace {

constexpr int32_t kCallOnceNumber = 129, kHandleNumber = 142, kReadNumber = 143, kAssignNumber = 144;

/// Handles of one subgraph: the name of the variable behind each tensor that a VAR_HANDLE writes.
class Handles {
 public:
  Handles(const TfliteFile& file, const tflite::SubGraph& graph, std::string path)
      : file_(file), graph_(graph), path_(std::move(path)) {}

  size_t operators() const { return count(graph_.operators()); }

  const tflite::Operator& operator_at(size_t i) const {
    return *graph_.operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
  }

  int32_t number(size_t i) const {
    const uint32_t index = operator_at(i).opcode_index();
    if (index >= count(file_.model().operator_codes())) fail(i, ".opcode_index points nowhere");
    return builtin_code(*file_.model().operator_codes()->Get(index));
  }

  [[noreturn]] void fail(size_t i, const std::string& what) const {
    file_.fail(path_ + ".operators[" + std::to_string(i) + "]", what);
  }

  const tflite::Tensor& tensor(size_t i, int32_t index) const {
    if (index < 0 || static_cast<size_t>(index) >= count(graph_.tensors()))
      fail(i, "names tensor " + std::to_string(index) + " of " + std::to_string(count(graph_.tensors())));
    return *graph_.tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
  }

  /// Input or output k of operator i.
  int32_t operand(size_t i, std::span<const int32_t> list, size_t k) const {
    if (k >= list.size()) fail(i, "lacks a tensor");
    tensor(i, list[k]);
    return list[k];
  }
  int32_t input(size_t i, size_t k) const { return operand(i, values(operator_at(i).inputs()), k); }
  int32_t output(size_t i) const { return operand(i, values(operator_at(i).outputs()), 0); }

  void add(size_t i) {
    const auto* options = operator_at(i).builtin_options_as_VarHandleOptions();
    if (options == nullptr || options->shared_name() == nullptr) fail(i, "(VAR_HANDLE) has no shared_name");
    std::string name = options->shared_name()->str();
    if (options->container() != nullptr && options->container()->size() > 0)
      name = options->container()->str() + "/" + name;
    constexpr size_t kLongestName = 4096;
    if (name.size() > kLongestName) fail(i, "(VAR_HANDLE) has a shared_name that is too long");
    names_[output(i)] = printable(name);
  }

  /// The variable that operator i reads or assigns.
  const std::string& variable(size_t i) const {
    const auto found = names_.find(input(i, 0));
    if (found == names_.end()) fail(i, ".inputs[0] is no handle of a variable");
    return found->second;
  }

 private:
  const TfliteFile& file_;
  const tflite::SubGraph& graph_;
  std::string path_;
  std::map<int32_t, std::string> names_;
};

using FirstValues = std::map<std::string, std::vector<std::byte>>;

/// Bytes of a constant of a subgraph, stored or folded.
std::vector<std::byte> constant_bytes(const TfliteFile& file, const Folding& folding, const Handles& handles,
                                      size_t i, int32_t index) {
  std::span<const uint8_t> bytes;
  const tflite::Tensor& tensor = handles.tensor(i, index);
  if (const auto made = folding.constants.find(index); made != folding.constants.end())
    bytes = made->second.bytes;
  else if (tensor.buffer() < count(file.model().buffers()))
    bytes = values(file.model().buffers()->Get(tensor.buffer())->data());
  if (bytes.empty()) handles.fail(i, ".inputs[1] is no constant: a variable must start with one");
  const std::span<const std::byte> raw = std::as_bytes(bytes);
  return {raw.begin(), raw.end()};
}

void run_initialiser(const TfliteFile& file, size_t number, FirstValues& first) {
  const tflite::SubGraph& graph = *file.model().subgraphs()->Get(static_cast<flatbuffers::uoffset_t>(number));
  Handles handles(file, graph, "subgraphs[" + std::to_string(number) + "]");
  const Folding folding = fold_constants(file.model(), graph);
  int64_t copied = 0;  // many may share a few bytes of the file
  for (size_t i = 0; i < handles.operators(); ++i) {
    const int32_t code = handles.number(i);
    if (copied > kMostFoldedBytes) handles.fail(i, "starts more bytes than variables may hold");
    if (code == kHandleNumber)
      handles.add(i);
    else if (code == kAssignNumber)
      copied += static_cast<int64_t>(
          (first[handles.variable(i)] = constant_bytes(file, folding, handles, i, handles.input(i, 1)))
              .size());
    else if (!folding.left_out[i] || code == kCallOnceNumber || code == kReadNumber)
      handles.fail(i, "does more than to give variables their first values");
  }
}

class StateReader {
 public:
  explicit StateReader(const TfliteFile& file)
      : file_(file), handles_(file, file.subgraph(), "subgraphs[0]") {}

  StateReading run() {
    for (size_t i = 0; i < handles_.operators(); ++i) {
      const int32_t code = handles_.number(i);
      if (code == kCallOnceNumber) calls_.push_back(i);
      if (code == kHandleNumber) handles_.add(i);
      if (code == kReadNumber) read(i);
      if (code == kAssignNumber) assign(i);
      if (code == kReadNumber || code == kAssignNumber) first_use_ = std::min(first_use_, i);
    }
    if (!variables_.empty()) start_variables();
    return finished();
  }

 private:
  struct Variable {
    int32_t content = -1, next = -1;
    int32_t assigned_first = -1;  // its zero point is where a variable starts that nothing else does
  };

  /// What CALL_ONCE does matters to variables alone.
  void start_variables() {
    for (size_t i : calls_) {
      if (i > first_use_) handles_.fail(i, "(CALL_ONCE) comes after a variable was read or assigned");
      const auto* options = handles_.operator_at(i).builtin_options_as_CallOnceOptions();
      const int32_t number = options == nullptr ? 0 : options->init_subgraph_index();
      if (number < 1 || static_cast<size_t>(number) >= count(file_.model().subgraphs()))
        handles_.fail(i, "(CALL_ONCE) calls subgraph " + std::to_string(number) + " of " +
                             std::to_string(count(file_.model().subgraphs())));
      if (!called_.insert(number).second) continue;
      run_initialiser(file_, static_cast<size_t>(number), first_);
      ++reading_.initialisers;
    }
  }

  void read(size_t i) {
    Variable& variable = variables_[handles_.variable(i)];
    const int32_t made = handles_.output(i);
    int32_t& held = variable.next >= 0 ? variable.next : variable.content;
    if (held < 0) {
      held = made;
      return;
    }
    const tflite::Tensor& a = handles_.tensor(i, held);
    const tflite::Tensor& b = handles_.tensor(i, made);
    if (a.type() != b.type() || !std::ranges::equal(values(a.shape()), values(b.shape())) ||
        !same_scale(a, b))
      handles_.fail(i, "(READ_VARIABLE) reads '" + handles_.variable(i) +
                           "' as another type, shape or scale than it has");
    reading_.same_as[made] = held;
  }

  static bool same_scale(const tflite::Tensor& a, const tflite::Tensor& b) {
    const auto* x = a.quantization();
    const auto* y = b.quantization();
    if (x == nullptr || y == nullptr) return x == y;
    const auto zero_point = [](const tflite::QuantizationParameters& q) {
      return count(q.zero_point()) == 0 ? 0 : q.zero_point()->Get(0);
    };
    return std::ranges::equal(values(x->scale()), values(y->scale())) && zero_point(*x) == zero_point(*y);
  }

  void assign(size_t i) {
    Variable& variable = variables_[handles_.variable(i)];
    variable.next = handles_.input(i, 1);
    if (const auto same = reading_.same_as.find(variable.next); same != reading_.same_as.end())
      variable.next = same->second;
    if (variable.assigned_first < 0) variable.assigned_first = variable.next;
  }

  /// A variable that no CALL_ONCE starts.
  std::vector<std::byte> zero_points(const Variable& variable) const {
    const tflite::Tensor& content = file_.tensor_at(variable.content);
    const int32_t source = variable.assigned_first >= 0 ? variable.assigned_first : variable.content;
    const auto* q = file_.tensor_at(source).quantization();
    const int64_t zero_point = q == nullptr || count(q->zero_point()) == 0 ? 0 : q->zero_point()->Get(0);
    const auto elements = foldable_elements(values(content.shape()));
    return std::vector<std::byte>(static_cast<size_t>(elements.value_or(0)),
                                  static_cast<std::byte>(zero_point));
  }

  StateReading finished() {
    int64_t bytes = 0;
    for (auto& [name, variable] : variables_) {
      if (variable.content < 0) continue;
      StateVariable made;
      made.name = name;
      made.content = TensorId(variable.content);
      if (variable.next >= 0 && variable.next != variable.content) made.next = TensorId(variable.next);
      const auto first = first_.find(name);
      made.initial = first != first_.end() ? first->second : zero_points(variable);
      bytes += static_cast<int64_t>(made.initial.size());
      if (bytes > kMostFoldedBytes)
        file_.fail("state variable '" + name + "'",
                   "brings variables to more than " + std::to_string(kMostFoldedBytes) + " bytes");
      reading_.variables.push_back(std::move(made));
    }
    return std::move(reading_);
  }

  const TfliteFile& file_;
  Handles handles_;
  std::vector<size_t> calls_;  // operators that are CALL_ONCE
  std::set<int32_t> called_;   // subgraphs
  size_t first_use_ = SIZE_MAX;
  FirstValues first_;
  std::map<std::string, Variable> variables_;
  StateReading reading_;
};

}  // namespace

StateReading read_state_variables(const TfliteFile& file) {
  return StateReader(file).run();
}

}  // namespace thaw
