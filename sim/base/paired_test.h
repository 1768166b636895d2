// Is a difference in accuracy, or in another metric, more than chance? Two trained networks judged on the
// same samples are compared sample by sample, which is far sharper than comparing two intervals.
#pragma once

#include <cstdint>
#include <vector>

namespace thaw {

/// Which samples one seed's network got right, of the run before and of the run now.
struct PairedSeed {
  std::vector<bool> before, now;  // as many entries as there are samples
};

/// `lost`: right before and wrong now; `gained`: the other way; counted over all seeds. `p` is two-sided.
struct PairedTest {
  int64_t lost = 0, gained = 0;
  double p = 1.0;
};

/// McNemar's test (1947), exact binomial, for one seed. For several, samples are clusters of one pair a seed:
/// Durkalski, Palesch, Lipsitz, Rust (2003), chi-square with one degree of freedom.
PairedTest paired_test(const std::vector<PairedSeed>& seeds);

/// Two-sided p of the difference of two shares measured on different samples (normal approximation with the
/// pooled share); 1 where a count is 0.
double unpaired_test(double share_before, int64_t count_before, double share_now, int64_t count_now);

/// Which samples each seed's network of one schedule got right: `correct[seed][sample]`.
using CorrectBySeed = std::vector<std::vector<bool>>;

/// What each seed's network of one schedule made of each sample: `values[seed][sample]`, an error or a score.
using ValuesBySeed = std::vector<std::vector<double>>;

/// Accuracy (or another metric) of `a` less that of `b`, each the mean over its own seeds (their numbers may
/// differ), judged on the same samples.
struct PairedDifference {
  double mean = 0.0;
  double centre = 0.0, standard_error = 1.0;  // of the normal approximation below
  int64_t samples = 0;
  double bound = 1.0;  // no difference is larger; infinite for errors

  /// Ends of the 95 % interval.
  double low() const;
  double high() const;
  /// One-sided p of "the difference is no more than `margin`": small where it surely is more.
  double p_not_above(double margin) const;
};

/// Samples are clusters of one mean a side. Half a sample is added to each cell of the paired table, so that
/// few samples and a difference of 0 still have an error: Agresti and Min (2005), "Simple improved confidence
/// intervals for comparing matched proportions". Requires equally many samples in every seed of both.
PairedDifference paired_difference(const CorrectBySeed& a, const CorrectBySeed& b);

/// Mean over the seeds, by sample. At least one seed.
std::vector<double> mean_of_seeds(const ValuesBySeed& values);

/// Mean of `a` less that of `b`, by the normal approximation. Same requirement.
PairedDifference paired_difference(const ValuesBySeed& a, const ValuesBySeed& b);

/// Area under the ROC curve of the scores `a` less that of `b`: DeLong, DeLong, Clarke-Pearson (1988), of the
/// placements' means over seeds. `anomalous`: by sample, both kinds must be there.
PairedDifference area_difference(const ValuesBySeed& a, const ValuesBySeed& b,
                                 const std::vector<bool>& anomalous);

}  // namespace thaw
