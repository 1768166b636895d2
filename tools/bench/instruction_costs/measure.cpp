// See measure.h.
#include "tools/bench/instruction_costs/measure.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/train/firmware_trace.h"
#include "tests/support/noise.h"

namespace thaw::bench {
namespace {

std::vector<TraceSample> noise_samples(const FitCase& made) {
  testing::Noise noise(7);
  std::vector<TraceSample> samples;
  for (int32_t t = made.trains ? -1 : 0; t < (made.trains ? kCountedSteps : 1); ++t) {
    TraceSample sample;
    sample.train = made.trains && t >= 0;
    sample.rate = made.rates[64];
    sample.label = made.plan.classes > 0 ? noise.in(0, made.plan.classes - 1) : 0;
    sample.reset = true;
    sample.image.resize(static_cast<size_t>(made.plan.buffer(made.plan.inputs[0]).bytes));
    for (int8_t& pixel : sample.image) pixel = static_cast<int8_t>(noise.in(-128, 127));
    samples.push_back(std::move(sample));
  }
  return samples;
}

void write_all(const FitCase& made, const Board& board, const std::filesystem::path& folder) {
  for (const GeneratedFile& file : generate(made.request(board))) {
    std::filesystem::create_directories((folder / file.path).parent_path());
    write_file_atomically(folder / file.path, file.text);
  }
  const FirmwareTrace trace =
      firmware_trace(made.plan, made.layout.offsets, KernelSet::host, 1, 0, noise_samples(made));
  std::filesystem::create_directories(folder / "check");
  write_file_atomically(folder / "check/samples.bin", trace.samples);
  write_file_atomically(folder / "check/expected.bin", trace.expected);
}

nlohmann::json run(const std::filesystem::path& folder, const std::string& options) {
  FILE* pipe = popen(("tools/run-on-qemu '" + folder.string() + "' --json " + options).c_str(), "r");
  if (pipe == nullptr) throw Error("tools/run-on-qemu", "does not start", "Run from the repository's root");
  std::string text;
  std::array<char, 4096> buffer;
  for (size_t n = fread(buffer.data(), 1, buffer.size(), pipe); n > 0;
       n = fread(buffer.data(), 1, buffer.size(), pipe))
    text.append(buffer.data(), n);
  const int status = pclose(pipe);
  nlohmann::json report = nlohmann::json::parse(text, nullptr, false);
  if (report.is_discarded() || report["bits"] != "identical")
    throw Error(folder.string(), "its firmware ended with " + std::to_string(status) + ": " + text,
                "Run tools/run-on-qemu on it");
  return report;
}

int64_t count_or_0(const nlohmann::json& value) {
  return value.is_null() ? 0 : value.get<int64_t>();
}

}  // namespace

Counted count_instructions(const FitCase& made, const Board& board, const std::filesystem::path& folder) {
  std::filesystem::remove_all(folder);
  write_all(made, board, folder);
  const nlohmann::json whole = run(folder, "");
  Counted counted{made.name,
                  board.name,
                  {},
                  count_or_0(whole["instructions_per_inference"]),
                  count_or_0(whole["instructions_per_training_step"])};
  const nlohmann::json profiled = run(folder, "--profile");
  for (const nlohmann::json& step : profiled["profile"])
    counted.steps.push_back(step["instructions"].get<int64_t>());
  std::filesystem::remove_all(folder);
  return counted;
}

std::vector<Counted> read_counted(const std::filesystem::path& file) {
  std::vector<Counted> result;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const nlohmann::json json = nlohmann::json::parse(line);
    result.push_back({json["case"], json["board"], json["steps"], json["inference"], json["training_step"]});
  }
  return result;
}

void append_counted(const std::filesystem::path& file, const Counted& counted) {
  std::ofstream(file, std::ios::app) << nlohmann::json{{"case", counted.name},
                                                       {"board", counted.board},
                                                       {"steps", counted.steps},
                                                       {"inference", counted.inference},
                                                       {"training_step", counted.training_step}}
                                     << "\n";
}

}  // namespace thaw::bench
