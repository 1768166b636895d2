// FlatBuffers' verifier answers yes or no; where it says no, the same checks are repeated table by table to
// find the first one that fails, so that the message can name it.
#include "sim/graph/tflite_verify.h"

#include <tflite_reduced_generated.h>

#include <cstdint>
#include <cstring>

#include "sim/base/error.h"

namespace thaw {

namespace {

constexpr uint32_t max_depth = 16;  // model, subgraph, operator, options: four are in use
constexpr uint32_t max_tables =
    200'000;  // tensors, operators and buffers of a model that fits a phone: far fewer

flatbuffers::Verifier fresh_verifier(std::span<const std::byte> bytes) {
  return flatbuffers::Verifier(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), max_depth,
                               max_tables);
}

// Walks the tables from the root and throws at the first that fails its own verification.
class FaultFinder {
 public:
  FaultFinder(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  [[noreturn]] void report() const {
    const auto* start = reinterpret_cast<const uint8_t*>(bytes_.data());
    flatbuffers::Verifier verifier = fresh_verifier(bytes_);
    if (verifier.VerifyOffset(size_t{0}) == 0) fail(0, "root", "points outside the file");
    const auto* model = flatbuffers::GetRoot<tflite::Model>(start);
    using M = tflite::Model;
    check_start(model, "root");
    check_tables(
        model, M::VT_OPERATOR_CODES, [&] { return model->operator_codes(); }, "operator_codes");
    check_tables(
        model, M::VT_BUFFERS, [&] { return model->buffers(); }, "buffers");
    check_vector(
        model, M::VT_SUBGRAPHS, [&] { return model->subgraphs(); }, "subgraphs");
    if (model->subgraphs() != nullptr)
      for (uint32_t i = 0; i < model->subgraphs()->size(); ++i)
        check_subgraph(model->subgraphs()->Get(i), "subgraphs[" + std::to_string(i) + "]");
    fail(offset_of(model), "root", "is malformed");
  }

 private:
  [[noreturn]] void fail(size_t offset, const std::string& field, const std::string& what) const {
    throw Error(file_ + ": byte " + std::to_string(offset) + ", " + field,
                what + " (the file holds " + std::to_string(bytes_.size()) + " bytes)",
                "The file is truncated or damaged; fetch or convert it again");
  }

  size_t offset_of(const void* p) const {
    return static_cast<size_t>(static_cast<const std::byte*>(p) - bytes_.data());
  }

  // Generated tables hide that they are a flatbuffers::Table; it is their first and only member.
  void check_start(const void* table, const std::string& field) const {
    flatbuffers::Verifier verifier = fresh_verifier(bytes_);
    if (!static_cast<const flatbuffers::Table*>(table)->VerifyTableStart(verifier))
      fail(offset_of(table), field, "is no table inside the file");
  }

  template <class Read>
  void check_vector(const void* owner, flatbuffers::voffset_t vtable_slot, Read read,
                    const std::string& field) const {
    const auto* table = static_cast<const flatbuffers::Table*>(owner);
    const flatbuffers::Verifier verifier = fresh_verifier(bytes_);
    if (!table->VerifyOffset(verifier, vtable_slot) || !verifier.VerifyVector(read()))
      fail(offset_of(owner), field, "reaches beyond the end of the file");
  }

  template <class Read>
  void check_tables(const void* owner, flatbuffers::voffset_t vtable_slot, Read read,
                    const std::string& field) const {
    check_vector(owner, vtable_slot, read, field);
    if (read() == nullptr) return;
    for (uint32_t i = 0; i < read()->size(); ++i) {
      flatbuffers::Verifier verifier = fresh_verifier(bytes_);
      const auto* table = read()->Get(i);
      if (!table->Verify(verifier))
        fail(offset_of(table), field + "[" + std::to_string(i) + "]",
             "is malformed or reaches beyond the end of the file");
    }
  }

  void check_subgraph(const tflite::SubGraph* graph, const std::string& field) const {
    using S = tflite::SubGraph;
    check_start(graph, field);
    check_tables(
        graph, S::VT_TENSORS, [&] { return graph->tensors(); }, field + ".tensors");
    check_vector(
        graph, S::VT_INPUTS, [&] { return graph->inputs(); }, field + ".inputs");
    check_vector(
        graph, S::VT_OUTPUTS, [&] { return graph->outputs(); }, field + ".outputs");
    check_tables(
        graph, S::VT_OPERATORS, [&] { return graph->operators(); }, field + ".operators");
    flatbuffers::Verifier verifier = fresh_verifier(bytes_);
    if (!graph->Verify(verifier)) fail(offset_of(graph), field, "is malformed");
  }

  std::span<const std::byte> bytes_;
  const std::string& file_;
};

}  // namespace

const tflite::Model& verified_tflite(std::span<const std::byte> bytes, const std::string& file_name) {
  // Root offset, identifier, root table: nothing shorter can be a model. FlatBuffers' offsets end at 2 GiB.
  if (bytes.size() < 16)
    throw Error(file_name + ": byte " + std::to_string(bytes.size()),
                "the file ends, too short for a TFLite model", "Expected a .tflite file");
  if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE)
    throw Error(file_name, "holds 2 GiB or more, beyond what the format allows");
  if (std::memcmp(bytes.data() + 4, tflite::ModelIdentifier(), 4) != 0)
    throw Error(file_name + ": byte 4", "expected the identifier \"TFL3\" of a TFLite model",
                "Expected a .tflite file");
  flatbuffers::Verifier verifier = fresh_verifier(bytes);
  if (!tflite::VerifyModelBuffer(verifier)) FaultFinder(bytes, file_name).report();
  return *tflite::GetModel(bytes.data());
}

}  // namespace thaw
