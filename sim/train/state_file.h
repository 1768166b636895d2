// Trained state on disk: everything that a device keeps across power loss (arithmetic section 10), with a
// version, the digests of what it belongs to, and a checksum, so that a wrong or damaged one is never loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace thaw {

/// `values` is Executor::state(); `steps` counts samples seen. Digests are 64 hexadecimal digits: of the
/// model file, and of the canonical text of the schedule whose plan orders the values.
struct TrainedState {
  std::string model_sha256, schedule_sha256;
  uint32_t seed = 0;
  uint32_t steps = 0;
  std::vector<std::byte> values;

  bool operator==(const TrainedState&) const = default;
};

/// Version of the layout below.
constexpr uint32_t kStateFileVersion = 1;

/// Little endian: "THAWSTAT", version, seed, steps (4 bytes each), 4 zero bytes, number of values (8 bytes),
/// both digests (64 characters each), the values, SHA-256 of everything before it (64 characters).
std::vector<std::byte> write_state(const TrainedState& state);

/// Reads that layout; `where` names the file in messages. Throws Error at another version, a wrong size or a
/// wrong checksum.
TrainedState read_state(std::span<const std::byte> bytes, const std::string& where);

/// The same for files of at most 1 GiB.
TrainedState read_state_file(const std::filesystem::path& path);

}  // namespace thaw
