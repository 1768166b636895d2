#include "search/freeze.h"

#include <fmt/format.h>

#include <algorithm>

#include "search/schedules.h"

namespace thaw {
namespace {

// Looks in each round after the first; a fixed number, so that results do not depend on --jobs.
constexpr size_t kLooksPerRound = 4;

// One-sided level at which a fall counts as real.
constexpr double kSurely = 0.05;

/// Something that can be frozen next, and what its last look said.
struct Candidate {
  int32_t op = 0;
  bool layers_before = false;  // freezes what is left (biases) before `op`, rather than the weights of `op`
  std::string name;
  Schedule schedule;           // after freezing
  int64_t bytes_saved = 1;     // of planned RAM
  double accuracy_lost = 0.0;  // in the last look, against the schedule of that round
  bool looked_at = false;

  double cost() const { return std::max(0.0, accuracy_lost) / static_cast<double>(bytes_saved); }
};

bool same_freeze(const Candidate& a, const Candidate& b) {
  return a.op == b.op && a.layers_before == b.layers_before;
}

/// The convolutions of a schedule whose weights are updated, ascending.
std::vector<int32_t> updated_weights(const Schedule& schedule, int32_t convolutions) {
  std::vector<int32_t> ops;
  for (const LayerUpdate& entry : schedule.update)
    if (entry.op < convolutions && entry.weights != UpdatedWeights::none) ops.push_back(entry.op);
  return ops;
}

std::vector<Candidate> candidates_of(const Evaluator& evaluator, const Schedule& schedule, int64_t ram) {
  const Network& network = *evaluator.problem().network;
  const std::vector<int32_t> weights = updated_weights(schedule, network.convolution_count());
  std::vector<Candidate> candidates;
  for (int32_t op : weights)
    candidates.push_back({op, false, "weights of " + network.convolution_layer(op).name,
                          with_weights(schedule, network, op, 0), 1, 0.0, false});
  const int32_t deepest = schedule.update.front().op;
  const int32_t next = weights.empty() ? network.convolution_count() : weights.front();
  if (deepest < next)
    candidates.push_back({next, true,
                          fmt::format("biases before {}", next < network.convolution_count()
                                                              ? network.convolution_layer(next).name
                                                              : network.classifier.name),
                          without_layers_before(schedule, next), 1, 0.0, false});
  for (Candidate& candidate : candidates)
    candidate.bytes_saved = std::max<int64_t>(1, ram - evaluator.memory(candidate.schedule).ram.required);
  return candidates;
}

/// Cheapest first; what costs nothing in order of bytes saved; then by operator.
bool cheaper(const Candidate& a, const Candidate& b) {
  if (a.cost() != b.cost()) return a.cost() < b.cost();
  if (a.bytes_saved != b.bytes_saved) return a.bytes_saved > b.bytes_saved;
  return std::pair(a.op, a.layers_before) < std::pair(b.op, b.layers_before);
}

/// Looks at the candidates that the earlier looks make most promising (new ones first) and returns the best
/// of them; remembers every look in `candidates`.
size_t choose(Evaluator& evaluator, std::vector<Candidate>& candidates, double accuracy,
              const FreezeOptions& options, double* chosen_accuracy) {
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
                        options.rates.look,
                        MeasuredOn::validation,
                        {options.rates.seeds.front()}});
  const std::vector<Evaluation> looks = evaluator.evaluate(requests);
  for (size_t i = 0; i < order.size(); ++i) {
    candidates[order[i]].accuracy_lost = accuracy - looks[i].accuracy();
    candidates[order[i]].looked_at = true;
  }
  const size_t best = *std::min_element(
      order.begin(), order.end(), [&](size_t a, size_t b) { return cheaper(candidates[a], candidates[b]); });
  *chosen_accuracy = accuracy - candidates[best].accuracy_lost;
  return best;
}

/// What was already looked at in an earlier round keeps what that look said.
void recall_looks(const std::vector<Candidate>& known, std::vector<Candidate>& candidates) {
  for (Candidate& candidate : candidates)
    for (const Candidate& earlier : known)
      if (same_freeze(candidate, earlier)) {
        candidate.accuracy_lost = earlier.accuracy_lost;
        candidate.looked_at = earlier.looked_at;
      }
}

/// Whether an evaluation is more than the threshold below the best seen, and not by chance.
bool surely_below(const Evaluator& evaluator, const Evaluation& best, const Evaluation& evaluation,
                  double threshold) {
  return evaluation.diverged() || evaluator.difference(best, evaluation).p_not_above(threshold) < kSurely;
}

}  // namespace

FreezeResult freeze(Evaluator& evaluator, const Schedule& start, const FreezeOptions& options,
                    const SearchLog& log) {
  FreezeResult result;
  const auto confirm = [&](const std::string& role, const Schedule& schedule) {
    return confirmed(evaluator,
                     {role, schedule, options.rates.full, MeasuredOn::validation, options.rates.seeds},
                     options.rates);
  };
  result.curve.push_back({"start", confirm("start", start), true});
  size_t best_seen = 0;  // place in the curve
  Schedule schedule = result.curve[0].evaluation.request.schedule;
  double look_accuracy = evaluator
                             .evaluate(EvaluationRequest{"look: start",
                                                         schedule,
                                                         options.rates.look,
                                                         MeasuredOn::validation,
                                                         {options.rates.seeds.front()}})
                             .accuracy();
  std::vector<Candidate> known;
  while (true) {
    const int64_t ram = result.curve.back().evaluation.ram_bytes;
    std::vector<Candidate> candidates = candidates_of(evaluator, schedule, ram);
    if (candidates.empty()) {
      result.stop_reason = "nothing is left to freeze but the classifier";
      break;
    }
    recall_looks(known, candidates);
    const size_t cheapest = choose(evaluator, candidates, look_accuracy, options, &look_accuracy);
    FreezeStep step{candidates[cheapest].name,
                    confirm("freeze " + candidates[cheapest].name, candidates[cheapest].schedule), true};
    schedule = step.evaluation.request.schedule;
    const double accuracy = step.evaluation.accuracy();
    if (accuracy > result.curve[best_seen].evaluation.accuracy()) best_seen = result.curve.size();
    result.curve.push_back(std::move(step));
    const Evaluation& best = result.curve[best_seen].evaluation;
    result.curve.back().holds = accuracy >= best.accuracy() - options.threshold;
    log(fmt::format("froze {}: {:.2f} % at {} bytes of RAM (best {:.2f} %)", result.curve.back().frozen,
                    100.0 * accuracy, result.curve.back().evaluation.ram_bytes, 100.0 * best.accuracy()));
    if (surely_below(evaluator, best, result.curve.back().evaluation, options.threshold)) {
      result.stop_reason = fmt::format(
          "without {} accuracy falls to {:.2f} %, surely more than {:.2f} points below the best seen ({:.2f} "
          "%; "
          "paired test)",
          result.curve.back().frozen, 100.0 * accuracy, 100.0 * options.threshold, 100.0 * best.accuracy());
      break;
    }
    known = std::move(candidates);
  }
  result.reference = result.curve[best_seen].evaluation.accuracy();
  return result;
}

}  // namespace thaw
