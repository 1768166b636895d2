// How much memory a file may make us ask for. Sizes that a header claims count only as far as the file can
// really hold them; these are the ceilings for formats whose content may grow on reading.
#pragma once

#include <cstdint>

namespace thaw {

inline constexpr uint64_t max_file_bytes = 8'000'000'000;      // one file of a data set, as stored
inline constexpr uint64_t max_inflated_bytes = 1'000'000'000;  // one gzip file or zip member, decompressed
inline constexpr uint64_t max_image_file_bytes = 256'000'000;  // one JPEG or PNG, as stored
inline constexpr int64_t max_image_pixels = 64'000'000;        // one decoded or resized image
inline constexpr int64_t max_sample_bytes = 8'000'000'000;     // all samples of one split, after resizing
inline constexpr int32_t max_label = 65'535;

}  // namespace thaw
