// The table below is what `arm-none-eabi-size` prints (text, which has the constant tables in it) for
//   arm-none-eabi-gcc 12.2 -std=c11 -mcpu=cortex-m7 -mthumb -mfloat-abi=soft -c engine/kernels/*.c
//   engine/kernels/dsp/*.c
// as the generated Makefile compiles them: with -O2, hot ones raising it themselves. What the compiler calls
// is from the members of its libgcc and newlib-nano; frame and calls were fitted to linked firmware, whose
// test program writes records but has no slots (docs/firmware.md).
#include "memmodel/code_size.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "sim/plan/feed_rows.h"
#include "sim/plan/training_plan.h"

namespace thaw {
namespace {

enum Part : size_t {
  kFrame,
  kCalls,
  kMemory,
  kConvolution,
  kDepthwise,
  kAdd,
  kAveragePool,
  kMaxPool,
  kMean,
  kPad,
  kTranspose,
  kSoftmax,
  kRequantize,
  kQuantize,
  kDequantize,
  kGather,
  kClassifier,
  kSoftmaxLoss,
  kSquaredLoss,
  kClassifierBackward,
  kClampedFeatures,
  kGradient,
  kConvolutionGradient,
  kDepthwiseGradient,
  kMaxPoolGradient,
  kAveragePoolGradient,
  kViewGradient,
  kBinary,
  kBinaryGradient,
  kTable,
  kTableGradient,
  kView,
  kResize,
  kResizeGradient,
  kLstm,
  kUpdateConvolution,
  kUpdateDepthwise,
  kUpdateBiases,
  kDivision,
  kSoftFloat,
  kPartCount,
};

struct Size {
  const char* name;
  int64_t portable;
  int64_t dsp;
};

constexpr int64_t kInferenceFrameBytes = 2000;  // of a firmware that does not train

/// Bytes without and with DSP kernels. Cortex-M4, M7 and M55 differ by 1 %.
constexpr std::array<Size, kPartCount> kSizes = {{
    {"start-up, vectors, public functions, test program", 3900, 3900},
    {"calls and their parameters", 0, 0},  // see call_bytes
    {"memcpy, memset", 308 + 164, 308 + 164},
    {"convolution", 1056, 10164 + 900},  // with columns.c
    {"depthwise convolution", 990, 8840},
    {"add", 970, 2076},
    {"average pool", 400, 400},
    {"max pool", 468, 468},
    {"mean", 772, 772},
    {"pad", 224, 224},
    {"transpose", 232, 232},
    {"softmax", 716 + 516, 716 + 516},  // with exponential.c
    {"requantize", 330, 330},
    {"quantize", 200, 200},
    {"dequantize", 52, 52},
    {"gather channels", 48, 48},
    {"classifier", 324, 324},
    {"softmax loss", 1896, 1896},
    {"squared loss", 200, 200},
    {"classifier backward and update", 1068, 1068},
    {"clamped features", 48, 48},
    {"gradient", 124 + 752 + 640 + 424, 16876 + 616 + 640},  // with gradient_pass.c, _rows.c, _planes.c
    {"convolution input gradient", 612, 612},
    {"depthwise input gradient", 490, 490},
    {"max pool input gradient", 396, 396},
    {"average pool input gradient", 480, 480},
    {"view input gradient", 188, 188},
    {"element-wise", 1352, 1352},
    {"element-wise input gradient", 560, 560},
    {"look-up", 32, 32},
    {"look-up input gradient", 76, 76},
    {"move elements", 160, 160},
    {"resize", 440, 440},
    {"resize input gradient", 184, 184},
    {"lstm", 2056, 2056},
    {"update convolution weights", 1080, 4992},
    {"update depthwise weights", 1048, 1048},
    {"update biases", 604, 1616},
    {"64-bit division", 160 + 48 + 768 + 708, 160 + 48 + 768 + 708},
    {"software floating point", 540 + 672 + 236 + 76, 540 + 672 + 236 + 76},
}};

/// The parts that have a version for Helium, compiled for a Cortex-M55 with -mfloat-abi=hard.
int64_t helium_bytes(Part part) {
  switch (part) {
    case kConvolution:
      return 9796;
    case kDepthwise:
      return 12164;
    case kAdd:
      return 1372;
    case kGradient:
      return 9520 + 616 + 640;  // with gradient_pass.c, gradient_rows.c
    case kUpdateConvolution:
      return 5928;
    case kUpdateBiases:
      return 1412;
    default:
      return kSizes[part].dsp;
  }
}

int64_t bytes_of(Part part, DeviceKernels kernels) {
  if (kernels == DeviceKernels::helium) return helium_bytes(part);
  return kernels == DeviceKernels::dsp ? kSizes[part].dsp : kSizes[part].portable;
}

/// Marks what one kernel call links; one overload a kernel, so that a new one fails to compile until it is
/// here.
struct Parts {
  std::array<bool, kPartCount> used{};

  void use(Part part) { used[part] = true; }

