// Streaming by rows: a chain of layers runs band by band, so that of the tensors between them only the few
// rows exist that the next layer still needs.
//
// Example: 1x1 expand -> 3x3 depthwise of stride 2 -> 1x1 project, one output row a band. The first band
// expands the rows 0..1 (row -1 is padding), later ones two new rows each; the depthwise convolution reads
// three, the lowest of them kept from the band before; the projection reads the one row just made. The wide
// expanded tensor, 4 times the input in MCUNet's first blocks, is never there as a whole, and no row is
// computed twice. (Patch-based inference of MCUNetV2, Lin et al. 2021, computes the rows at patch borders
// again; bands of whole rows have no such border.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/plan/plan.h"
#include "sim/plan/row_bands.h"

namespace thaw {

/// True where the steps can be streamed: convolutions and adds without mask and without trained values, each
/// the only reader of the output before it, in the same rows; an add may read one more tensor, made before
/// the chain. One convolution alone is a stream only where the caller gives its rows.
bool can_stream(const Plan& plan, size_t first, size_t last);

/// Bytes of the tensors' bands between the layers of a stream.
int64_t band_bytes(const Plan& plan, const RowStream& stream);

/// Bytes of scratch that the layers of a stream share: those of the largest, for they run one after another.
int64_t stream_scratch_bytes(const Plan& plan, const RowStream& stream);

/// Streams that make the most bytes alive at any step as few as they can be, and among such choices the one
/// with the fewest kernel calls. Empty where streaming saves nothing, but for a chain that begins with rows of
/// the caller. `alive`: bytes alive at each step where it is not streamed (by default `bytes_alive`; fewer
/// where later passes save some). Dynamic programming over the steps; ties go to the later start and the
/// smaller band.
std::vector<RowStream> choose_streams(const Plan& plan, const std::vector<int64_t>& alive);
std::vector<RowStream> choose_streams(const Plan& plan);

/// Replaces the steps of each stream by its bands; streams ascend and do not overlap. The tensors that are no
/// longer whole stay listed until drop_unused_buffers. A stream over its input ends with a move out of it:
/// from there on the result takes its own bytes alone.
Plan stream_rows(const Plan& plan, const std::vector<RowStream>& streams);

}  // namespace thaw
