// The strategy `freeze`: begin with every tensor that the budget and stable training allow, and freeze
// weights one at a time, each time those whose loss costs least accuracy per byte saved, until accuracy
// falls.
#include <fmt/format.h>

#include <algorithm>

#include "search/expected_work.h"
#include "search/schedules.h"
#include "search/starting_schedule.h"
#include "search/strategies/additive.h"
#include "search/strategies/strategy.h"

namespace thaw {
namespace {

// Looks in each round after the first; a fixed number, so that results do not depend on --jobs.
constexpr size_t kLooksPerRound = 4;

// Attempts to find a starting schedule that trains without diverging, each a quarter shallower.
constexpr int32_t kStableAttempts = 6;

// One-sided level at which a fall counts as real.
constexpr double kSurely = 0.05;

// What freezing is expected to need until accuracy falls.
constexpr double kLooksALayer = 2.0, kLayersAStep = 2.0;

/// Gives the schedule its learning rate; where every rate diverges, freezes the deepest quarter and tries
/// again.
Schedule stabilised(Evaluator& evaluator, Schedule start, const StrategyTask& task, const SearchLog& log) {
  const int32_t end =
      task.space.pinned.empty() ? head_op(*evaluator.problem().network) : task.space.pinned.front();
  for (int32_t attempt = 0; attempt < kStableAttempts; ++attempt) {
    const std::optional<double> rate = best_learning_rate(evaluator, "start", start, task.rates);
    start.training.learning_rate = rate.value_or(kSlowestRate);
    if (rate) break;
    const int32_t first = start.update.front().op;
    if (first >= end) break;
    const int32_t shallower = std::min(end, first + std::max(1, (end - first) / 4));
    log(fmt::format("training from layer {} on diverges at every rate: starting at layer {}", first,
                    shallower));
    start = without_layers_before(start, shallower);
  }
  return start;
}

/// Something that can be frozen next, and what its last look said.
struct Candidate {
  FrozenTensors tensors;  // layers_before: what is left (biases) before the operator
  std::string name;
  Schedule schedule;        // after freezing
  int64_t bytes_saved = 1;  // of planned RAM
  double score_lost = 0.0;  // in the last look, against the schedule of that round
  bool looked_at = false;

