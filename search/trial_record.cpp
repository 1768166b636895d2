#include "search/trial_record.h"

#include <span>
#include <utility>

#include "search/trial_json.h"
#include "sim/graph/error.h"
#include "sim/graph/file.h"
#include "sim/graph/sha256.h"
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
  // This run writes its record anew, row by row as it asks, so that a resumed record equals an uninterrupted
  // one; what earlier runs left is set aside first and read from there.
  const std::filesystem::path aside = earlier_file();
  std::string earlier = complete_lines(aside);
  if (std::filesystem::exists(file_)) {
    earlier += complete_lines(file_);
    write_file_atomically(aside, earlier);
    std::filesystem::remove(file_);
  }
  size_t at = 0;
  for (int32_t line = 1; at < earlier.size(); ++line) {
    const size_t end = earlier.find('\n', at);
    const std::string where = aside.string() + ":" + std::to_string(line);
    TrialRow row = parse_trial(std::string_view(earlier).substr(at, end - at), where);
    if (row.run != run_digest_)
      throw Error(where, "was recorded for another model, data set, board, seed or version",
                  "Choose another output folder with -o, or remove this one");
    known_[row.key] = std::move(row.evaluation);
    at = end + 1;
  }
  resumed_ = known_.size();
}

std::filesystem::path TrialRecord::earlier_file() const {
  return file_.string() + ".earlier";
}

void TrialRecord::finish() {
  if (!file_.empty()) std::filesystem::remove(earlier_file());
}

const Evaluation* TrialRecord::find(const EvaluationRequest& request) const {
  const auto found = known_.find(evaluation_key(request, run_digest_));
  return found == known_.end() ? nullptr : &found->second;
}

void TrialRecord::add(Evaluation& evaluation) {
  evaluation.number = static_cast<int32_t>(evaluations_.size()) + 1;
  const std::string key = evaluation_key(evaluation.request, run_digest_);
  for (const Evaluation& earlier : evaluations_)
    if (evaluation_key(earlier.request, run_digest_) == key) {
      evaluation.number = earlier.number;
      return;
    }
  known_[key] = evaluation;
  evaluations_.push_back(evaluation);
  if (file_.empty()) return;
  std::ofstream out(file_, std::ios::app | std::ios::binary);
  out << trial_line({key, run_digest_, evaluation}) << '\n' << std::flush;
  if (!out) throw Error(file_.string(), "could not be written", "Is the disk full?");
}

}  // namespace thaw
