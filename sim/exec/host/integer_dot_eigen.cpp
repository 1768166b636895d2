// integer_dot.h by Eigen's floating-point products, exactly: while every partial sum is an integer that the
// type holds, neither order nor fusing changes it. float32 holds all up to 2^24, so its products run over
// stretches of so many terms that no partial sum can pass that; pairs of int16 go through binary64.
#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>

#include "sim/exec/host/integer_dot_versions.h"

namespace thaw {
namespace {

template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
template <class Real>
using Block16 = Eigen::Array<Real, kColumnBlock, 1>;

/// Largest magnitudes of a left and a right value, whose products are summed as Real.
template <class Real>
constexpr int64_t kLargestProduct = 0;
template <>
constexpr int64_t kLargestProduct<float> = int64_t{255} * 128;
template <>
constexpr int64_t kLargestProduct<double> = int64_t{1} << 30;

/// Terms whose sum is exact in any order: 514 for float32, 2^23 for binary64.
template <class Real>
constexpr int64_t kExactTerms = (int64_t{1} << std::numeric_limits<Real>::digits) / kLargestProduct<Real>;

/// An exact sum modulo 2^32; within int32 for float32, whose sums have 24 bits.
template <class Real>
uint32_t integer(Real sum) {
  if constexpr (std::is_same_v<Real, float>)
    return static_cast<uint32_t>(static_cast<int32_t>(sum));
  else
    return static_cast<uint32_t>(static_cast<int64_t>(sum));
}

/// to[i] = from[i] + sums[i] modulo 2^32.
template <class Real>
void add_integers(const Real* sums, const int32_t* from, int64_t count, int32_t* to) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = static_cast<int32_t>(static_cast<uint32_t>(from[i]) + integer(sums[i]));
}

/// The sums of one product while they are floating-point, a column of the matrix for each row of the product.
template <class Real>
class RealSums {
 public:
  explicit RealSums(const MatrixProduct& product) : product_(product) {
    const int64_t columns = int64_t{product.blocks} * kColumnBlock;
    sums_.resize(columns, product.rows);
    for (int32_t r = 0; r < product.rows; ++r) {
      int32_t* to = product.sums + r * product.sum_stride;
      if (product.start != nullptr)
        std::copy_n(product.start, columns, to);
      else
        std::fill_n(to, columns, 0);
    }
  }

  /// Terms that can be added before the sums must move.
  int64_t room() const { return kExactTerms<Real> - terms_; }

  /// right: [columns x terms], left: [terms x rows], at most room() terms.
  template <class Right, class Left>
  void add(const Right& right, const Left& left) {
    assert(right.cols() <= room());
    if (terms_ == 0)
      sums_.noalias() = right * left;
    else
      sums_.noalias() += right * left;
    terms_ += right.cols();
    if (room() == 0) move();
  }

  /// Adds what was summed to the integers.
  void move() {
    if (terms_ == 0) return;
    for (int32_t r = 0; r < product_.rows; ++r) {
      int32_t* to = product_.sums + r * product_.sum_stride;
      add_integers(sums_.col(r).data(), to, sums_.rows(), to);
    }
    terms_ = 0;
  }

