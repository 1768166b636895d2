// The Plan: everything about inference and one training step that can be decided before the device runs.
// A list of buffers with lifetimes and a list of kernel calls in order; the memory model lays the buffers
// out, the simulator executes the steps, the code generator prints them. Nobody adds anything of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/kernels/add.h"
#include "engine/kernels/channel_scale.h"
#include "engine/kernels/classifier.h"
#include "engine/kernels/dequantize.h"
#include "engine/kernels/gather_channels.h"
#include "engine/kernels/mean.h"
#include "engine/kernels/pad.h"
#include "engine/kernels/pool2d.h"
#include "engine/kernels/quantize.h"
#include "engine/kernels/requantize.h"
#include "engine/kernels/softmax.h"
#include "engine/kernels/softmax_loss.h"
#include "engine/kernels/transpose.h"
#include "sim/graph/activation_range.h"
#include "sim/graph/graph.h"
#include "sim/graph/id.h"
#include "sim/graph/quantized_multiplier.h"
#include "sim/plan/convolution_window.h"
#include "sim/plan/element_kernels.h"
#include "sim/plan/gradient_rule.h"
#include "sim/plan/task.h"

namespace thaw {

/// Where a buffer lives and what it holds.
enum class BufferKind {
  activation,   // arena: output of a forward operator, int8 (float32 at the ends of some models)
  gradient,     // arena: gradient tensor, int8 or int16, or int32 feature gradient
  mask,         // arena: one bit an output element, 1 = not clamped; winners of a maximum pool
  saved_input,  // arena: selected channels of an activation kept for a weight gradient
  scratch,      // arena: lives within one step or a few neighbouring ones
  variable,     // arena, alive at every step: what the model keeps from one inference to the next
  state,        // persistent RAM: trained values, exponents, result of the last step
  constant,     // flash
  caller,       // with the application, which gives it row by row: the image (feed_rows.h)
};

/// True for the kinds that the planner places in the arena.
constexpr bool in_arena(BufferKind kind) {
  return kind != BufferKind::state && kind != BufferKind::constant && kind != BufferKind::caller;
}

/// How a state buffer or a variable gets its first value.
enum class InitialValue {
  zero,
  copy_of_constant,    // `initial` names the constant buffer
  repeated_constant,   // `initial` names a constant of one byte, which all bytes are
  gradient_exponents,  // every (e, cnt) = (-64, 0), arithmetic section 6
  fresh_classifier,    // arithmetic section 5: counter-based random numbers of the run's seed
};

/// One buffer. Lifetimes are step numbers, both ends inclusive: two buffers whose lifetimes share a step
/// must not overlap in the arena. `data` is filled for constants only and has exactly `bytes` bytes.
struct Buffer {
  BufferId id;
  std::string name;
  BufferKind kind = BufferKind::activation;
  int64_t bytes = 0;
  int32_t alignment = 4;  // of the start address; power of two
  int32_t first_step = 0;
  int32_t last_step = 0;
  std::vector<std::byte> data;
  InitialValue initial_value = InitialValue::zero;
  BufferId initial;
  TensorId tensor;  // the model tensor it holds, where there is one
};

enum class Phase { forward, loss, backward, update };

/// "forward", "loss", "backward" or "update".
const char* phase_name(Phase phase);

// Steps hold the parameters of their kernels as the kernels take them (engine/kernels): filled in lowering,
// passed by the simulator, printed by the generator. Where such a structure points at data, the step names
// the buffer instead.

// ---- forward kernels -------------------------------------------------------------------------------------

/// CONV_2D (also FULLY_CONNECTED as 1x1 with height = rows) and DEPTHWISE_CONV_2D.
/// `weights`: constant, OHWI or (depthwise) HWC, zeros where a channel is trained; absent if all are trained.
/// `trained_weights`: state int8, [output][rank][tap] or (depthwise) [rank][tap]; `trained_channels`:
/// ascending input channels (depthwise: output channels), also the order of the ranks. Where the window is a
/// band of rows of a larger image, `input_offset` and `output_offset` say how many bytes into their buffers
/// it begins (see `stream_rows.h`).
struct ConvolutionForward {
  Window window;
  bool depthwise = false;
  int32_t depth_multiplier = 1;
  BufferId input, weights, bias, multipliers, shifts, output;
  int64_t input_offset = 0, output_offset = 0;
  BufferId mask;                           // absent where no gradient passes
  BufferId scratch;                        // scratch_bytes of it, int32
  BufferId trained_weights;                // absent where frozen
  BufferId trained_channel_list;           // constant uint16; present with trained_weights
  std::vector<uint16_t> trained_channels;  // the same list, for reading
};

/// Offsets in bytes as in ConvolutionForward.
struct AddForward {
  thaw_add add = {};
  BufferId first_input, second_input, output, mask;
  int64_t first_offset = 0, second_offset = 0, output_offset = 0;
};

/// `mask` as in ConvolutionForward; `winners` (max_pool2d.h) where gradients pass a maximum pool.
struct PoolForward {
  bool maximum = false;  // else average
  thaw_pool2d pool = {};
  BufferId input, output, mask, winners;
};

/// MEAN over the axes marked true of a tensor padded to four dimensions (TFLite Micro's integer rule).
struct MeanForward {
  thaw_mean mean = {};
  BufferId input, output, mask;
};

/// Pads a tensor of up to four dimensions with `value`.
struct PadForward {
  thaw_pad pad = {};
  BufferId input, output;
};

struct TransposeForward {
  thaw_transpose transpose = {};
  BufferId input, output;
};

/// Also within one buffer, towards its start: `output_offset` below `input_offset`, bytes in ascending order.
struct CopyForward {
  int64_t bytes = 0;
  BufferId input, output;
  int64_t input_offset = 0, output_offset = 0;
};

struct SoftmaxForward {
  thaw_softmax softmax = {};
  BufferId input, output;
};

struct RequantizeForward {
  thaw_requantize requantize = {};
  BufferId input, output;
};

struct QuantizeForward {
  thaw_quantize quantize = {};
  BufferId input, output;
};

struct DequantizeForward {
  thaw_dequantize dequantize = {};
  BufferId input, output;
};

/// Copies the trained channels of an activation: [position][rank]. Used where not all channels are trained.
struct GatherChannels {
  thaw_gather_channels gather = {};
  BufferId channel_list, input, output;
};

// ---- loss ------------------------------------------------------------------------------------------------

/// logits[c] = saturate(sum weights[c][i] * (features[i] - zero point) + biases[c]); arithmetic section 5.1.
/// `start_bound`: largest magnitude of a fresh weight; 0 where the weights start from the model's own.
struct ClassifierForward {
  thaw_classifier classifier = {};
  int32_t start_bound = 0;
  BufferId input, weights, biases, logits;
};

/// Softmax cross-entropy: error (int32) and the StepResult in `result`; section 5.2 to 5.6.
struct SoftmaxLoss {
  thaw_softmax_loss_scale scale = {};
  BufferId logits, error, result;
};

/// Mean squared error (section 17); `error` is the feature gradient. `target` absent: StepInput::target.
struct SquaredLoss {
  int32_t count = 0;
  BufferId output, target, error, result;
};

/// What the `result` buffer holds after a training step.
struct StepResult {
  int64_t loss = 0;            // Q16: nats, or squared steps of the output (section 17)
  int32_t prediction = 0;      // before the update: the class, or the first of the outputs
  int32_t error_exponent = 0;  // ee of section 5 or 17
};
static_assert(sizeof(StepResult) == 16);

// ---- backward --------------------------------------------------------------------------------------------

/// Gradient of the features from the error and the old classifier weights; section 5, last paragraph.
struct FeatureGradient {
  thaw_classifier classifier = {};
  BufferId error, weights, output;
  BufferId clamped;           // the features, where what averages them may have clamped some; else absent
  ActivationRange unclamped;  // of those, the values that are sure not to have been
};

/// Per-channel real factor C[c] = mantissa[c] * 2^(exponent - 31); `mantissas` is a constant int32 array of
/// length 1 (one factor for all channels) or channels.
struct ChannelScale {
  BufferId mantissas;
  int32_t count = 1;
  int32_t exponent = 0;
};

/// What kernels take; `mantissas` is where the buffer lies.
inline thaw_channel_scale channel_scale(const ChannelScale& scale, const int32_t* mantissas) {
  thaw_channel_scale made = {};
  made.mantissas = mantissas;
  made.count = scale.count;
  made.exponent = scale.exponent;
  return made;
}

/// The feature gradient: one value a channel for all positions, or one an element (`per_element`). Its
/// exponent is the error's + Plan::feature_exponent.
struct FromFeatures {
  BufferId gradient;
  bool per_element = false;
};
/// A stored gradient of the same shape.
struct FromStored {
  BufferId gradient;
  int32_t tensor = 0;  // its number among the plan's gradient tensors
};
/// The input gradient of a convolution, computed row by row with the weights before their update.
struct FromConvolution {
  Window window;
  bool depthwise = false;
  int32_t depth_multiplier = 1;
  BufferId gradient;
  int32_t tensor = 0;
  BufferId weights, trained_weights, trained_channel_list;
  std::vector<uint16_t> trained_channels;
};

/// The input gradient of another operator, computed row by row, its integers times 2^left_shift.
struct FromOperator {
  GradientRule rule;
  BufferId gradient;  // of its output
  int32_t tensor = 0;
  int32_t left_shift = 0;
};

struct GradientSource {
  std::variant<FromFeatures, FromStored, FromConvolution, FromOperator> from;
  ChannelScale scale;
};

/// Makes gradient tensor number `tensor` (section 6) from one or two sources and advances its exponent.
struct MakeGradient {
  int32_t tensor = 0;
  int32_t positions = 0, width = 0, channels = 0;  // width: of the image, for position -> row, column
  BufferId output, mask;                // mask absent: nothing was clamped by this tensor's operator
  BufferId scratch;                     // scratch_bytes of it, int32
  BufferId exponents;                   // Plan::gradient_exponents
  std::vector<GradientSource> sources;  // 1 or 2
};

// ---- updates ---------------------------------------------------------------------------------------------

/// Quantisation-aware scaling of one update: mantissa per output channel, common exponent (section 2).
struct UpdateWeights {
  Window window;
  bool depthwise = false;
  int32_t depth_multiplier = 1;
  int32_t convolution = 0;  // its number, which selects the random stream
  int32_t tensor = 0;       // gradient tensor
  int32_t fraction_bits = 4;
  bool gathered = false;       // saved input is [position][rank] instead of the whole activation
  int32_t saved_channels = 0;  // of the saved input, per position
  ChannelScale scaling;
  std::vector<uint16_t> channels;
  BufferId gradient, saved_input, channel_list, weights, fractions;  // fractions absent for 0 bits
  BufferId scratch;    // scratch_bytes of it, int32; absent where that is 0
  BufferId exponents;  // Plan::gradient_exponents
};

struct UpdateBiases {
  int32_t positions = 0, channels = 0;
  int32_t convolution = 0;  // its number, which selects the random stream
  int32_t tensor = 0;
  int32_t limit = 0;
  ChannelScale scaling;
  BufferId gradient, biases;
  BufferId exponents;  // Plan::gradient_exponents
};

/// Plain stochastic gradient descent on the classifier (section 8, last paragraph).
struct UpdateClassifier {
  thaw_classifier classifier = {};
  bool update_weights = true, update_biases = true;
  ChannelScale weight_scaling, bias_scaling;  // one mantissa each
  BufferId error, input, weights, biases;
};

using Kernel = std::variant<ConvolutionForward, AddForward, PoolForward, MeanForward, PadForward,
                            TransposeForward, CopyForward, SoftmaxForward, RequantizeForward, QuantizeForward,
                            DequantizeForward, BinaryForward, TableForward, ViewForward, ResizeForward,
                            LstmForward, GatherChannels, ClassifierForward, SoftmaxLoss, SquaredLoss,
                            FeatureGradient, MakeGradient, UpdateWeights, UpdateBiases, UpdateClassifier>;

/// Name of the kernel as tables print it, for example "convolution".
const char* kernel_name(const Kernel& kernel);

/// One kernel call. `reads` and `writes` name every buffer it touches (no duplicates, ascending); a buffer
/// in both is updated in place. `macs`: multiply-accumulates of its products, all taps counted.
/// `stream`: steps of one number are bands of the same layers' rows (see `stream_rows.h`); -1 for all others.
struct Step {
  std::string name;
  Phase phase = Phase::forward;
  OpId op;
  Kernel kernel;
  std::vector<BufferId> reads, writes;
  int64_t macs = 0;
  int32_t stream = -1;
};

/// One gradient tensor: its width in bits without sign, b of section 2 (7 = int8, 8..14 = int16).
struct GradientTensor {
  std::string name;
  int32_t bits = 7;
  int64_t elements = 0;
  BufferId buffer;
};

/// What a pass did: for `thaw plan`, a line each.
struct PassNote {
  std::string pass;
  std::string what;              // one sentence
  int64_t bytes_saved = 0;       // of summed buffer bytes
  int64_t peak_bytes_saved = 0;  // of the most bytes alive at a step, after the passes before it
};

/// 128 learning rates, lr = mantissa * 2^(exponent - 15); step t of N has entry floor(128 t / N) (section 2).
struct LearningRate {
  int32_t mantissa = 0;
  int32_t exponent = 0;
};

struct Plan {
  std::string model_file, model_sha256;
  std::vector<Buffer> buffers;
  std::vector<Step> steps;
  std::vector<BufferId> inputs, outputs;  // of the model; outputs empty in a training plan
  int32_t input_rows = 1;                 // height of the first input: the rows that an application gives
  bool trains = false;
  Task task = Task::classify;
  int32_t classes = 0;  // 0 where the task is no classification
  std::vector<GradientTensor> gradient_tensors;
  BufferId gradient_states;      // state: (int8 e, uint8 cnt) per gradient tensor
  BufferId gradient_exponents;   // arena: int32 per gradient tensor, exponent used in this step
  BufferId result;               // state: the StepResult of the last step
  BufferId logits;               // int32 [classes]; absent where the task is no classification
  BufferId output;               // int8, what such a task compares; else absent
  int32_t feature_exponent = 0;  // of the feature gradient, above the error's: h - 12 of section 5, or 0
  std::vector<PassNote> notes;
  std::vector<BufferId> buffer_of_tensor;  // by TensorId: where an activation lies; absent for folded ones

  const Buffer& buffer(BufferId id) const { return buffers[id.index()]; }
};

/// Recomputes `reads`, `writes` of every step from its kernel and the lifetimes of all arena buffers from
/// the steps. Model inputs live from step 0; model outputs to the last step.
void update_lifetimes(Plan& plan);

/// Bytes that a buffer takes in the arena: its size rounded up to its alignment.
int64_t reserved_bytes(const Buffer& buffer);

/// Reserved bytes of the arena buffers alive at each step: no layout's peak is below the largest of them.
std::vector<int64_t> bytes_alive(const Plan& plan);

/// The trained values in the order in which a state record holds them: all state buffers but the result.
std::vector<BufferId> saved_state(const Plan& plan);

/// Whether a step from number `first` on reads a state variable: what it then computes depends on the
/// inferences before.
bool reads_variables(const Plan& plan, size_t first);

/// The buffers a kernel reads and writes (present ids only, ascending, no duplicates).
std::pair<std::vector<BufferId>, std::vector<BufferId>> buffers_of(const Kernel& kernel);

}  // namespace thaw
