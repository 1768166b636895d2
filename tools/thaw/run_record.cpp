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

RunMachine machine_record() {
  utsname system{};
  uname(&system);
  return {processor_name(), std::thread::hardware_concurrency(),
          std::string(system.sysname) + " " + system.release + " " + system.machine, __VERSION__,
          THAW_BUILD_TYPE};
}

}  // namespace

void remember_command(int argc, const char* const* argv) {
  command().clear();
  for (int i = 0; i < argc; ++i) command().push_back(printable(argv[i]));
}

RunNormalisation normalisation_record(const Normalisation& normalisation) {
  return {normalisation.means, normalisation.deviations, static_cast<double>(normalisation.input.scale()),
          normalisation.input.zero_point()};
}

RunFile run_record(const Graph& model, const ModelData& data) {
  RunFile run;
  run.thaw = THAW_VERSION;
  run.command = command();
  run.machine = machine_record();
  run.model_file = model.file_name;
  run.model_sha256 = model.sha256;
  run.data = {data.about.name,  data.about.format, data.about.sha256,        data.about.class_names,
              data.train.count, data.test.count,   data_remarks(data.about), {}};
  if (data.normalisation) run.data.normalisation = normalisation_record(*data.normalisation);
  return run;
}

}  // namespace thaw::cli
