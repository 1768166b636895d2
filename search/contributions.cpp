#include "search/contributions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>

#include "search/fold_losses.h"
#include "search/schedules.h"

namespace thaw {
namespace {

// Biases deeper than these add less than this share of what the best depth adds: the base of the weights'
// looks.
constexpr double kBaseShare = 0.9;

// A whole tensor that adds this many errors is worth a look at a quarter of it.
constexpr double kSurely = 2.0;

using LossByFold = std::vector<double>;

/// The mean fall; its variance goes into `variances`.
double fall(const LossByFold& before, const LossByFold& after, std::vector<double>& variances) {
  const LossFall found = loss_fall(before, after);
  variances.push_back(found.variance);
  return found.mean;
}

/// The median of the variances: a few looks that went wild must not blur all others.
double pooled_error(std::vector<double> variances) {
  if (variances.empty()) return 0.0;
  const auto middle = variances.begin() + static_cast<std::ptrdiff_t>(variances.size() / 2);
  std::nth_element(variances.begin(), middle, variances.end());
  return std::sqrt(*middle);
}

class Looks {
 public:
  Looks(Evaluator& evaluator, const Fidelity& look, const std::vector<uint32_t>& seeds)
      : evaluator_(evaluator), look_(look), seeds_(seeds) {}

  std::vector<LossByFold> losses(const std::vector<std::pair<std::string, Schedule>>& named) {
    std::vector<EvaluationRequest> requests;
    for (const auto& [name, schedule] : named)
      requests.push_back(
          {"alone: " + name, schedule, look_, MeasuredOn::validation, seeds_, TrialKind::look});
    std::vector<LossByFold> result;
    for (const Evaluation& e : evaluator_.evaluate(requests)) result.push_back(losses_by_fold(e));
    return result;
  }

 private:
  Evaluator& evaluator_;
  const Fidelity& look_;
  const std::vector<uint32_t>& seeds_;
};

/// The shallowest depth that adds nearly all that biases can add.
int32_t base_of(const std::vector<BiasGain>& biases, int32_t count) {
  double most = 0.0;
  for (const BiasGain& bias : biases) most = std::max(most, bias.gain.nats);
  for (auto it = biases.rbegin(); it != biases.rend(); ++it)
    if (most > 0.0 && it->gain.nats >= kBaseShare * most) return it->first_op;
  return count;
}

/// Gain of a share on the power law through the whole and a quarter, between constant and proportional.
double on_power_law(double whole, double quarter, int32_t eighths) {
  if (whole <= 0.0 || quarter <= 0.0) return whole * eighths / 8.0;
  const double power = std::clamp(std::log(whole / quarter) / std::log(4.0), 0.0, 1.0);
  return whole * std::pow(eighths / 8.0, power);
}

}  // namespace

const WeightGain* Contributions::find(WeightShare share) const {
  for (const WeightGain& weight : weights)
    if (weight.share.op == share.op && weight.share.eighths == share.eighths) return &weight;
  return nullptr;
}

double Contributions::gain(const Selection& selection) const {
  double sum = 0.0;
  for (const BiasGain& bias : biases)
    if (bias.first_op == selection.first_bias) sum += bias.gain.nats;
  for (const WeightShare& share : selection.weights)
    if (const WeightGain* weight = find(share)) sum += weight->gain.nats;
  return sum;
}

Contributions measure_contributions(Evaluator& evaluator, const TrainingRecipe& recipe,
                                    const SearchSpace& space, const Fidelity& look,
                                    const std::vector<uint32_t>& seeds) {
  const Network& network = *evaluator.problem().network;
  const int32_t count = head_op(network);
  const auto name = [&](int32_t op) { return network.convolution_layer(op).name; };
  Looks looks(evaluator, look, seeds);
  Contributions result;
  result.learning_rate = recipe.learning_rate;

  std::vector<std::pair<std::string, Schedule>> asked = {
      {head_words(network), last_layer_schedule(network, recipe)}};
  for (int32_t op = space.first_op; op < count; ++op)
    asked.emplace_back("biases from " + name(op), bias_schedule(network, recipe, op));
  const std::vector<LossByFold> bias_losses = looks.losses(asked);
  std::vector<double> variances;
  for (const double loss : bias_losses[0])
    result.classifier_loss += loss / static_cast<double>(bias_losses[0].size());
  for (int32_t op = space.first_op; op < count; ++op)
    result.biases.push_back(
        {op, {fall(bias_losses[0], bias_losses[static_cast<size_t>(op - space.first_op + 1)], variances)}});
  result.base = space.biases_follow ? count : base_of(result.biases, count);

  const auto with_weights_of = [&](int32_t op, int32_t eighths) {
    return schedule_of(network, recipe, with_share({std::min(op, result.base), {}}, {op, eighths}));
  };
  const auto without_weights_of = [&](int32_t op) -> const LossByFold& {
    const int32_t first = std::min(op, result.base);
    return bias_losses[first < count ? static_cast<size_t>(first - space.first_op + 1) : 0];
  };
  asked.clear();
  for (const int32_t op : space.weights) asked.emplace_back("weights of " + name(op), with_weights_of(op, 8));
  std::map<int32_t, double> whole, quarter;  // gains by convolution
  const std::vector<LossByFold> whole_losses = looks.losses(asked);
  for (size_t i = 0; i < space.weights.size(); ++i)
    whole[space.weights[i]] = fall(without_weights_of(space.weights[i]), whole_losses[i], variances);
  const double error = pooled_error(std::move(variances));

  asked.clear();
  std::vector<int32_t> promising;
  for (const int32_t op : space.weights)
    if (whole[op] > kSurely * error && space.eighths.size() > 1) promising.push_back(op);
  for (const int32_t op : promising)
    asked.emplace_back("a quarter of the weights of " + name(op), with_weights_of(op, 2));
  const std::vector<LossByFold> quarter_losses = looks.losses(asked);
  std::vector<double> unused;
  for (size_t i = 0; i < promising.size(); ++i)
    quarter[promising[i]] = fall(without_weights_of(promising[i]), quarter_losses[i], unused);

  for (const int32_t op : space.weights)
    for (const int32_t eighths : space.eighths)
      result.weights.push_back({{op, eighths}, {on_power_law(whole[op], quarter[op], eighths), error}});
  for (BiasGain& bias : result.biases) bias.gain.error = error;
  return result;
}

}  // namespace thaw
