// A recording: values over time in one or more channels, as one CSV or WAV file holds them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thaw {

/// `values` is row-major, one row an instant, one column a channel.
struct Recording {
  int32_t channels = 0;
  std::vector<float> values;
  std::vector<std::string> names;  // of the channels; empty where the file has none
  std::string left_out;  // name of a column of times or row numbers that is not among them; else empty
  int32_t rate = 0;      // rows a second; 0 where the file does not say

  int64_t rows() const { return channels == 0 ? 0 : static_cast<int64_t>(values.size()) / channels; }
};

/// Reads a table of numbers: a line an instant, a column a channel. The separator is what the first line
/// holds: tab, else semicolon, else comma, else blanks; with tab or semicolon a decimal comma counts as a
/// point. The first line names the channels where none of its fields is a number; a first column that it
/// names time, timestamp, t, index, or nothing, is left out. Empty lines and lines that begin with # are left
/// out, quotes around a field too. Throws Error naming `where`, line and column of what is no finite number,
/// and lines of another length.
Recording parse_csv(std::span<const std::byte> file, const std::string& where);

/// Reads a WAV file of any sample format that libsndfile decodes: full scale is -1 to 1, several channels are
/// mixed to one by their mean. Throws Error naming `where` for what is no WAV file, damaged or too large.
Recording parse_wav(std::span<const std::byte> file, const std::string& where);

}  // namespace thaw
