#include "tools/thaw/run_record.h"

#include <sys/utsname.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "sim/base/printable.h"

namespace thaw::cli {
namespace {

std::vector<std::string>& command() {
  static std::vector<std::string> words;
  return words;
}

/// The processor's name as Linux gives it; "unknown" elsewhere.
std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

Json machine_json() {
  utsname system{};
  uname(&system);
  return {{"processor", processor_name()},
          {"cores", std::thread::hardware_concurrency()},
          {"system", std::string(system.sysname) + " " + system.release + " " + system.machine},
          {"compiler", __VERSION__},
          {"build", THAW_BUILD_TYPE}};
}

}  // namespace

void remember_command(int argc, const char* const* argv) {
  command().clear();
  for (int i = 0; i < argc; ++i) command().push_back(printable(argv[i]));
}

Json normalisation_json(const Normalisation& normalisation) {
  return {{"mean", normalisation.means},
          {"standard_deviation", normalisation.deviations},
          {"scale", normalisation.input.scale()},
          {"zero_point", normalisation.input.zero_point()}};
}

Json run_record(const Graph& model, const ModelData& data) {
  Json record = {{"schema_version", kRunSchemaVersion},
                 {"thaw", THAW_VERSION},
                 {"command", command()},
                 {"machine", machine_json()},
                 {"model", {{"file", model.file_name}, {"sha256", model.sha256}}},
                 {"data",
                  {{"name", data.about.name},
                   {"format", data.about.format},
                   {"sha256", data.about.sha256},
                   {"class_names", data.about.class_names},
                   {"train_samples", data.train.count},
                   {"test_samples", data.test.count},
                   {"notes", data_remarks(data.about)}}}};
  if (data.normalisation) record["data"]["normalisation"] = normalisation_json(*data.normalisation);
  return record;
}

}  // namespace thaw::cli
