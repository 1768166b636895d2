// The charts of a run. Each is a function from result files to a picture, which lives in a file of its name.
#pragma once

#include <optional>
#include <vector>

#include "reports/charts/chart.h"
#include "reports/charts/xy_chart.h"
#include "reports/layer_effect.h"
#include "reports/run_files.h"
#include "reports/schedule_words.h"

namespace thaw {

/// The answer and what it was compared with: accuracy on test with its interval on the whole scale, and RAM.
Chart comparison_chart(const Comparison& comparison);

/// The Pareto fronts of several runs on the same axes; none where fewer than two runs have one.
std::optional<XyChart> runs_chart(const std::vector<Run>& runs);

/// Accuracy against RAM as tensors are frozen, with the threshold, the chosen point and the stop.
XyChart freezing_curve_chart(const FreezingCurve& curve);

/// Every trial (beyond some thousands, the thorough ones first), accuracy against RAM, with the front of
/// those measured thoroughly.
XyChart pareto_chart(const Run& run);

/// "accuracy lost, points", or of another metric by how much it is worse.
std::string lost_words(MetricKind metric);

/// Two bars a layer: RAM saved and accuracy lost (or error added) by freezing its weights.
Chart layer_chart(const std::vector<LayerEffect>& effects, MetricKind metric = MetricKind::accuracy);

/// Two bars a layer: RAM that its weights need, and what they take off the loss, with its 95 % interval.
Chart contribution_chart(const Run& run);

/// Where each buffer of the arena lies when: steps to the right, offsets upwards, the bytes alive at each
/// step, the peak marked. A larger picture has room for more names.
Chart arena_chart(const ArenaMap& arena, double width = 720, double height = 400);

/// Whether epochs have accuracies; otherwise they have errors alone.
bool shows_accuracy(const std::vector<TrainingCurve>& curves);

/// Accuracy (or mean squared error) by epoch: a colour a seed, dashed on training samples, solid on test
/// samples.
XyChart training_chart(const std::vector<TrainingCurve>& curves);

/// Two schedules side by side: a row a layer, a column a schedule.
Chart diff_chart(const Schedule& before, const Schedule& after);

/// All charts that a run has the data for.
std::vector<Chart> run_charts(const Run& run);

}  // namespace thaw
