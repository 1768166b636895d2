#include "search/comparison.h"

#include "search/metric.h"

namespace thaw {

std::vector<ComparisonRow> compare_on_test(Evaluator& evaluator, const Contender& chosen,
                                           const Contender& start, const std::vector<Baseline>& baselines,
                                           const std::vector<uint32_t>& seeds, const RateSearch& rates,
                                           const SearchLog& log) {
  std::vector<ComparisonRow> rows;
  rows.push_back({"chosen", chosen.evaluation, {}, 0.0, 1.0, true, {}});
  rows.push_back({"start", start.evaluation, {}, 0.0, 1.0, false, {}});
  std::vector<Schedule> schedules = {chosen.evaluation.request.schedule, start.evaluation.request.schedule};
  for (const Baseline& baseline : baselines) {
    rows.push_back({baseline.name, baseline.on_validation, {}, 0.0, 1.0, false, {}});
    schedules.push_back(baseline.schedule);
  }
  log("the test split, once");
  std::vector<EvaluationRequest> requests;
  for (size_t i = 0; i < rows.size(); ++i) {
    requests.push_back(
        {"test: " + rows[i].name, schedules[i], rates.full, MeasuredOn::test, seeds, TrialKind::test});
    if (!evaluator.fits(schedules[i])) requests.back().seeds.resize(1);
  }
  const std::vector<Evaluation> measured = evaluator.evaluate(requests);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].evaluation = measured[i].diverged() ? confirmed(evaluator, requests[i], rates) : measured[i];
    const AccuracyInterval interval = test_interval(evaluator.problem(), rows[i].evaluation);
    rows[i].low = interval.low;
    rows[i].high = interval.high;
    rows[i].is_chosen =
        rows[i].evaluation.request.schedule.update == rows[0].evaluation.request.schedule.update;
    rows[i].against_chosen = evaluator.difference(rows[i].evaluation, rows[0].evaluation);
  }
  return rows;
}

}  // namespace thaw
