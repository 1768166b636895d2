// Output grows with what the stream really yields, never with what a header claims.
#include "sim/data/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "sim/base/error.h"

namespace thaw {
namespace {

// zlib's parameter for the window: 15 bits; +16 reads the gzip wrapper.
constexpr int gzip_window = 15 + 16;

/// A zlib stream that is released at the end of the scope.
struct Inflater {
  z_stream stream{};
  explicit Inflater(const std::string& where) {
    if (inflateInit2(&stream, gzip_window) != Z_OK)
      throw Error(where, "cannot be decompressed: out of memory");
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

/// Hands the next part of the input to zlib, whose counters are 32 bits wide.
void feed(z_stream& stream, std::span<const std::byte> input, size_t at) {
  constexpr size_t largest = size_t{1} << 30;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data() + at));
  stream.avail_in = static_cast<uInt>(std::min(input.size() - at, largest));
}

/// Appends what one member yields to `out`; returns the input offset behind it.
size_t inflate_member(Inflater& inflater, std::span<const std::byte> input, size_t at, uint64_t max_bytes,
                      std::vector<std::byte>& out, const std::string& where) {
  constexpr size_t chunk = 1 << 16;
  z_stream& stream = inflater.stream;
  while (true) {
    feed(stream, input, at);
    const uInt offered = stream.avail_in;
    const size_t used = out.size();
    out.resize(used + chunk);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = chunk;
    const int status = inflate(&stream, Z_NO_FLUSH);
    at += offered - stream.avail_in;
    out.resize(used + chunk - stream.avail_out);
    if (out.size() > max_bytes)
      throw Error(where, "decompresses to more than the " + std::to_string(max_bytes) + " bytes expected",
                  "The file is damaged or not a data set");
    if (status == Z_STREAM_END) return at;
    const bool starved = status == Z_BUF_ERROR || (stream.avail_out != 0 && at == input.size());
    if (status != Z_OK || starved)
      throw Error(where + ", byte " + std::to_string(at),
                  std::string("compressed data are damaged: ") + (starved ? "they end too early"
                                                                  : stream.msg != nullptr ? stream.msg
                                                                                          : "invalid stream"),
                  "Fetch the file again");
  }
}

}  // namespace

bool is_gzip(std::span<const std::byte> file) {
  return file.size() >= 2 && file[0] == std::byte{0x1F} && file[1] == std::byte{0x8B};
}

std::vector<std::byte> inflate_gzip(std::span<const std::byte> file, uint64_t max_bytes,
                                    const std::string& where) {
  std::vector<std::byte> out;
  for (size_t at = 0; at < file.size();) {
    Inflater inflater(where);
    at = inflate_member(inflater, file, at, max_bytes, out, where);
  }
  return out;
}

}  // namespace thaw
