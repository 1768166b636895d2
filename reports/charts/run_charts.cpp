#include "reports/charts/run_charts.h"

namespace thaw {

std::vector<Chart> run_charts(const Run& run) {
  std::vector<Chart> charts;
  if (run.comparison) charts.push_back(comparison_chart(*run.comparison));
  if (run.curve) charts.push_back(xy_picture(freezing_curve_chart(*run.curve), true));
  if (!run.trials.empty()) charts.push_back(xy_picture(pareto_chart(run), true));
  if (!run.contributions.empty())
    charts.push_back(contribution_chart(run));
  else if (const std::vector<LayerEffect> effects = layer_effects(run);
           !run.trials.empty() && !effects.empty())
    charts.push_back(layer_chart(effects, metric_of(run)));
  if (run.arena) charts.push_back(arena_chart(*run.arena));
  if (const auto curves = training_curves(run); !curves.empty())
    charts.push_back(xy_picture(training_chart(curves), true));
  return charts;
}

}  // namespace thaw
