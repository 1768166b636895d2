#include "tools/thaw/run_threshold.h"

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <vector>

#include "search/files/run_file.h"
#include "sim/base/file.h"
#include "sim/base/json.h"
#include "sim/base/sha256.h"

namespace thaw::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostModelBytes = uint64_t{256} << 20;

}  // namespace

bool is_trained_model(const fs::path& run, const Graph& model) {
  const fs::path file = run / "model.tflite";
  if (!fs::exists(file)) return false;
  const std::vector<std::byte> bytes = read_file(file, kMostModelBytes);
  return sha256_hex(std::span(bytes)) == model.sha256;
}

int64_t run_threshold(const fs::path& run, const Graph& model, const Schedule& schedule) {
  const nlohmann::json document = read_json_file(run / "run.json");
  const JsonView view(document, (run / "run.json").string());
  const RunFile record = read_run_file(view);
  if (record.model_sha256 != model.sha256 && !is_trained_model(run, model))
    view.field("model").field("sha256").fail("the run trained another model than '" + model.file_name + "'",
                                             "Give the model of the run, or the model.tflite that it wrote");
  if (!record.train) view.fail("is not of a training run", "'thaw train -o DIR' writes one");
  for (const RunSeed& seed : record.train->seeds) {
    if (seed.seed != schedule.training.seed) continue;
    if (!seed.metrics || !seed.metrics->threshold)
      view.field("seeds").fail("has no threshold", "'thaw train --task reconstruct' calibrates one");
    return seed.metrics->threshold->loss;
  }
  view.field("seeds").fail(fmt::format("there is no run with the schedule's seed {}", schedule.training.seed),
                           "Give the schedule.json that the run wrote");
}

}  // namespace thaw::cli
