#include "sim/plan/feed_rows.h"

#include <algorithm>
#include <optional>
#include <string>

#include "sim/plan/row_bands.h"

namespace thaw {
namespace {

/// The only step that reads the only input, where it may take it row by row; else why not.
struct Reader {
  std::optional<size_t> step;
  std::string obstacle;
};

Reader row_reader(const Plan& plan) {
  if (plan.inputs.size() != 1) return {{}, "it has more than one input"};
  const BufferId input = plan.inputs[0];
  if (std::find(plan.outputs.begin(), plan.outputs.end(), input) != plan.outputs.end())
    return {{}, "it is an output too"};
  Reader reader;
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    const std::vector<BufferId>& read = plan.steps[s].reads;
    if (std::find(read.begin(), read.end(), input) == read.end()) continue;
    if (reader.step) return {{}, "more than one layer reads it"};
    reader.step = s;
  }
  if (!reader.step) return {{}, "no layer reads it"};
  if (*reader.step != 0) return {{}, "other layers run before the one that reads it"};
  const Step& step = plan.steps[*reader.step];
  const auto* k = std::get_if<ConvolutionForward>(&step.kernel);
  if (k == nullptr) return {{}, "'" + step.name + "', which reads it, is no convolution"};
  if (k->input != input || !is_row_kernel(plan, step.kernel))
    return {{}, "'" + step.name + "', which reads it, is trained or passed by a gradient"};
  if (k->window.input_elements() != plan.buffer(input).bytes || k->window.input_height != plan.input_rows)
    return {{}, "'" + step.name + "' reads it in another shape"};
  return reader;
}

}  // namespace

Plan feed_rows(const Plan& plan) {
  Plan result = plan;
  const Reader reader = row_reader(plan);
  if (!reader.step) {
    result.notes.push_back({"input by rows", "the image stays whole: " + reader.obstacle, 0});
    return result;
  }
  Buffer& input = result.buffers[plan.inputs[0].index()];
  input.kind = BufferKind::caller;
  result.notes.push_back(
      {"input by rows", "the application gives the image row by row", reserved_bytes(input)});
  return result;
}

bool input_comes_by_rows(const Plan& plan) {
  return plan.inputs.size() == 1 && plan.buffer(plan.inputs[0]).kind == BufferKind::caller;
}

}  // namespace thaw