  double cost() const { return std::max(0.0, score_lost) / static_cast<double>(bytes_saved); }
};

/// The convolutions of a schedule whose weights are updated, ascending.
std::vector<int32_t> updated_weights(const Schedule& schedule, int32_t convolutions) {
  std::vector<int32_t> ops;
  for (const LayerUpdate& entry : schedule.update)
    if (entry.op < convolutions && entry.weights != UpdatedWeights::none) ops.push_back(entry.op);
  return ops;
}

/// The first convolution whose weights a schedule updates; the number of convolutions where it updates none.
int32_t first_weights(const Schedule& schedule, const Network& network) {
  const std::vector<int32_t> weights = updated_weights(schedule, head_op(network));
  return weights.empty() ? head_op(network) : weights.front();
}

std::vector<Candidate> candidates_of(const Evaluator& evaluator, const SearchSpace& space,
                                     const Schedule& schedule, int64_t ram) {
  const Network& network = *evaluator.problem().network;
  const std::vector<int32_t> weights = updated_weights(schedule, head_op(network));
  std::vector<Candidate> candidates;
  for (const int32_t op : weights) {
    if (space.pins(op)) continue;
    Schedule frozen = with_weights(schedule, network, op, 0);
    if (space.biases_follow) frozen = without_layers_before(frozen, first_weights(frozen, network));
    candidates.push_back({{op, network.convolution_layer(op).name, FrozenTensors::What::weights},
                          "weights of " + network.convolution_layer(op).name,
                          std::move(frozen),
                          1,
                          0.0,
                          false});
  }
  const int32_t deepest = schedule.update.front().op;
  const int32_t next = first_weights(schedule, network);
  if (deepest < next) {
    const std::string& layer =
        next < head_op(network) ? network.convolution_layer(next).name : head_name(network);
    candidates.push_back({{next, layer, FrozenTensors::What::layers_before},
                          "biases before " + layer,
                          without_layers_before(schedule, next),
                          1,
                          0.0,
                          false});
  }
  for (Candidate& candidate : candidates)
    candidate.bytes_saved = std::max<int64_t>(1, ram - evaluator.memory(candidate.schedule).ram.required);
  return candidates;
}

/// Cheapest first; what costs nothing in order of bytes saved; then by operator.
bool cheaper(const Candidate& a, const Candidate& b) {
  if (a.cost() != b.cost()) return a.cost() < b.cost();
  if (a.bytes_saved != b.bytes_saved) return a.bytes_saved > b.bytes_saved;
  return std::pair(a.tensors.op, a.tensors.what) < std::pair(b.tensors.op, b.tensors.what);
}

/// Looks at the candidates that the earlier looks make most promising (new ones first) and returns the best
/// of them; remembers every look in `candidates`.
size_t choose(Evaluator& evaluator, std::vector<Candidate>& candidates, double score,
              const StrategyTask& task, double* chosen_score) {
  std::vector<size_t> order(candidates.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (candidates[a].looked_at != candidates[b].looked_at) return !candidates[a].looked_at;
    return cheaper(candidates[a], candidates[b]);
  });
  const auto unseen = static_cast<size_t>(
      std::count_if(candidates.begin(), candidates.end(), [](const Candidate& c) { return !c.looked_at; }));
  order.resize(std::min(order.size(), std::max(unseen, kLooksPerRound)));
  std::vector<EvaluationRequest> requests;
  for (size_t i : order)
    requests.push_back({"look: without " + candidates[i].name,
                        candidates[i].schedule,
                        task.rates.look,
                        MeasuredOn::validation,
                        {task.rates.seeds.front()},
                        TrialKind::look,
                        candidates[i].tensors});
  const std::vector<Evaluation> looks = evaluator.evaluate(requests);
  for (size_t i = 0; i < order.size(); ++i) {
    candidates[order[i]].score_lost = score - looks[i].score();
    candidates[order[i]].looked_at = true;
  }
  const size_t best = *std::min_element(
      order.begin(), order.end(), [&](size_t a, size_t b) { return cheaper(candidates[a], candidates[b]); });
  *chosen_score = score - candidates[best].score_lost;
  return best;
}

/// What was already looked at in an earlier round keeps what that look said.
void recall_looks(const std::vector<Candidate>& known, std::vector<Candidate>& candidates) {
  for (Candidate& candidate : candidates)
    for (const Candidate& earlier : known)
      if (candidate.tensors == earlier.tensors) {
        candidate.score_lost = earlier.score_lost;
        candidate.looked_at = earlier.looked_at;
      }
}

/// Whether an evaluation is more than the threshold below the best seen, and not by chance.
bool surely_below(const Evaluator& evaluator, const Evaluation& best, const Evaluation& evaluation,
                  double threshold) {
  return evaluation.diverged() ||
         evaluator.difference(best, evaluation).p_not_above(allowed_fall(best, threshold)) < kSurely;
}

double look_at_start(Evaluator& evaluator, const Schedule& start, const RateSearch& rates) {
  return evaluator
      .evaluate(EvaluationRequest{
          "look: start", start, rates.look, MeasuredOn::validation, {rates.seeds.front()}, TrialKind::look})
      .score();
}

std::string fell_reason(const TraceStep& step, const Evaluation& best, double threshold) {
  const bool is_accuracy = best.metric() == MetricKind::accuracy;
  return fmt::format(
      "without {} {}, surely more than {:.2f} {} the best seen ({}; paired test)", step.frozen,
      (is_accuracy ? "accuracy falls to " : "the error rises to ") + value_text(step.evaluation),
      100.0 * threshold, is_accuracy ? "points below" : "percent above", value_text(best));
}

/// Costs are measured, not assumed from depth. Every remaining tensor is looked at once; after that each
/// round looks again at the most promising few only (a lazy greedy search: Minoux 1978), takes the one with
/// the least accuracy lost per byte saved (what loses nothing: the most bytes first), and confirms it in
/// full. Stops when a paired test says that this is surely more than the threshold below the best seen (a dip
/// inside the noise does not end the search), or when nothing is left to freeze. Where training from the
/// start diverges at every rate, the start is made shallower, a quarter at a time. Throws Error where not
/// even the classifier fits the board.
Trace freeze(Evaluator& evaluator, const StrategyTask& task, const SearchLog& log) {
  const RateSearch& rates = task.rates;
  Schedule schedule =
      stabilised(evaluator, starting_schedule(evaluator, task.recipe, task.space, rates, log), task, log);
  log(fmt::format("start: {} layers updated, learning rate {:.3g}", schedule.update.size(),
                  schedule.training.learning_rate));
  Trace result;
  const auto confirm = [&](const std::string& role, const Schedule& taken,
                           const std::optional<FrozenTensors>& frozen) {
    return confirmed(
        evaluator, {role, taken, rates.full, MeasuredOn::validation, rates.seeds, TrialKind::confirm, frozen},
        rates);
  };
  result.steps.push_back({"start", "start", confirm("start", schedule, std::nullopt), true});
  size_t best_seen = 0;  // place in the trace
  schedule = result.steps[0].evaluation.request.schedule;
  double look_score = look_at_start(evaluator, schedule, rates);
  std::vector<Candidate> known;
  while (true) {
    const int64_t ram = result.steps.back().evaluation.ram_bytes;
    std::vector<Candidate> candidates = candidates_of(evaluator, task.space, schedule, ram);
    if (candidates.empty()) {
      result.stop_reason = "nothing is left to freeze but " + head_words(*evaluator.problem().network);
      break;
    }
    recall_looks(known, candidates);
    const Candidate& cheapest = candidates[choose(evaluator, candidates, look_score, task, &look_score)];
    TraceStep step{fmt::format("step {} of freezing", result.steps.size()), cheapest.name,
                   confirm("freeze " + cheapest.name, cheapest.schedule, cheapest.tensors), true};
    schedule = step.evaluation.request.schedule;
    if (step.evaluation.score() > result.steps[best_seen].evaluation.score()) best_seen = result.steps.size();
    const Evaluation& best =
        best_seen == result.steps.size() ? step.evaluation : result.steps[best_seen].evaluation;
    step.holds = within_threshold(step.evaluation, best, task.threshold);
    log(fmt::format("froze {}: {} at {} bytes of RAM (best {})", step.frozen, value_text(step.evaluation),
                    step.evaluation.ram_bytes, value_text(best)));
    if (surely_below(evaluator, best, step.evaluation, task.threshold))
      result.stop_reason = fell_reason(step, best, task.threshold);
    result.steps.push_back(std::move(step));
    if (!result.stop_reason.empty()) break;
    known = std::move(candidates);
  }
  result.reference = result.steps[best_seen].evaluation.value();
  return result;
}

double freeze_work(const Evaluator& evaluator, const StrategyTask& given) {
  const StrategyTask task = without_what_cannot_fit(evaluator, given);
  const auto layers = static_cast<double>(task.space.weights.size());
  const Schedule schedule = typical_schedule(evaluator, task);
  const auto work = [&](const Fidelity& fidelity, double runs) {
    return request_work(evaluator, schedule, fidelity, MeasuredOn::validation, runs);
  };
  return rate_and_confirmation_work(evaluator, task, schedule) +
         work(task.rates.look, kLooksALayer * layers) +
         work(task.rates.full, layers / kLayersAStep * static_cast<double>(task.rates.seeds.size()));
}

}  // namespace

Strategy freeze_strategy() {
  return {"freeze", "from all that fits, freeze what costs least accuracy per byte until accuracy falls",
          freeze, freeze_work};
}

}  // namespace thaw
