#include "tests/search/strategies/schedule_table.h"

#include <bit>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include "sim/base/error.h"

namespace thaw::testing {
namespace {

constexpr int32_t kJudged = 400;     // samples of a fold
constexpr double kTrained = 1600.0;  // samples of its training part

std::pair<int32_t, uint32_t> place_of(const Network& network, const Schedule& schedule) {
  std::pair<int32_t, uint32_t> place = {0, 0};
  const int32_t last = network.convolution_count() - 1;
  for (const LayerUpdate& entry : schedule.update) {
    if (entry.op > last) continue;
    place.first = std::max(place.first, last - entry.op + 1);
    if (entry.weights != UpdatedWeights::none) place.second |= 1U << (last - entry.op);
  }
  return place;
}

}  // namespace

ScheduleTable read_schedule_table(const std::filesystem::path& file) {
  std::ifstream in(file);
  ScheduleTable table;
  std::string line;
  std::getline(in, line);  // the header
  while (std::getline(in, line)) {
    std::vector<double> cells;
    std::istringstream words(line);
    for (std::string cell; std::getline(words, cell, ',');) cells.push_back(std::stod(cell));
    if (cells.size() != 21)
      throw Error(file.string(), "a row has " + std::to_string(cells.size()) + " cells");
    ScheduleRow row;
    row.ram_bytes = std::llround(cells[2]);
    row.flash_bytes = std::llround(cells[3]);
    row.macs_per_step = std::llround(cells[4]);
    row.look_accuracy = {cells[5], cells[6]};
    row.look_loss = {cells[7], cells[8]};
    row.full_accuracy = {cells[9], cells[10]};
    row.full_loss = {cells[11], cells[12]};
    row.test_accuracy = (cells[13] + cells[14] + cells[15] + cells[16]) / 4.0;
    table[{std::lround(cells[0]), static_cast<uint32_t>(std::lround(cells[1]))}] = row;
  }
  return table;
}

const ScheduleRow& ScheduleTableEvaluator::row(const Schedule& schedule) const {
  const auto place = place_of(*problem_.network, schedule);
  const auto found = table_.find(place);
  if (found == table_.end())
    throw Error("schedule table", "there is no row of " + std::to_string(place.first) +
                                      " biases and weights " + std::to_string(place.second));
  return found->second;
}

std::vector<Evaluation> ScheduleTableEvaluator::evaluate(const std::vector<EvaluationRequest>& requests) {
  std::vector<Evaluation> results;
  for (const EvaluationRequest& request : requests) {
    const ScheduleRow& known = row(request.schedule);
    const bool look = request.fidelity.name == "look";
    Evaluation e;
    e.number = ++asked_;
    e.request = request;
    e.ram_bytes = known.ram_bytes;
    e.flash_bytes = known.flash_bytes;
    e.macs_per_step = known.macs_per_step;
    e.over_budget = known.ram_bytes > problem_.board.ram_bytes;
    for (const uint32_t seed : request.seeds) {
      const size_t fold = (seed + (swapped_ ? 1 : 0)) % 2;
      SeedResult one;
      one.seed = seed;
      one.accuracy = (look ? known.look_accuracy : known.full_accuracy)[fold];
      one.judged_loss = (look ? known.look_loss : known.full_loss)[fold];
      e.seeds.push_back(one);
      ++trainings_;
      samples_ += kTrained * request.fidelity.samples * request.fidelity.epochs;
    }
    results.push_back(std::move(e));
  }
  return results;
}

CorrectBySeed ScheduleTableEvaluator::correct(const Evaluation& evaluation) const {
  CorrectBySeed result(1);
  for (const SeedResult& s : evaluation.seeds) {
    const auto right = std::lround(s.accuracy * kJudged);
    for (int32_t i = 0; i < kJudged; ++i) result[0].push_back(i < right);
  }
  return result;
}

MemoryTotals ScheduleTableEvaluator::memory(const Schedule& schedule) const {
  MemoryTotals totals;
  const ScheduleRow& known = row(schedule);
  totals.ram = {known.ram_bytes, problem_.board.ram_bytes};
  totals.flash = {known.flash_bytes, problem_.board.flash_bytes};
  return totals;
}

SearchSpace table_space(const Network& network, int32_t tensors) {
  SearchSpace space;
  space.first_op = network.convolution_count() - tensors;
  for (int32_t op = space.first_op; op < network.convolution_count(); ++op) space.weights.push_back(op);
  space.eighths = {8};
  space.biases_follow = true;
  return space;
}

}  // namespace thaw::testing
