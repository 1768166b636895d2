#include "search/freeze.h"

#include <fmt/format.h>

#include <algorithm>

#include "search/schedules.h"

namespace thaw {
namespace {

// Looks in each round after the first; a fixed number, so that results do not depend on --jobs.
constexpr size_t kLooksPerRound = 4;

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
                        options.look,
                        MeasuredOn::validation,
                        {options.seed}});
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

/// The smallest point of the curve that is within the threshold of the best.
size_t smallest_that_holds(const std::vector<FreezeStep>& curve, double reference, double threshold) {
  size_t chosen = 0;
  for (size_t i = 0; i < curve.size(); ++i)
    if (curve[i].evaluation.accuracy() >= reference - threshold &&
        (curve[chosen].evaluation.accuracy() < reference - threshold ||
         curve[i].evaluation.ram_bytes < curve[chosen].evaluation.ram_bytes))
      chosen = i;
  return chosen;
}

}  // namespace

FreezeResult freeze(Evaluator& evaluator, const Schedule& start, const FreezeOptions& options,
                    const SearchLog& log) {
  FreezeResult result;
  std::vector<uint32_t> seeds;
  for (int32_t i = 0; i < options.confirmations; ++i)
    seeds.push_back(options.seed + static_cast<uint32_t>(i));
  const auto confirm = [&](const std::string& role, const Schedule& schedule) {
    return evaluator.evaluate(EvaluationRequest{role, schedule, options.full, MeasuredOn::validation, seeds});
  };
  result.curve.push_back({"start", confirm("start", start), true});
  result.reference = result.curve[0].evaluation.accuracy();
  double look_accuracy = evaluator
                             .evaluate(EvaluationRequest{
                                 "look: start", start, options.look, MeasuredOn::validation, {options.seed}})
                             .accuracy();
  Schedule schedule = start;
  std::vector<Candidate> known;
  while (true) {
    const int64_t ram = result.curve.back().evaluation.ram_bytes;
    std::vector<Candidate> candidates = candidates_of(evaluator, schedule, ram);
    if (candidates.empty()) {
      result.stop_reason = "nothing is left to freeze but the classifier";
      break;
    }
    for (Candidate& candidate : candidates)
      for (const Candidate& earlier : known)
        if (same_freeze(candidate, earlier)) {
          candidate.accuracy_lost = earlier.accuracy_lost;
          candidate.looked_at = earlier.looked_at;
        }
    const size_t best = choose(evaluator, candidates, look_accuracy, options, &look_accuracy);
    schedule = candidates[best].schedule;
    FreezeStep step{candidates[best].name, confirm("freeze " + candidates[best].name, schedule), true};
    const double accuracy = step.evaluation.accuracy();
    result.reference = std::max(result.reference, accuracy);
    step.holds = accuracy >= result.reference - options.threshold;
    log(fmt::format("froze {}: {:.2f} % at {} bytes of RAM (best {:.2f} %)", step.frozen, 100.0 * accuracy,
                    step.evaluation.ram_bytes, 100.0 * result.reference));
    const bool stop = !step.holds;
    result.curve.push_back(std::move(step));
    if (stop) {
      result.stop_reason = fmt::format(
          "without {} accuracy falls to {:.2f} %, more than {:.2f} points below the best seen ({:.2f} %)",
          candidates[best].name, 100.0 * accuracy, 100.0 * options.threshold, 100.0 * result.reference);
      break;
    }
    known = std::move(candidates);
  }
  result.chosen = smallest_that_holds(result.curve, result.reference, options.threshold);
  return result;
}

}  // namespace thaw
