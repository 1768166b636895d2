// The area under the ROC curve of anomaly scores, sample by sample.
#pragma once

#include <span>
#include <vector>

namespace thaw {

/// Of each anomaly the share of normal samples that it beats, of each normal sample the share of anomalies
/// that beat it, ties counting half; both in the order of the samples. The mean of either is the area.
struct Placements {
  std::vector<double> anomalies, normals;

  double area() const;
};

/// `anomalous`: by sample. Both kinds must be there.
Placements placements(std::span<const double> scores, const std::vector<bool>& anomalous);

}  // namespace thaw
