// Sparse constants: matrices worked out by hand, descriptions that contradict themselves, and the models that
// hold them.
#include "sim/graph/sparse_tensor.h"

#include <gmock/gmock.h>

#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "tests/sim/graph/file_builder.h"

namespace thaw {
namespace {

using testing::csr_rows;
using testing::FileBuilder;
using tflite::BuiltinOptions;
using tflite::DimensionType;
using tflite::TensorType;
using Bytes = std::vector<uint8_t>;

constexpr int32_t kDensify = 124, kFullyConnected = 9;

std::optional<Bytes> dense(FileBuilder& file, const std::vector<int32_t>& shape, const Bytes& values,
                           FileBuilder::Sparsity sparsity) {
  const int32_t x = file.constant<uint8_t>(TensorType::INT8, shape, values, sparsity);
  const std::vector<std::byte> bytes = file.finish({}, {x});
  const tflite::Model& model = *tflite::GetModel(bytes.data());
  return dense_bytes(*model.subgraphs()->Get(0)->tensors()->Get(0), values);
}

std::optional<Bytes> dense_rows(const std::vector<int32_t>& segments, const Bytes& indices,
                                const Bytes& values) {
  FileBuilder file;
  return dense(file, {3, 4}, values, csr_rows(file, 3, segments, indices));
}

TEST(SparseTensor, CompressedRows) {
  EXPECT_EQ(dense_rows({0, 2, 2, 3}, {0, 3, 1}, {5, 6, 7}), (Bytes{5, 0, 0, 6, 0, 0, 0, 0, 0, 7, 0, 0}));
  EXPECT_EQ(dense_rows({0, 0, 0, 0}, {}, {}), Bytes(12, 0));
}

TEST(SparseTensor, RefusesContradictions) {
  EXPECT_FALSE(dense_rows({0, 2, 2, 3}, {0, 4, 1}, {5, 6, 7})) << "column 4 of 4";
  EXPECT_FALSE(dense_rows({0, 2, 2, 3}, {3, 0, 1}, {5, 6, 7})) << "columns not ascending";
  EXPECT_FALSE(dense_rows({0, 2, 1, 3}, {0, 3, 1}, {5, 6, 7})) << "segments not ascending";
  EXPECT_FALSE(dense_rows({0, 2, 2}, {0, 3, 1}, {5, 6, 7})) << "a row without segment";
  EXPECT_FALSE(dense_rows({0, 2, 2, 9}, {0, 3, 1}, {5, 6, 7})) << "beyond the indices";
  EXPECT_FALSE(dense_rows({0, 2, 2, 3}, {0, 3, 1}, {5, 6})) << "a value too few";
  EXPECT_FALSE(dense_rows({0, 2, 2, 3}, {0, 3, 1}, {5, 6, 7, 8})) << "a value too many";
}

// [4,4] in blocks of 2x2: the blocks at (0,1) and (1,0) are stored.
TEST(SparseTensor, CompressedBlocks) {
  FileBuilder file;
  const std::vector<int32_t> segments = {0, 1, 2}, order = {0, 1, 2, 3}, map = {0, 1};
  const std::vector<uint16_t> indices = {1, 0};
  const auto starts = tflite::CreateInt32VectorDirect(file.fb, &segments).Union();
  const auto columns = tflite::CreateUint16VectorDirect(file.fb, &indices).Union();
  const std::vector<flatbuffers::Offset<tflite::DimensionMetadata>> axes = {
      tflite::CreateDimensionMetadata(file.fb, DimensionType::DENSE, 2),
      tflite::CreateDimensionMetadata(file.fb, DimensionType::SPARSE_CSR, 0,
                                      tflite::SparseIndexVector::Int32Vector, starts,
                                      tflite::SparseIndexVector::Uint16Vector, columns),
      tflite::CreateDimensionMetadata(file.fb, DimensionType::DENSE, 2),
      tflite::CreateDimensionMetadata(file.fb, DimensionType::DENSE, 2)};
  const auto sparsity = tflite::CreateSparsityParametersDirect(file.fb, &order, &map, &axes);
  EXPECT_EQ(dense(file, {4, 4}, {1, 2, 3, 4, 5, 6, 7, 8}, sparsity), (Bytes{0, 0, 1, 2,  //
                                                                            0, 0, 3, 4,  //
                                                                            5, 6, 0, 0,  //
                                                                            7, 8, 0, 0}));
}

/// x [1,4] -> FULLY_CONNECTED with sparse weights [3,4], by DENSIFY or straight away.
std::vector<std::byte> sparse_dense_layer(bool densify, const Bytes& columns) {
  FileBuilder file;
  const int32_t x = file.tensor(TensorType::INT8, {1, 4});
  const int32_t stored =
      file.constant<int8_t>(TensorType::INT8, {3, 4}, {5, 6, 7}, csr_rows(file, 3, {0, 2, 2, 3}, columns));
  int32_t weights = stored;
  if (densify) {
    weights = file.tensor(TensorType::INT8, {3, 4}, 0);
    file.op(kDensify, {stored}, {weights});
  }
  const int32_t y = file.tensor(TensorType::INT8, {1, 3});
  file.op(kFullyConnected, {x, weights, -1}, {y}, BuiltinOptions::FullyConnectedOptions,
          tflite::CreateFullyConnectedOptions(file.fb).Union());
  return file.finish({x}, {y});
}

TEST(SparseTensor, SparseWeightsAreReadDense) {
  for (bool densify : {false, true}) {
    const Graph graph = read_tflite(sparse_dense_layer(densify, {0, 3, 1}), "sparse.tflite");
    ASSERT_EQ(graph.ops.size(), 1U);
    const Tensor& weights = graph.tensor(graph.ops[0].inputs[1]);
    EXPECT_EQ(std::vector<int8_t>(weights.int8_data(), weights.int8_data() + 12),
              (std::vector<int8_t>{5, 0, 0, 6, 0, 0, 0, 0, 0, 7, 0, 0}));
  }
}

TEST(SparseTensor, AContradictionNamesTheTensor) {
  try {
    read_tflite(sparse_dense_layer(false, {0, 9, 1}), "sparse.tflite");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("tensors[1] (\"t1\").sparsity: contradicts the shape"));
  }
}

}  // namespace
}  // namespace thaw
