#include "sim/train/state_file.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/sha256.h"

namespace thaw {
namespace {

constexpr std::string_view kMagic = "THAWSTAT";
constexpr size_t kDigest = 64;
constexpr size_t kHeader = 8 + 4 * 4 + 8 + 2 * kDigest;

void put_text(std::vector<std::byte>& out, std::string_view text) {
  for (char c : text) out.push_back(static_cast<std::byte>(c));
}

void put_number(std::vector<std::byte>& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xFF));
}

std::string get_text(std::span<const std::byte> bytes, size_t at, size_t count) {
  return {reinterpret_cast<const char*>(bytes.data()) + at, count};
}

uint64_t get_number(std::span<const std::byte> bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value |= std::to_integer<uint64_t>(bytes[at + i]) << (8 * i);
  return value;
}

}  // namespace

std::vector<std::byte> write_state(const TrainedState& state) {
  std::vector<std::byte> out;
  out.reserve(kHeader + state.values.size() + kDigest);
  put_text(out, kMagic);
  for (uint32_t number : std::array{kStateFileVersion, state.seed, state.steps, 0U})
    put_number(out, number, 4);
  put_number(out, state.values.size(), 8);
  put_text(out, state.model_sha256);
  put_text(out, state.schedule_sha256);
  out.insert(out.end(), state.values.begin(), state.values.end());
  put_text(out, sha256_hex(out));
  return out;
}

TrainedState read_state(std::span<const std::byte> bytes, const std::string& where) {
  if (bytes.size() < kHeader + kDigest || get_text(bytes, 0, kMagic.size()) != kMagic)
    throw Error(where, "this is not a file of trained state", "'thaw train' writes one: state.bin");
  const uint64_t version = get_number(bytes, 8, 4);
  if (version != kStateFileVersion)
    throw Error(where + ": byte 8", "version " + std::to_string(version) + " is not known",
                "This program reads version " + std::to_string(kStateFileVersion));
  const uint64_t count = get_number(bytes, 24, 8);
  if (count != bytes.size() - kHeader - kDigest)
    throw Error(where + ": byte 24",
                "announces " + std::to_string(count) + " bytes of values, the file holds " +
                    std::to_string(bytes.size() - kHeader - kDigest),
                "The file is cut short or damaged; train again");
  const size_t end = bytes.size() - kDigest;
  if (sha256_hex(bytes.first(end)) != get_text(bytes, end, kDigest))
    throw Error(where, "the checksum is wrong", "The file is damaged; train again");
  TrainedState state;
  state.seed = static_cast<uint32_t>(get_number(bytes, 12, 4));
  state.steps = static_cast<uint32_t>(get_number(bytes, 16, 4));
  state.model_sha256 = get_text(bytes, 32, kDigest);
  state.schedule_sha256 = get_text(bytes, 32 + kDigest, kDigest);
  state.values.assign(bytes.begin() + static_cast<std::ptrdiff_t>(kHeader),
                      bytes.begin() + static_cast<std::ptrdiff_t>(end));
  return state;
}

TrainedState read_state_file(const std::filesystem::path& path) {
  return read_state(read_file(path, uint64_t{1} << 30), path.string());
}

}  // namespace thaw
