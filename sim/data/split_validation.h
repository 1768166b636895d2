// A validation split cut from the training data, so that a search never decides on test samples; a test split
// likewise where the data have none.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/data/dataset.h"

namespace thaw {

/// Both parts keep the order that their samples had.
struct ValidationSplit {
  Split train;
  Split validation;
  std::vector<int64_t> train_ids;       // places in the split that was cut, ascending
  std::vector<int64_t> validation_ids;  // likewise; together they are 0 .. count - 1
};

/// Moves round(fraction * split.count) samples to the validation part, stratified: each class gives its share
/// of them rounded down, the rest come from the classes with the largest remainders (equal ones: the lower
/// label). Every class keeps a training sample, so the part is smaller where classes have too few. Within a
/// class those samples go that have the smallest (random_word(random_key(seed, validation, 0), id), id),
/// where id is the sample's place in `split`. Windows of recordings (Split::recordings) go with their
/// recording: the rule is that of samples, for recordings. Throws Error where fraction is not between 0 and 1
/// or one part would be empty.
ValidationSplit split_validation(const Split& split, double fraction, uint32_t seed);

/// The share of the training samples that becomes the test split where the data have none.
inline constexpr double cut_test_fraction = 0.2;

/// Where there is no test split, moves cut_test_fraction of the training samples there, by the rule above
/// with the numbers of the stream `test` of seed 0, and says so in a note; `sha256` stays that of the data as
/// they were read. Where no class has two samples, the note says that there is no test split.
void cut_absent_test_split(Dataset& dataset);

}  // namespace thaw