 private:
  const MatrixProduct& product_;
  Matrix<Real> sums_;
  int64_t terms_ = 0;
};

// ---- float32 words: both operands are matrices as they lie ------------------------------------------------

void multiply_floats(const MatrixProduct& p) {
  using Left = Eigen::Map<const Matrix<float>, 0, Eigen::OuterStride<>>;
  using LeftByWords = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
                                 0, Eigen::OuterStride<>>;
  assert(p.left_word_stride == 4 || p.left_row_stride == 4);
  const int64_t columns = int64_t{p.blocks} * kColumnBlock;
  const auto* right = reinterpret_cast<const float*>(p.right);
  RealSums<float> sums(p);
  for (int32_t s = 0; s < p.segment_count; ++s)
    for (int64_t word = 0, count = 0; word < p.segment_words; word += count, right += count * columns) {
      count = std::min(p.segment_words - word, sums.room());
      const Eigen::Map<const Matrix<float>> weights(right, columns, count);
      const auto* left = reinterpret_cast<const float*>(p.left + p.segments[s] + word * p.left_word_stride);
      if (p.left_word_stride == 4)
        sums.add(weights, Left(left, count, p.rows, Eigen::OuterStride<>(p.left_row_stride / 4)));
      else
        sums.add(weights, LeftByWords(left, count, p.rows, Eigen::OuterStride<>(p.left_word_stride / 4)));
    }
  sums.move();
}

// ---- pairs of int16: unpacked into binary64, some words at a time -----------------------------------------

struct Pair {
  int16_t low, high;
};

/// Words first..first+count-1 of every column as [column][value].
void unpack_right(const MatrixProduct& p, int64_t first, int64_t count, Matrix<double>& to) {
  const RightLayout layout = right_layout(p.format, p.blocks, int64_t{p.segment_count} * p.segment_words);
  to.resize(int64_t{p.blocks} * kColumnBlock, 2 * count);
  for (int64_t w = 0; w < count; ++w)
    for (int64_t column = 0; column < to.rows(); ++column) {
      const auto pair =
          std::bit_cast<Pair>(p.right[column / kColumnBlock * layout.block_stride +
                                      (first + w) * layout.word_stride + column % kColumnBlock]);
      to(column, 2 * w) = pair.low;
      to(column, 2 * w + 1) = pair.high;
    }
}

/// `count` words of every row from `first` bytes behind its beginning on, as [value][row].
void unpack_left(const MatrixProduct& p, int64_t first, int64_t count, Matrix<double>& to) {
  to.resize(2 * count, p.rows);
  for (int32_t r = 0; r < p.rows; ++r)
    for (int64_t w = 0; w < count; ++w) {
      Pair pair;
      std::memcpy(&pair, p.left + r * p.left_row_stride + first + w * p.left_word_stride, sizeof pair);
      to(2 * w, r) = pair.low;
      to(2 * w + 1, r) = pair.high;
    }
}

void multiply_pairs(const MatrixProduct& p) {
  constexpr int64_t kWordsAtOnce = 128;  // unpacked operands stay in the cache
  RealSums<double> sums(p);
  Matrix<double> right, left;
  int64_t first = 0;  // word of a column
  for (int32_t s = 0; s < p.segment_count; ++s)
    for (int64_t word = 0, count = 0; word < p.segment_words; word += count, first += count) {
      count = std::min({p.segment_words - word, kWordsAtOnce, sums.room() / 2});
      unpack_right(p, first, count, right);
      unpack_left(p, p.segments[s] + word * p.left_word_stride, count, left);
      sums.add(right, left);
    }
  sums.move();
}

// ---- depthwise: channel by channel, some positions at a time ---------------------------------------------

struct FloatWords {
  using Real = float;
  static constexpr int kValues = 1;
  static void add(const uint32_t* source, const uint32_t* weights, Block16<float>& sums) {
    using Words = Eigen::Map<const Block16<float>>;
    sums += Words(reinterpret_cast<const float*>(source)) * Words(reinterpret_cast<const float*>(weights));
  }
};

struct PairWords {
  using Real = double;
  static constexpr int kValues = 2;
  static void add(const uint32_t* source, const uint32_t* weights, Block16<double>& sums) {
    for (int c = 0; c < kColumnBlock; ++c) {
      const auto x = std::bit_cast<Pair>(source[c]);
      const auto w = std::bit_cast<Pair>(weights[c]);
      sums[c] += static_cast<double>(x.low) * w.low + static_cast<double>(x.high) * w.high;
    }
  }
};

/// kPositions positions of one block of channels, in stretches of taps whose sums are exact.
template <class Words, int kPositions>
void correlate_tile(const DepthwiseProduct& p, int32_t position, int32_t block) {
  using Real = typename Words::Real;
  constexpr auto kTaps = static_cast<int32_t>(kExactTerms<Real> / Words::kValues);
  const int64_t offset = position * p.position_stride + block * kColumnBlock;
  const int32_t* from = p.start + block * kColumnBlock;
  int64_t from_stride = 0;
  int32_t* to = p.sums + position * p.sum_stride + block * kColumnBlock;
  int32_t tap = 0;
  do {
    Block16<Real> sums[kPositions];
    for (Block16<Real>& sum : sums) sum.setZero();
    for (const int32_t end = std::min(p.taps, tap + kTaps); tap < end; ++tap) {
      const uint32_t* weights = p.weights + (int64_t{tap} * p.blocks + block) * kColumnBlock;
      for (int i = 0; i < kPositions; ++i)
        Words::add(p.tap_rows[tap] + offset + i * p.position_stride, weights, sums[i]);
    }
    for (int i = 0; i < kPositions; ++i)
      add_integers(sums[i].data(), from + i * from_stride, kColumnBlock, to + i * p.sum_stride);
    from = to, from_stride = p.sum_stride;
  } while (tap < p.taps);
}

template <class Words>
void correlate_all(const DepthwiseProduct& p) {
  for (int32_t block = 0; block < p.blocks; ++block) {
    int32_t position = 0;
    for (; position + 2 <= p.positions; position += 2) correlate_tile<Words, 2>(p, position, block);
    for (; position < p.positions; ++position) correlate_tile<Words, 1>(p, position, block);
  }
}

}  // namespace

void multiply_eigen(const MatrixProduct& product) {
  switch (product.format) {
    case WordFormat::float32:
      return multiply_floats(product);
    case WordFormat::int16_pairs:
      return multiply_pairs(product);
    case WordFormat::byte_quads:
      return multiply_portable(product);
  }
}

void correlate_depthwise_eigen(const DepthwiseProduct& product) {
  switch (product.format) {
    case WordFormat::float32:
      return correlate_all<FloatWords>(product);
    case WordFormat::int16_pairs:
      return correlate_all<PairWords>(product);
    case WordFormat::byte_quads:
      return correlate_depthwise_portable(product);
  }
}

}  // namespace thaw
