// The table below is what `arm-none-eabi-size` prints (text, which has the constant tables in it) for
//   arm-none-eabi-gcc 12.2 -std=c11 -O2 -mcpu=cortex-m7 -mthumb -mfloat-abi=soft -c engine/kernels/*.c
// and, for what the compiler calls, for the members of its libgcc and newlib-nano. At -O3 the same kernels
// take 1.2 times as much. Not measured: what a generated call and the firmware's frame take.
#include "memmodel/code_size.h"

#include <algorithm>
#include <array>
#include <iterator>

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
  kClassifierBackward,
  kGradient,
  kConvolutionGradient,
  kDepthwiseGradient,
  kUpdateConvolution,
  kUpdateDepthwise,
  kUpdateBiases,
  kDivision,
  kSoftFloat,
  kPartCount,
};

struct Size {
  const char* name;
  int64_t bytes;
};

constexpr std::array<Size, kPartCount> kSizes = {{
    {"start-up, vectors, public functions (assumed)", 2048},
    {"a generated call with its parameters (assumed)", 96},
    {"memcpy, memset", 308 + 164},
    {"convolution", 1036},
    {"depthwise convolution", 848},
    {"add", 956},
    {"average pool", 304},
    {"max pool", 248},
    {"mean", 728},
    {"pad", 224},
    {"transpose", 224},
    {"softmax", 732 + 524},  // with exponential.c
    {"requantize", 320},
    {"quantize", 200},
    {"dequantize", 52},
    {"gather channels", 48},  // a loop in the generated code
    {"classifier", 316},
    {"softmax loss", 1900},
    {"classifier backward and update", 1060},
    {"gradient", 1152},
    {"convolution input gradient", 448},
    {"depthwise input gradient", 416},
    {"update convolution weights", 1092},
    {"update depthwise weights", 1040},
    {"update biases", 612},
    {"64-bit division", 160 + 48 + 768 + 708},
    {"software floating point", 540 + 672 + 236 + 76},
}};

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
  void operator()(const FeatureGradient&) { use(kClassifierBackward); }
  void operator()(const MakeGradient&) {
    // The gradient kernel calls both row functions, whichever its sources are.
    use(kGradient);
    use(kConvolutionGradient);
    use(kDepthwiseGradient);
  }
  void operator()(const UpdateWeights& k) { use(k.depthwise ? kUpdateDepthwise : kUpdateConvolution); }
  void operator()(const UpdateBiases&) { use(kUpdateBiases); }
  void operator()(const UpdateClassifier&) { use(kClassifierBackward); }
};

}  // namespace

std::vector<CodePart> code_size_estimate(const Plan& plan) {
  Parts parts;
  parts.use(kFrame);
  parts.use(kCalls);
  parts.use(kMemory);
  for (const Step& step : plan.steps) std::visit([&](const auto& kernel) { parts(kernel); }, step.kernel);
  std::vector<CodePart> result;
  for (size_t part = 0; part < kPartCount; ++part) {
    if (!parts.used[part]) continue;
    const auto calls = part == kCalls ? static_cast<int32_t>(plan.steps.size()) : 0;
    result.push_back(
        {kSizes[part].name, calls, part == kCalls ? kSizes[part].bytes * calls : kSizes[part].bytes});
  }
  return result;
}

}  // namespace thaw
