// The integer arithmetic is that of TensorFlow Lite Micro's reference kernels, which use gemmlowp's
// fixed-point functions on 32 bits; doubled roundings included. Names of the primitives: docs/arithmetic.md,
// section 1.
#include "sim/plan/look_up_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <utility>
#include <variant>

#include "engine/kernels/fixed_point.h"
#include "sim/graph/quantized_multiplier.h"

namespace thaw {
namespace {

constexpr int32_t kOne = INT32_MAX;    // Q0.31
constexpr int32_t kFractionBits = 27;  // of arguments: Q4.27

int32_t shifted_up(int32_t x, int32_t bits) {
  return thaw_sat_to_32(int64_t{x} * (int64_t{1} << bits));
}

/// e^x for x in [-1/4, 0): Q0.31 to Q0.31.
int32_t exponential_near_zero(int32_t x) {
  const int32_t u = x + (1 << 28);
  const int32_t u2 = thaw_srdhm(u, u);
  const int32_t u3 = thaw_srdhm(u2, u);
  const int32_t u4 = thaw_srdhm(u2, u2);
  const int32_t p = thaw_rdbpot(thaw_srdhm(thaw_rdbpot(u4, 2) + u3, 715827883) + u2, 1);
  return thaw_sat_to_32(int64_t{1895147668} + thaw_srdhm(1895147668, u + p));
}

/// e^x for x <= 0, x with `integer_bits` of 31 bits before the point, to Q0.31.
int32_t exponential(int32_t x, int32_t integer_bits) {
  if (x == 0) return kOne;
  const int32_t fraction_bits = 31 - integer_bits;
  const int32_t quarter = 1 << (fraction_bits - 2);
  const int32_t rest = (x & (quarter - 1)) - quarter;
  int32_t result = exponential_near_zero(shifted_up(rest, integer_bits));
  const int32_t whole = rest - x;
  constexpr std::pair<int32_t, int32_t> kPowers[] = {{-2, 1672461947}, {-1, 1302514674}, {0, 790015084},
                                                     {1, 290630308},   {2, 39332535},    {3, 720401},
                                                     {4, 242}};
  for (const auto& [exponent, factor] : kPowers)
    if (exponent < integer_bits && (whole & (1 << (fraction_bits + exponent))) != 0)
      result = thaw_srdhm(result, factor);
  return result;
}

/// 2 / (1 + x) for x in [0, 1): Q0.31 to Q2.29, by Newton's method.
int32_t twice_reciprocal(int32_t x) {
  const auto half = static_cast<int32_t>((int64_t{x} + kOne + 1) / 2);
  int32_t y = 1515870810 + thaw_srdhm(half, -1010580540);
  for (int i = 0; i < 3; ++i) y += shifted_up(thaw_srdhm(y, (1 << 29) - thaw_srdhm(half, y)), 2);
  return y;
}

/// Q4.27 to Q0.31.
int32_t logistic(int32_t x) {
  if (x == 0) return 1 << 30;
  const int32_t positive = shifted_up(twice_reciprocal(exponential(x > 0 ? -x : x, 4)), 1);
  return x > 0 ? positive : kOne - positive;
}

/// Q4.27 to Q0.31.
int32_t hyperbolic_tangent(int32_t x) {
  if (x == 0) return 0;
  const int32_t t = shifted_up(twice_reciprocal(exponential(x > 0 ? -x : x, 5)) - (1 << 29), 2);
  return x > 0 ? t : -t;
}

double real_scale(const Tensor& tensor) {
  return static_cast<double>(tensor.quantization.scale());
}

/// The table of a saturating function of Q4.27, its Q0.31 value in `bits` bits behind the point.
struct Saturating {
  std::function<int32_t(int32_t)> function;
  int32_t bits, zero_point;

  int8_t operator()(int32_t centred, QuantizedMultiplier scale) const {
    const double radius = std::floor(15.0 * std::ldexp(1.0, kFractionBits - scale.shift));
    if (centred <= -radius) return INT8_MIN;
    if (centred >= radius) return INT8_MAX;
    const int32_t value = function(thaw_mbqm(centred, scale.multiplier, scale.shift));
    return static_cast<int8_t>(thaw_sat32(thaw_rdbpot(value, 31 - bits) + zero_point, INT8_MIN, INT8_MAX));
  }
};

int16_t to_16(int64_t x) {
  return static_cast<int16_t>(std::clamp<int64_t>(x, INT16_MIN, INT16_MAX));
}

/// The high half of 2ab of 16 bits, halves up; that of both -2^15 saturates.
int16_t rounded_high(int16_t a, int16_t b) {
  return to_16(thaw_asr64(int64_t{a} * b + (1 << 14), 15));
}

/// A factor as 16 bits of mantissa and an exponent.
struct NarrowMultiplier {
  int16_t multiplier = 0;
  int32_t shift = 0;

