// From the verified flatbuffer to `Graph`: the operators first (tflite_operator_reader.h), then the tensors
// that they, or the model's ends, name (tflite_tensor_reader.h).
#include "sim/graph/tflite_reader.h"

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "sim/base/file.h"
#include "sim/base/printable.h"
#include "sim/base/sha256.h"
#include "sim/graph/foreign_model.h"
#include "sim/graph/graph_check.h"
#include "sim/graph/operator_names.h"
#include "sim/graph/safe_biases.h"
#include "sim/graph/state_reader.h"
#include "sim/graph/tflite_access.h"
#include "sim/graph/tflite_file.h"
#include "sim/graph/tflite_operator_reader.h"
#include "sim/graph/tflite_tensor_reader.h"
#include "sim/graph/tflite_verify.h"
#include "sim/graph/zero_scales.h"

namespace thaw {
namespace {

// Models for microcontrollers stay far below these; a hostile file must not make us allocate more.
constexpr uint64_t max_file_bytes = uint64_t{256} << 20;
// Bytes of constants that operators read: more than the file's size where many operators share a few bytes.
constexpr uint64_t max_read_bytes = uint64_t{1} << 30;

/// The model's outputs become the scores before its end operators.
void read_end_operators(const TfliteFile& file, Graph& graph) {
  TensorReader reader(file);
  for (const EndChain& chain : file.end_chains()) {
    graph.outputs[chain.output] =
        file.tensor_ids({&chain.scores, 1}, "subgraphs[0].outputs", TfliteFile::Optional::no)[0];
    std::string names;
    for (size_t i : chain.operators) {
      const tflite::Operator& op = file.operator_at(i);
      EndOperator end;
      end.output = chain.output;
      end.builtin_code = builtin_code(*file.model().operator_codes()->Get(op.opcode_index()));
      if (const auto* softmax = op.builtin_options_as_SoftmaxOptions()) end.beta = softmax->beta();
      end.result = reader.read(values(op.outputs())[0], TensorId());
      names += (names.empty() ? "" : ", ") + builtin_operator_name(end.builtin_code);
      graph.end_operators.push_back(std::move(end));
    }
    graph.warnings.push_back("the last operators (" + names +
                             ") are kept for the trained file only: they keep the order of the scores, and "
                             "results here are the scores before them");
  }
}

/// Operators first refer to tensors by their number in the file; the tensors in use are numbered anew.
void read_tensors_in_use(const TfliteFile& file, Graph& graph) {
  read_end_operators(file, graph);
  std::set<int32_t> used;
  const auto note = [&](const std::vector<TensorId>& ids) {
    for (TensorId id : ids)
      if (id.present()) used.insert(id.value);
  };
  for (const Op& op : graph.ops) note(op.inputs), note(op.outputs);
  note(graph.inputs), note(graph.outputs);
  for (const StateVariable& variable : graph.variables) note({variable.content, variable.next});

  TensorReader reader(file);
  std::map<int32_t, TensorId> new_id;
  for (int32_t index : used) {
    new_id[index] = TensorId(graph.tensors.size());
    graph.tensors.push_back(reader.read(index, new_id[index]));
  }
  const auto renumber = [&](std::vector<TensorId>& ids) {
    for (TensorId& id : ids)
      if (id.present()) id = new_id[id.value];
  };
  for (Op& op : graph.ops) renumber(op.inputs), renumber(op.outputs);
  renumber(graph.inputs), renumber(graph.outputs);
  for (StateVariable& variable : graph.variables)
    for (TensorId* id : {&variable.content, &variable.next})
      if (id->present()) *id = new_id[id->value];
}

/// Operators may share constants; going through them all must stay affordable.
void limit_constant_reads(const TfliteFile& file, const Graph& graph) {
  uint64_t bytes = 0;
  for (const Op& op : graph.ops)
    for (TensorId id : op.inputs)
      if (id.present()) bytes += graph.tensor(id).data.size();
  if (bytes > max_read_bytes)
    file.fail("subgraphs[0].operators",
              "read constants of more than " + std::to_string(max_read_bytes) + " bytes");
}

void read_operators(const TfliteFile& file, Graph& graph) {
  for (size_t i = 0; i < count(file.subgraph().operators()); ++i) {
    if (file.is_left_out(i)) continue;
    for (Op& op : read_operator(file, i)) {
      op.id = OpId(graph.ops.size());
      graph.ops.push_back(std::move(op));
    }
  }
}

/// State variables, and what reads them reads their contents.
void read_variables(const TfliteFile& file, Graph& graph) {
  StateReading reading = read_state_variables(file);
  graph.variables = std::move(reading.variables);
  const auto rename = [&](std::vector<TensorId>& ids) {
    for (TensorId& id : ids)
      if (const auto same = reading.same_as.find(id.value); same != reading.same_as.end())
        id = TensorId(same->second);
  };
  for (Op& op : graph.ops) rename(op.inputs);
  rename(graph.outputs);
  const size_t all = count(file.model().subgraphs());
  if (all > 1 + reading.initialisers)
    graph.warnings.push_back("the file has " + std::to_string(all) +
                             " subgraphs; the first is the model, the others are left out");
}

Graph read_model(const tflite::Model& model, const std::string& file_name) {
  const TfliteFile file(model, file_name);
  // Before anything else, so that a foreign model gets this message and not one about its first tensor.
  refuse_foreign_model(file);
  Graph graph;
  graph.file_name = printable(file_name);
  const tflite::SubGraph& subgraph = file.subgraph();
  read_operators(file, graph);
  constexpr auto kPresent = TfliteFile::Optional::no;
  graph.inputs = file.tensor_ids(values(subgraph.inputs()), "subgraphs[0].inputs", kPresent);
  graph.outputs = file.tensor_ids(values(subgraph.outputs()), "subgraphs[0].outputs", kPresent);
  read_variables(file, graph);
  read_tensors_in_use(file, graph);
  limit_constant_reads(file, graph);
  return graph;
}

}  // namespace

Graph read_tflite(std::span<const std::byte> bytes, const std::string& file_name) {
  // FlatBuffers reads scalars in place, so the file must start at an aligned address: a copy does.
  const std::vector<std::byte> aligned(bytes.begin(), bytes.end());
  Graph graph = read_model(verified_tflite(aligned, file_name), file_name);
  graph.sha256 = sha256_hex(bytes);
  check_graph(graph);
  return with_safe_biases(with_nonzero_scales(std::move(graph)));
}

Graph read_tflite(const std::filesystem::path& path) {
  return read_tflite(read_file(path, max_file_bytes), path.filename().string());
}

}  // namespace thaw
