#include "reports/class_figures.h"

#include <algorithm>

namespace thaw {

std::vector<ClassFigures> class_figures(const Run& run) {
  if (!run.comparison || run.comparison->labels.empty()) return {};
  if (run.comparison->rows[0].metric != MetricKind::accuracy) return {};
  const std::vector<uint8_t>& labels = run.comparison->labels;
  const std::vector<SeedPredictions>& seeds = run.comparison->rows[0].predictions;
  if (seeds.empty()) return {};
  size_t count = 1U + *std::max_element(labels.begin(), labels.end());
  for (const SeedPredictions& seed : seeds)
    for (const uint8_t predicted : seed.classes) count = std::max(count, size_t{1} + predicted);
  std::vector<ClassFigures> classes(count);
  for (size_t c = 0; c < count; ++c) {
    const bool named = run.facts && c < run.facts->data.class_names.size();
    classes[c].name = named ? run.facts->data.class_names[c] : std::to_string(c);
    classes[c].taken_for.assign(count, 0.0);
  }
  for (const uint8_t label : labels) ++classes[label].samples;
  for (const SeedPredictions& seed : seeds)
    for (size_t i = 0; i < std::min(labels.size(), seed.classes.size()); ++i)
      classes[labels[i]].taken_for[seed.classes[i]] += 1.0;
  for (size_t c = 0; c < count; ++c) {
    const double all = static_cast<double>(classes[c].samples) * static_cast<double>(seeds.size());
    if (all > 0.0)
      for (double& share : classes[c].taken_for) share /= all;
    classes[c].right = classes[c].taken_for[c];
  }
  return classes;
}

size_t weakest_class(const std::vector<ClassFigures>& classes) {
  size_t weakest = 0;
  for (size_t i = 1; i < classes.size(); ++i) {
    if (classes[i].samples == 0) continue;
    if (classes[weakest].samples == 0 || classes[i].right < classes[weakest].right) weakest = i;
  }
  return weakest;
}

size_t most_confused_with(const std::vector<ClassFigures>& classes, size_t place) {
  size_t most = place == 0 ? 1 : 0;
  for (size_t c = 0; c < classes.size(); ++c)
    if (c != place && most < classes.size() && classes[place].taken_for[c] > classes[place].taken_for[most])
      most = c;
  return most;
}

}  // namespace thaw
