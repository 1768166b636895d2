// All files are read first, on all threads: the first of them decides what a window is.
#include "sim/data/recording_folder.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/parallel.h"
#include "sim/data/failures.h"
#include "sim/data/limits.h"
#include "sim/data/recording.h"

namespace thaw {
namespace {

Recording read_recording(const std::filesystem::path& path, FileKind kind) {
  const std::vector<std::byte> file = read_file(path, max_inflated_bytes);
  return kind == FileKind::wav ? parse_wav(file, path.string()) : parse_csv(file, path.string());
}

/// One split: recordings[i] is the file part.names[i]; empty where it could not be read.
std::vector<Recording> read_part(const ClassPart& part, FileKind kind, std::vector<Error>& failures) {
  std::vector<Recording> recordings(part.names.size());
  std::vector<std::optional<Error>> failed(part.names.size());
  for_each_parallel(static_cast<int64_t>(part.names.size()), [&](int64_t index) {
    const auto i = static_cast<size_t>(index);
    try {
      recordings[i] = read_recording(part.folder / part.names[i], kind);
    } catch (const Error& error) {
      failed[i] = error;
    }
  });
  for (const std::optional<Error>& error : failed)
    if (error) failures.push_back(*error);
  return recordings;
}

/// What all recordings share, taken from the first.
struct WindowShape {
  int64_t rows = 0, hop = 0;
  bool pad = false;
  const Recording* first = nullptr;
  std::string first_name;
};

/// Throws Error where a recording is not like the first, or too short.
void check_alike(const Recording& recording, const WindowShape& shape, const std::string& where) {
  const Recording& first = *shape.first;
  if (recording.channels != first.channels)
    throw Error(where,
                "has " + std::to_string(recording.channels) + " columns, " + shape.first_name + " has " +
                    std::to_string(first.channels),
                "Give all recordings the same columns");
  if (!recording.names.empty() && !first.names.empty() && recording.names != first.names)
    throw Error(where, "names its columns otherwise than " + shape.first_name,
                "Give all recordings the same columns in the same order");
  if (recording.rate != first.rate)
    throw Error(where,
                "has " + std::to_string(recording.rate) + " values a second, " + shape.first_name + " has " +
                    std::to_string(first.rate),
                "Convert all files to the sample rate that the model was trained on");
  if (recording.rows() < shape.rows && !shape.pad)
    throw Error(
        where,
        "has " + std::to_string(recording.rows()) + " rows, a window has " + std::to_string(shape.rows),
        "Leave short recordings out, or pass --pad to repeat their last row");
}

/// What was cut from one split.
struct CutCount {
  int64_t padded = 0, rows_left_out = 0;
};

/// Appends the windows of recording `number` to `split`.
void cut_windows(const Recording& recording, const WindowShape& shape, const std::string& name, int32_t label,
                 int32_t number, Split& split, CutCount& count) {
  const int64_t columns = recording.channels;
  std::vector<int64_t> starts = window_starts(recording.rows(), shape.rows, shape.hop);
  if (starts.empty()) {
    starts.push_back(0);
    ++count.padded;
  } else {
    count.rows_left_out += std::max<int64_t>(0, recording.rows() - starts.back() - shape.rows);
  }
  for (int64_t start : starts) {
    const int64_t held = std::min(shape.rows, recording.rows() - start);
    const auto begin = recording.values.begin() + start * columns;
    split.values.insert(split.values.end(), begin, begin + held * columns);
    for (int64_t row = held; row < shape.rows; ++row)
      split.values.insert(split.values.end(), recording.values.end() - columns, recording.values.end());
    split.labels.push_back(label);
    split.names.push_back(name + "@" + std::to_string(start));
    split.recordings.push_back(number);
    ++split.count;
  }
  if (split.values.size() > static_cast<size_t>(max_sample_bytes) / sizeof(float))
    throw Error(name, "the windows take more than " + std::to_string(max_sample_bytes) + " bytes",
                "Use a larger --hop or fewer recordings");
}

Split cut_part(const ClassPart& part, const std::vector<Recording>& recordings, const WindowShape& shape,
               std::vector<Error>& failures, CutCount& count) {
  Split split;
  for (size_t i = 0; i < recordings.size(); ++i) {
    const std::string where = (part.folder / part.names[i]).string();
    try {
      check_alike(recordings[i], shape, where);
    } catch (const Error& error) {
      failures.push_back(error);
      continue;
    }
    cut_windows(recordings[i], shape, part.names[i], part.labels[i], static_cast<int32_t>(i), split, count);
  }
  return split;
}

std::vector<std::string> describe_cut(const WindowShape& shape, const Dataset& dataset, size_t recordings,
                                      const CutCount& count) {
  std::vector<std::string> notes;
  notes.push_back(std::to_string(dataset.train.count + dataset.test.count) + " windows of " +
                  std::to_string(shape.rows) + " rows, one every " + std::to_string(shape.hop) +
                  ", cut from " + std::to_string(recordings) + " recordings");
  if (shape.first->rate > 0)
    notes.push_back(std::to_string(shape.first->rate) +
                    " values a second, full scale is -1 to 1, several channels are mixed to one");
  if (!shape.first->left_out.empty())
    notes.push_back("the column '" + shape.first->left_out + "' is left out: it counts time or lines");
  if (count.padded > 0)
    notes.push_back(std::to_string(count.padded) +
                    " recordings are shorter than a window: their last row is repeated");
  if (count.rows_left_out > 0)
    notes.push_back(std::to_string(count.rows_left_out) + " rows at the ends of recordings fill no window");
  return notes;
}

}  // namespace

Dataset read_recording_folder(const std::filesystem::path& folder, FileKind kind,
                              const WindowRequest& request) {
  ClassTree tree = list_class_tree(folder, kind);
  std::vector<Error> failures;
  const std::vector<Recording> train = read_part(tree.train, kind, failures);
  const std::vector<Recording> test = read_part(tree.test, kind, failures);
  const auto files = static_cast<int64_t>(train.size() + test.size());
  throw_failures(failures, files, kind_text(kind, true), folder);

  const Recording& first = train[0];
  WindowShape shape{first.rows(), 0, request.pad, &first, tree.train.names[0]};
  if (!request.sample.empty())
    shape.rows = window_rows(request.sample, first.channels, first.names,
                             (tree.train.folder / tree.train.names[0]).string());
  shape.hop = request.hop > 0 ? request.hop : shape.rows;
  Dataset dataset;
  CutCount count;
  dataset.train = cut_part(tree.train, train, shape, failures, count);
  dataset.test = cut_part(tree.test, test, shape, failures, count);
  throw_failures(failures, files, kind_text(kind, true), folder);
  dataset.format = kind == FileKind::wav ? "wav folder" : "csv folder";
  dataset.element_type = ElementType::float32;
  dataset.class_names = std::move(tree.classes);
  dataset.shape = {static_cast<int32_t>(shape.rows), first.channels};
  dataset.notes = std::move(tree.notes);
  for (std::string& note : describe_cut(shape, dataset, train.size() + test.size(), count))
    dataset.notes.push_back(std::move(note));
  return dataset;
}

}  // namespace thaw
