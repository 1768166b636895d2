// Which chains are streamed, and in bands of how many rows: dynamic programming over the steps.
#include <algorithm>
#include <limits>
#include <utility>

#include "sim/plan/row_bands.h"
#include "sim/plan/stream_rows.h"

namespace thaw {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

/// The best streams for steps 0..end-1.
struct Choice {
  int64_t bytes = 0;  // most alive
  int64_t calls = 0;
  std::vector<RowStream> streams;
};

/// Bytes of what is alive at any step of the stream beside the tensors between its layers, their scratch and
/// the output.
int64_t bytes_around(const Plan& plan, const RowStream& stream) {
  std::vector<BufferId> apart;
  for (size_t s = stream.first; s <= stream.last; ++s) {
    apart.push_back(row_output(plan.steps[s].kernel));
    if (const auto* k = std::get_if<ConvolutionForward>(&plan.steps[s].kernel)) apart.push_back(k->scratch);
  }
  int64_t bytes = 0;
  for (const Buffer& buffer : plan.buffers) {
    if (!in_arena(buffer.kind) || buffer.last_step < static_cast<int32_t>(stream.first) ||
        buffer.first_step > static_cast<int32_t>(stream.last) ||
        std::find(apart.begin(), apart.end(), buffer.id) != apart.end())
      continue;
    bytes += reserved_bytes(buffer);
  }
  return bytes;
}

/// The last piece is one step as it is, or a stream. A piece that takes more than `limit` bytes is only taken
/// where nothing else is left. `calls` decides among those within it.
struct Chooser {
  const Plan& plan;
  const std::vector<int64_t>& alive;
  std::vector<size_t> chain_start;  // by step: the first step of the longest chain that ends there

  Chooser(const Plan& p, const std::vector<int64_t>& bytes) : plan(p), alive(bytes) {
    for (size_t s = 0; s < plan.steps.size(); ++s)
      chain_start.push_back(s > 0 && is_row_link(plan, s - 1) ? chain_start.back() : s);
  }

  static bool better(const Choice& a, const Choice& b, int64_t limit) {
    const int64_t over_a = std::max(a.bytes, limit), over_b = std::max(b.bytes, limit);
    return over_a != over_b ? over_a < over_b : a.calls < b.calls;
  }

  void consider(const Choice& before, int64_t bytes, int64_t calls, const RowStream* stream, int64_t limit,
                Choice& best) const {
    Choice made = {std::max(before.bytes, bytes), before.calls + calls, {}};
    if (best.bytes != kNever && !better(made, best, limit)) return;
    made.streams = before.streams;
    if (stream != nullptr) made.streams.push_back(*stream);
    best = std::move(made);
  }

  /// Every band height of one chain, its output beside its input or over it.
  void consider_chain(const Choice& before, size_t first, size_t last, int64_t limit, Choice& best) const {
    const std::vector<RowLayer> layers = row_layers(plan, first, last);
    RowStream stream = {first, last, 1, false};
    const int64_t around = bytes_around(plan, stream);
    const int64_t scratch = stream_scratch_bytes(plan, stream);
    const int64_t output = reserved_bytes(plan.buffer(row_output(plan.steps[last].kernel)));
    const int32_t most = std::max(layers.back().output_rows - 1, layers.front().is_feed ? 1 : 0);
    for (; stream.rows <= most; stream.rows *= 2) {
      const BandPlan bands = plan_bands(layers, stream.rows);
      const int64_t between = band_bytes(layers, bands) + scratch;
      const auto calls = static_cast<int64_t>(bands.calls.size());
      stream.over_input = false;
      consider(before, around + between + output, calls, &stream, limit, best);
      stream.over_input = true;
      if (may_write_over_input(plan, stream))
        consider(before, around + std::max(between, output), calls + 1, &stream, limit, best);
    }
  }

  Choice run(int64_t limit) const {
    std::vector<Choice> best(1);
    for (size_t end = 1; end <= plan.steps.size(); ++end) {
      Choice choice;
      choice.bytes = kNever;
      const size_t last = end - 1;
      if (!reads_caller(plan, last)) consider(best[last], alive[last], 1, nullptr, limit, choice);
      for (size_t first = end; first-- > chain_start[last];)
        if (can_stream(plan, first, last)) consider_chain(best[first], first, last, limit, choice);
      best.push_back(std::move(choice));
    }
    return best.back();
  }
};

}  // namespace

std::vector<RowStream> choose_streams(const Plan& plan, const std::vector<int64_t>& alive) {
  if (plan.steps.empty()) return {};
  const Chooser chooser(plan, alive);
  const int64_t least = chooser.run(0).bytes;
  bool fed = false;
  for (size_t s = 0; s < plan.steps.size(); ++s) fed = fed || reads_caller(plan, s);
  if (!fed && least >= *std::max_element(alive.begin(), alive.end())) return {};
  return chooser.run(least).streams;
}

std::vector<RowStream> choose_streams(const Plan& plan) {
  return choose_streams(plan, bytes_alive(plan));
}

}  // namespace thaw
