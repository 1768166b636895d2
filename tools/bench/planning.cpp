// Micro-benchmarks of what a search does besides training: from a schedule to its bytes, on the reference
// model.
//   bench_planning [--benchmark_filter=REGEX]      (run it from the repository's root)
#include <benchmark/benchmark.h>

#include "memmodel/planner.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "sim/plan/schedule_json.h"

namespace {

using namespace thaw;

const std::filesystem::path kConfigs = THAW_CONFIGS;

Network network() {
  return reduce(read_tflite(kConfigs / "models/reference.tflite"), {10, true, true});
}

Schedule schedule() {
  return read_schedule_file(kConfigs / "schedules/reference/last-blocks.json");
}

void read_model(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(network());
}
BENCHMARK(read_model);

void lower_and_passes(benchmark::State& state) {
  const Network model = network();
  const Schedule update = schedule();
  for (auto _ : state) benchmark::DoNotOptimize(run_passes(lower(model, update)));
}
BENCHMARK(lower_and_passes);

void layout(benchmark::State& state) {
  const Plan plan = run_passes(lower(network(), schedule()));
  for (auto _ : state) benchmark::DoNotOptimize(plan_layout(plan));
  state.counters["buffers"] = static_cast<double>(plan.buffers.size());
}
BENCHMARK(layout);

}  // namespace

BENCHMARK_MAIN();