  void operator()(const ConvolutionForward& k) { use(k.depthwise ? kDepthwise : kConvolution); }
  void operator()(const AddForward&) { use(kAdd); }
  void operator()(const PoolForward& k) { use(k.maximum ? kMaxPool : kAveragePool); }
  void operator()(const MeanForward&) { use(kMean); }
  void operator()(const PadForward&) { use(kPad); }
  void operator()(const TransposeForward&) { use(kTranspose); }
  void operator()(const CopyForward&) {}
  void operator()(const SoftmaxForward&) { use(kSoftmax); }
  void operator()(const RequantizeForward&) { use(kRequantize); }
  void operator()(const QuantizeForward&) {
    use(kQuantize);
    use(kSoftFloat);
  }
  void operator()(const DequantizeForward&) {
    use(kDequantize);
    use(kSoftFloat);
  }
  void operator()(const GatherChannels&) { use(kGather); }
  void operator()(const ClassifierForward&) { use(kClassifier); }
  void operator()(const SoftmaxLoss&) {
    use(kSoftmaxLoss);
    use(kDivision);
  }
  void operator()(const SquaredLoss&) {
    use(kSquaredLoss);
    use(kDivision);
  }
  void operator()(const FeatureGradient& k) {
    use(kClassifierBackward);
    if (k.clamped.present()) use(kClampedFeatures);
  }
  void operator()(const MakeGradient& k) {
    // The gradient kernel calls both row functions, whichever its sources are.
    use(kGradient);
    use(kConvolutionGradient);
    use(kDepthwiseGradient);
    for (const GradientSource& source : k.sources)
      if (const auto* from = std::get_if<FromOperator>(&source.from)) std::visit(*this, from->rule);
  }
  void operator()(const MaxPoolRule&) { use(kMaxPoolGradient); }
  void operator()(const AveragePoolRule&) { use(kAveragePoolGradient); }
  void operator()(const ViewRule&) { use(kViewGradient); }
  void operator()(const BinaryRule&) { use(kBinaryGradient); }
  void operator()(const TableRule&) { use(kTableGradient); }
  void operator()(const BinaryForward&) { use(kBinary); }
  void operator()(const TableForward&) { use(kTable); }
  void operator()(const ViewForward&) { use(kView); }
  void operator()(const ResizeRule&) { use(kResizeGradient); }
  void operator()(const ResizeForward&) { use(kResize); }
  void operator()(const LstmForward&) { use(kLstm); }
  void operator()(const UpdateWeights& k) { use(k.depthwise ? kUpdateDepthwise : kUpdateConvolution); }
  void operator()(const UpdateBiases&) { use(kUpdateBiases); }
  void operator()(const UpdateClassifier&) { use(kClassifierBackward); }
};

/// Same parameters: the generated code then has one structure for both.
bool same_parameters(const ConvolutionForward& a, const ConvolutionForward& b) {
  return a.window == b.window && a.depthwise == b.depthwise && a.depth_multiplier == b.depth_multiplier;
}

/// Bytes of the generated statements and of the constant structures that they name.
struct CallBytes {
  std::vector<const ConvolutionForward*> convolutions;  // with different parameters
  int64_t bytes = 0;

  void operator()(const ConvolutionForward& k) {
    bytes += 40 + (k.trained_weights.present() ? 12 : 0);
    for (const ConvolutionForward* known : convolutions)
      if (same_parameters(*known, k)) return;
    convolutions.push_back(&k);
    bytes += k.depthwise ? 76 : 72;
  }
  void operator()(const AddForward&) { bytes += 28 + 48; }
  void operator()(const CopyForward&) { bytes += 20; }
  void operator()(const MakeGradient&) { bytes += 8 + 128; }
  void operator()(const UpdateBiases&) { bytes += 56 + 44; }
  void operator()(const UpdateWeights&) { bytes += 60 + 44 + 12 + 20; }
  template <class Other>
  void operator()(const Other&) {
    bytes += 30 + 40;
  }
};

}  // namespace

std::vector<CodePart> code_size_estimate(const Plan& plan, DeviceKernels kernels) {
  Parts parts;
  CallBytes calls;
  parts.use(kFrame);
  parts.use(kCalls);
  parts.use(kMemory);
  for (const Step& step : plan.steps) {
    std::visit([&](const auto& kernel) { parts(kernel); }, step.kernel);
    std::visit([&](const auto& kernel) { calls(kernel); }, step.kernel);
  }
  constexpr int64_t kRowPlaceBytes = 4;  // where a row of the caller goes
  if (input_comes_by_rows(plan)) calls.bytes += kRowPlaceBytes * plan.input_rows;
  std::vector<CodePart> result;
  for (size_t part = 0; part < kPartCount; ++part) {
    if (!parts.used[part]) continue;
    const Size& size = kSizes[part];
    if (part == kFrame && infers_only(plan))
      result.push_back({size.name, 0, kInferenceFrameBytes});
    else if (part == kCalls)
      result.push_back({size.name, static_cast<int32_t>(plan.steps.size()), calls.bytes});
    else
      result.push_back({size.name, 0, bytes_of(static_cast<Part>(part), kernels)});
  }
  return result;
}

}  // namespace thaw
