// libsndfile decodes from memory, so that no file name reaches it; frames are taken as they come, whatever
// their number in the header.
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>

#include "sim/base/error.h"
#include "sim/data/limits.h"
#include "sim/data/recording.h"

namespace thaw {
namespace {

constexpr int most_wav_channels = 64;

/// A file in memory as libsndfile reads it.
struct MemoryFile {
  std::span<const std::byte> bytes;
  sf_count_t place = 0;
};

sf_count_t memory_length(void* user) {
  return static_cast<sf_count_t>(static_cast<MemoryFile*>(user)->bytes.size());
}

sf_count_t memory_tell(void* user) {
  return static_cast<MemoryFile*>(user)->place;
}

sf_count_t memory_seek(sf_count_t offset, int whence, void* user) {
  auto& file = *static_cast<MemoryFile*>(user);
  const sf_count_t size = memory_length(user);
  const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.place : size;
  const bool inside = offset >= -base && offset <= size - base;
  if (!inside) return -1;
  return file.place = base + offset;
}

sf_count_t memory_read(void* out, sf_count_t count, void* user) {
  auto& file = *static_cast<MemoryFile*>(user);
  const sf_count_t taken = std::clamp<sf_count_t>(count, 0, memory_length(user) - file.place);
  if (taken > 0) std::memcpy(out, file.bytes.data() + file.place, static_cast<size_t>(taken));
  file.place += taken;
  return taken;
}

sf_count_t memory_write(const void* /*from*/, sf_count_t /*count*/, void* /*user*/) {
  return 0;  // nothing is ever written
}

bool is_wav_format(int format) {
  const int major = format & SF_FORMAT_TYPEMASK;
  return major == SF_FORMAT_WAV || major == SF_FORMAT_WAVEX || major == SF_FORMAT_RF64;
}

/// All frames, each the mean of its channels.
std::vector<float> mono_values(SNDFILE& sound, int channels, const std::string& where) {
  constexpr size_t frames_at_once = 1024;
  constexpr size_t most_values = max_inflated_bytes / sizeof(float);
  std::vector<float> frames(frames_at_once * static_cast<size_t>(channels));
  std::vector<float> mono;
  while (true) {
    const sf_count_t got = sf_readf_float(&sound, frames.data(), frames_at_once);
    if (got <= 0) return mono;
    if (mono.size() + static_cast<size_t>(got) > most_values)
      throw Error(where, "holds more than " + std::to_string(most_values) + " values", "Cut it into parts");
    for (size_t i = 0; i < static_cast<size_t>(got); ++i) {
      double sum = 0.0;
      for (size_t c = 0; c < static_cast<size_t>(channels); ++c)
        sum += static_cast<double>(frames[i * static_cast<size_t>(channels) + c]);
      const auto mean = static_cast<float>(sum / channels);
      if (!std::isfinite(mean))
        throw Error(where, "value " + std::to_string(mono.size()) + " is not finite",
                    "Export the file again");
      mono.push_back(mean);
    }
  }
}

}  // namespace

Recording parse_wav(std::span<const std::byte> file, const std::string& where) {
  SF_VIRTUAL_IO io = {memory_length, memory_seek, memory_read, memory_write, memory_tell};
  MemoryFile memory{file};
  SF_INFO about{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> sound(sf_open_virtual(&io, SFM_READ, &about, &memory),
                                                          sf_close);
  if (sound == nullptr || !is_wav_format(about.format))
    throw Error(where,
                sound == nullptr ? std::string("cannot be read as WAV: ") + sf_strerror(nullptr)
                                 : "is no WAV file, whatever its name",
                "Export it as WAV, 16 bit PCM");
  if (about.channels < 1 || about.channels > most_wav_channels || about.samplerate < 1)
    throw Error(where,
                "has " + std::to_string(about.channels) + " channels at " + std::to_string(about.samplerate) +
                    " values a second",
                "Export it as WAV, mono");
  Recording recording;
  recording.channels = 1;
  recording.rate = about.samplerate;
  recording.values = mono_values(*sound, about.channels, where);
  if (recording.values.empty()) throw Error(where, "holds no sound", "Remove the file");
  return recording;
}

}  // namespace thaw
