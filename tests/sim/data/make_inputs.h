// Small valid inputs of each format, made in memory.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thaw::testing {

/// `count` CIFAR-10 records: labels 0, 1, 2, ...; planes filled with 10 * record + 0, 1, 2, the first red
/// pixel 255.
inline std::vector<std::byte> cifar_records(int count) {
  std::vector<std::byte> file;
  for (int r = 0; r < count; ++r) {
    file.push_back(static_cast<std::byte>(r % 10));
    for (int plane = 0; plane < 3; ++plane)
      for (int p = 0; p < 1024; ++p)
        file.push_back(static_cast<std::byte>(plane == 0 && p == 0 ? 255 : 10 * r + plane));
  }
  return file;
}

/// An IDX file of unsigned bytes 0, 1, 2, ... modulo `modulus`.
inline std::vector<std::byte> idx_file(const std::vector<uint32_t>& shape, uint32_t modulus = 251) {
  std::vector<std::byte> file{std::byte{0}, std::byte{0}, std::byte{8}, static_cast<std::byte>(shape.size())};
  uint32_t elements = 1;
  for (uint32_t d : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) file.push_back(static_cast<std::byte>((d >> shift) & 0xFF));
    elements *= d;
  }
  for (uint32_t i = 0; i < elements; ++i) file.push_back(static_cast<std::byte>(i % modulus));
  return file;
}

/// `content` as one gzip member.
inline std::vector<std::byte> gzipped(const std::vector<std::byte>& content) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::vector<std::byte> out(deflateBound(&stream, static_cast<uLong>(content.size())));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A WAV file of 16 bit values, those of one instant after another.
inline std::vector<std::byte> wav_file(const std::vector<int16_t>& values, int channels, int rate) {
  std::vector<std::byte> file;
  const auto text = [&](const char* four) {
    for (int i = 0; i < 4; ++i) file.push_back(static_cast<std::byte>(four[i]));
  };
  const auto number = [&](uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) file.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xFF));
  };
  const auto bytes = static_cast<uint32_t>(2 * values.size());
  const auto frame = static_cast<uint32_t>(2 * channels);
  text("RIFF");
  number(36 + bytes, 4);
  text("WAVE");
  text("fmt ");
  number(16, 4);
  number(1, 2);  // PCM
  number(static_cast<uint32_t>(channels), 2);
  number(static_cast<uint32_t>(rate), 4);
  number(static_cast<uint32_t>(rate) * frame, 4);
  number(frame, 2);
  number(16, 2);  // bits a value
  text("data");
  number(bytes, 4);
  for (int16_t value : values) number(static_cast<uint16_t>(value), 2);
  return file;
}

/// A PNG whose chunks have right checksums again after damage, which would otherwise stop there.
inline std::vector<std::byte> with_right_checksums(std::span<const std::byte> file) {
  std::vector<std::byte> png(file.begin(), file.end());
  const auto word = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<uint32_t>(png[at + i]);
    return value;
  };
  for (size_t at = 8; at + 12 <= png.size();) {
    const size_t length = word(at);
    if (length > png.size() - at - 12) break;
    const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(png.data() + at + 4), length + 4);
    for (size_t i = 0; i < 4; ++i)
      png[at + 8 + length + i] = static_cast<std::byte>((crc >> (24 - 8 * i)) & 0xFF);
    at += 12 + length;
  }
  return png;
}

}  // namespace thaw::testing
