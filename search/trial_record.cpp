#include "search/trial_record.h"

#include <span>
#include <string_view>
#include <utility>

#include "search/files/trial_file.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/sha256.h"
#include "sim/plan/schedule_json.h"

namespace thaw {
namespace {

constexpr uint64_t kMostRecordBytes = uint64_t{1} << 30;

std::string digest(const std::string& text) {
  return sha256_hex(std::as_bytes(std::span(text)));
}

/// The file's text up to its last line break: a line cut off while it was written is dropped.
std::string complete_lines(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return "";
  const std::vector<std::byte> bytes = read_file(file, kMostRecordBytes);
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return std::string(all.substr(0, all.rfind('\n') + 1));
}

}  // namespace

std::string evaluation_key(const EvaluationRequest& request, const std::string& run_digest) {
  Schedule schedule = request.schedule;
  schedule.promise.reset();
  schedule.provenance.reset();
  schedule.training.seed = 0;
  std::string text = run_digest + "\n" + request.fidelity.name + " " +
                     std::to_string(request.fidelity.epochs) + " " +
                     std::to_string(request.fidelity.samples) +
                     (request.measured_on == MeasuredOn::test ? " test" : " validation");
  for (uint32_t seed : request.seeds) text += " " + std::to_string(seed);
  return digest(text + "\n" + write_schedule(schedule));
}

TrialRecord::TrialRecord(std::filesystem::path file, std::string run_digest)
    : file_(std::move(file)), run_digest_(std::move(run_digest)) {
  if (file_.empty()) return;
  found_ = complete_lines(file_);
  for (std::string_view rest = found_; !rest.empty();) {
    const size_t end = rest.find('\n');
    const std::string where = file_.string() + ":" + std::to_string(++resumed_);
    if (run_of_trial(rest.substr(0, end), where) != run_digest_)
      throw Error(where, "was recorded for another model, data set, board, recipe, seed or version",
                  "Choose another output folder with -o, or remove this one");
    rest.remove_prefix(end + 1);
  }
}

void TrialRecord::finish() {
  if (!file_.empty()) append_to_file(file_, written_, "");
}

void TrialRecord::add(Evaluation& evaluation) {
  const std::string key = evaluation_key(evaluation.request, run_digest_);
  if (const auto added = numbers_.find(key); added != numbers_.end()) {
    evaluation.number = added->second;
    return;
  }
  evaluation.number = static_cast<int32_t>(evaluations_.size()) + 1;
  write_row(trial_line({key, run_digest_, evaluation}) + '\n');
  numbers_[key] = evaluation.number;
  evaluations_.push_back(evaluation);
}

void TrialRecord::write_row(const std::string& row) {
  if (file_.empty()) return;
  const bool is_there = written_ < found_.size() && found_.compare(written_, row.size(), row) == 0;
  if (!is_there) {
    found_.clear();
    append_to_file(file_, written_, row);
  }
  written_ += row.size();
}

}  // namespace thaw
