// Matrix products whose sums run in one fixed order: the bits of a float gradient then depend neither on
// threads, nor on the machine's vector length, nor on the size of its caches (which a library's blocking
// asks).
#pragma once

#include <cstdint>

namespace thaw {

/// A matrix in memory that somebody else owns: element (r, c) is data[r * row_stride + c * column_stride].
template <class Scalar>
struct MatrixView {
  Scalar* data = nullptr;
  int64_t rows = 0, columns = 0;
  int64_t row_stride = 0, column_stride = 1;

  /// A dense row-major matrix.
  static MatrixView dense(Scalar* data, int64_t rows, int64_t columns) {
    return {data, rows, columns, columns, 1};
  }
  MatrixView transposed() const { return {data, columns, rows, column_stride, row_stride}; }
};

/// result += left * right. Every element is the sum of its products in ascending depth, in blocks of
/// kProductDepthBlock that are summed first and then added to the element, each operation rounded to float32.
/// `right` and `result` need column stride 1; shapes must agree.
void add_product(MatrixView<const float> left, MatrixView<const float> right, MatrixView<float> result);

/// Products summed before they join the result: short sums lose less than one long one.
constexpr int64_t kProductDepthBlock = 256;

}  // namespace thaw
