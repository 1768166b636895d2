// Is a difference in accuracy more than chance? Two trained networks judged on the same samples are compared
// sample by sample, which is far sharper than comparing two intervals.
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

}  // namespace thaw