  explicit NarrowMultiplier(float factor) {
    const QuantizedMultiplier wide = quantize_multiplier(static_cast<double>(factor));
    multiplier = to_16((int64_t{wide.multiplier} + (1 << 15)) >> 16);
    shift = wide.shift;
  }
};

/// x * clamp(x + 3, 0, 6) / 6 in 16 bits: x in units of 1/128 of its scale, the second factor with 32768 = 3,
/// made to run from 0 to 32767.
int8_t hard_swish(int32_t centred, float in_scale, float out_scale, int32_t zero) {
  const float fine_scale = (1.0F / 128.0F) * in_scale;
  const NarrowMultiplier output(fine_scale / out_scale), ramp(fine_scale / (3.0F / 32768.0F));
  const auto fine = static_cast<int16_t>(centred * 128);
  int16_t slope = fine;
  if (ramp.shift > 0) slope = to_16(int64_t{slope} * (int64_t{1} << std::min(ramp.shift - 1, 31)));
  slope = rounded_high(slope, ramp.multiplier);
  if (ramp.shift > 0) slope = to_16(int64_t{slope} * 2);
  if (ramp.shift < 0) slope = static_cast<int16_t>(thaw_rdbpot(slope, std::min(-ramp.shift, 31)));
  slope = static_cast<int16_t>(thaw_asr32(slope + (1 << 15), 1));
  const int32_t product = slope * rounded_high(fine, output.multiplier) / (1 << 15);  // towards zero
  return static_cast<int8_t>(
      thaw_sat32(thaw_rdbpot(product, std::min(-output.shift, 31)) + zero, INT8_MIN, INT8_MAX));
}

/// e^x - 1 below 0, x from there on, in float32 as the reference kernel fills its table; halves away from 0.
int8_t exponential_unit(int32_t centred, float in_scale, float out_scale, int32_t zero) {
  const float x = in_scale * static_cast<float>(centred);
  const float y = x < 0.0F ? std::exp(x) - 1.0F : x;
  const float rounded = std::round(y * (1.0F / out_scale));
  if (rounded >= 512.0F) return INT8_MAX;  // whatever the zero point
  if (!(rounded > -512.0F)) return INT8_MIN;
  return static_cast<int8_t>(thaw_sat32(static_cast<int32_t>(rounded) + zero, INT8_MIN, INT8_MAX));
}

/// Bits that a number can be shifted to the left without leaving int32.
int32_t headroom(int32_t x) {
  return std::countl_zero(x >= 0 ? static_cast<uint32_t>(x) : 2 * static_cast<uint32_t>(-x) - 1) -
         (x >= 0 ? 1 : 0);
}

/// centred / divisor times the factor between their scales: by the divisor's reciprocal in Q0.31 of its
/// normal form, in as many bits as the dividend leaves. -255 to 255; divisor not 0.
int32_t quotient(int32_t centred, int32_t divisor, const QuantizedMultiplier& factor) {
  if (divisor < 0) return quotient(-centred, -divisor, factor);
  const int32_t zeros = std::countl_zero(static_cast<uint32_t>(divisor));
  const auto fraction = static_cast<int32_t>((static_cast<uint32_t>(divisor) << zeros) - (UINT32_C(1) << 31));
  const int32_t reciprocal = shifted_up(twice_reciprocal(fraction), 1);
  const int32_t bits = headroom(centred);
  const int32_t unscaled = thaw_srdhm(shifted_up(centred, bits), reciprocal);
  const int32_t shift = bits + (31 - zeros) - factor.shift;
  return shift > 31 ? 0 : thaw_rdbpot(thaw_srdhm(unscaled, factor.multiplier), shift);
}

double divisor_of(const Graph& graph, const Op& op) {
  const Tensor& divisor = graph.tensor(op.inputs[1]);
  return (divisor.int8_data()[0] - divisor.quantization.zero_point()) * real_scale(divisor);
}

/// One value of the table of DIV.
int8_t divided(const Graph& graph, const Op& op, int32_t x) {
  const Tensor& input = graph.tensor(op.inputs[0]);
  const Tensor& divisor = graph.tensor(op.inputs[1]);
  const Tensor& output = graph.tensor(op.outputs[0]);
  // A product and a quotient in float32, as the reference kernel forms them.
  const float factor =
      input.quantization.scale() / (divisor.quantization.scale() * output.quantization.scale());
  const int32_t value = quotient(x - input.quantization.zero_point(),
                                 divisor.int8_data()[0] - divisor.quantization.zero_point(),
                                 quantize_multiplier(static_cast<double>(factor)));
  return static_cast<int8_t>(thaw_sat32(value + output.quantization.zero_point(), INT8_MIN, INT8_MAX));
}

/// One value of the table.
int8_t value_at(const Graph& graph, const Op& op, int32_t x) {
  const Unary& unary = std::get<Unary>(op.kind);
  const Tensor& input = graph.tensor(op.inputs[0]);
  const Tensor& output = graph.tensor(op.outputs[0]);
  const int32_t centred = x - input.quantization.zero_point();
  const int32_t zero = output.quantization.zero_point();
  const QuantizedMultiplier fixed = quantize_multiplier(real_scale(input) * (1 << kFractionBits));
  const double ratio = real_scale(input) / real_scale(output);
  const auto scaled = [&](double factor) {
    const QuantizedMultiplier m = quantize_multiplier(factor);
    return thaw_mbqm(centred, m.multiplier, m.shift) + zero;
  };
  switch (unary.function) {
    case UnaryFunction::logistic:
      return Saturating{logistic, 8, -128}(centred, fixed);
    case UnaryFunction::tanh:
      return Saturating{hyperbolic_tangent, 7, 0}(centred, fixed);
    case UnaryFunction::leaky_relu: {
      const double slope =
          centred >= 0 ? ratio : real_scale(input) * static_cast<double>(unary.alpha) / real_scale(output);
      return static_cast<int8_t>(thaw_sat32(scaled(slope), INT8_MIN, INT8_MAX));
    }
    case UnaryFunction::relu:
      return static_cast<int8_t>(thaw_sat32(scaled(ratio), std::max<int32_t>(INT8_MIN, zero), INT8_MAX));
    case UnaryFunction::relu6: {
      const auto six = static_cast<int64_t>(std::round(6.0F / input.quantization.scale()));
      const int32_t low = input.quantization.zero_point();
      return static_cast<int8_t>(std::clamp<int64_t>(x, low, std::min<int64_t>(INT8_MAX, low + six)));
    }
    case UnaryFunction::hard_swish:
      return hard_swish(centred, input.quantization.scale(), output.quantization.scale(), zero);
    case UnaryFunction::elu:
      return exponential_unit(centred, input.quantization.scale(), output.quantization.scale(), zero);
    case UnaryFunction::divide:
      return divided(graph, op, x);
  }
  return 0;
}

/// f(real) and f'(real).
std::pair<double, double> function_at(const Graph& graph, const Op& op, double x) {
  const Unary& unary = std::get<Unary>(op.kind);
  const double logistic_value = 1.0 / (1.0 + std::exp(-x));
  switch (unary.function) {
    case UnaryFunction::logistic:
      return {logistic_value, logistic_value * (1.0 - logistic_value)};
    case UnaryFunction::tanh:
      return {std::tanh(x), 1.0 - std::tanh(x) * std::tanh(x)};
    case UnaryFunction::leaky_relu: {
      const double slope = x > 0.0 ? 1.0 : static_cast<double>(unary.alpha);
      return {x * slope, slope};
    }
    case UnaryFunction::relu:
      return {std::max(x, 0.0), x > 0.0 ? 1.0 : 0.0};
    case UnaryFunction::relu6:
      return {std::clamp(x, 0.0, 6.0), x > 0.0 && x < 6.0 ? 1.0 : 0.0};
    case UnaryFunction::hard_swish: {
      const double ramp = std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
      return {x * ramp, ramp + (x > -3.0 && x <= 3.0 ? x / 6.0 : 0.0)};
    }
    case UnaryFunction::elu:
      return x < 0.0 ? std::pair(std::expm1(x), std::exp(x)) : std::pair(x, 1.0);
    case UnaryFunction::divide:
      return {x / divisor_of(graph, op), 1.0 / divisor_of(graph, op)};
  }
  return {0.0, 0.0};
}

}  // namespace

std::vector<int8_t> look_up_table(const Graph& graph, const Op& op) {
  std::vector<int8_t> table;
  for (int32_t x = INT8_MIN; x <= INT8_MAX; ++x) table.push_back(value_at(graph, op, x));
  return table;
}

LookUpSlopes look_up_slopes(const Graph& graph, const Op& op) {
  const bool is_unary = std::holds_alternative<Unary>(op.kind);
  const Quantization& in = graph.tensor(op.inputs[0]).quantization;
  const Quantization& out = graph.tensor(op.outputs[0]).quantization;
  const double in_scale = static_cast<double>(in.scale()), out_scale = static_cast<double>(out.scale());
  std::vector<double> slopes;
  double largest = 0.0;
  for (int32_t x = INT8_MIN; x <= INT8_MAX; ++x) {
    const double real = (x - in.zero_point()) * in_scale;
    const auto [value, slope] = is_unary ? function_at(graph, op, real) : std::pair(real, 1.0);
    const double rounded = std::round(value / out_scale) + out.zero_point();
    slopes.push_back(rounded < INT8_MIN || rounded > INT8_MAX ? 0.0 : slope * in_scale / out_scale);
    largest = std::max(largest, std::abs(slopes.back()));
  }
  LookUpSlopes result;
  if (largest > 0.0) result.factor = largest / kSlopeOne;
  for (double slope : slopes)
    result.slopes.push_back(static_cast<int16_t>(std::llround(slope / result.factor)));
  return result;
}

}  // namespace thaw
