#include "search/mpi/rank_trainer.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "search/files/trial_file.h"
#include "sim/base/error.h"
#include "sim/base/json.h"
#include "sim/plan/schedule_json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

// Between two looks for a message: MPI's own waiting would take a core.
constexpr std::chrono::microseconds kNap{200};

std::string text_of(const TrainingRun& run) {
  return Json{{"samples", run.samples},
              {"on_test", run.measured_on == MeasuredOn::test},
              {"fold", run.fold},
              {"schedule", Json::parse(write_schedule(run.schedule))}}
      .dump();
}

TrainingRun read_run(const std::string& text) {
  const Json json = Json::parse(text);
  TrainingRun run;
  run.samples = json.at("samples");
  run.measured_on = json.at("on_test") ? MeasuredOn::test : MeasuredOn::validation;
  run.fold = json.at("fold");
  run.schedule = read_schedule(json.at("schedule").dump(), "rank 0");
  return run;
}

RankMessage wait_for_message(Ranks& ranks, const std::function<bool()>& cancelled) {
  while (true) {
    if (cancelled && cancelled()) throw Error("search", "interrupted");
    if (std::optional<RankMessage> message = ranks.receive()) return *std::move(message);
    std::this_thread::sleep_for(kNap);
  }
}

}  // namespace

/// One call of `train`.
struct RankTrainer::Work {
  size_t next = 0;  // run to hand out
  size_t left = 0;  // to come back
};

RankTrainer::RankTrainer(Ranks& ranks, const RankTask& task)
    : ranks_(ranks),
      run_digest_(task.run_digest),
      ready_(static_cast<size_t>(ranks.count()), false),
      run_of_rank_(ready_.size(), 0) {
  const Json json = {{"run", task.run_digest}, {"fresh_classifier", task.fresh_classifier}};
  for (int32_t rank = 1; rank < ranks.count(); ++rank) ranks.send(rank, json.dump());
}

/// A rank's first message says what it has read, every other one is a result.
void RankTrainer::hear(const RankMessage& message, Work& work, const RunFinished& finished) {
  const auto rank = static_cast<size_t>(message.from);
  const std::string name = "rank " + std::to_string(message.from);
  idle_.push_back(message.from);
  if (!ready_[rank]) {
    if (message.text != run_digest_)
      throw Error(name, "has another model, data set, board, recipe or version than rank 0",
                  "Start all ranks with the same files");
    ready_[rank] = true;
    return;
  }
  const Json json = Json::parse(message.text);
  --work.left;
  finished(run_of_rank_[rank], read_seed_text(json.at("result").dump(), name), json.at("seconds"));
}

void RankTrainer::train(const std::vector<TrainingRun>& runs, const std::function<bool()>& cancelled,
                        const RunFinished& finished) {
  Work work = {0, runs.size()};
  while (work.left > 0) {
    for (; work.next < runs.size() && !idle_.empty(); ++work.next) {
      const int32_t rank = idle_.back();
      idle_.pop_back();
      run_of_rank_[static_cast<size_t>(rank)] = work.next;
      ranks_.send(rank, text_of(runs[work.next]));
    }
    hear(wait_for_message(ranks_, cancelled), work, finished);
  }
}

void RankTrainer::finish() {
  for (int32_t rank = 1; rank < ranks_.count(); ++rank) ranks_.send(rank, "");
}

RankTask receive_task(Ranks& ranks, const std::function<bool()>& cancelled) {
  const Json json = Json::parse(wait_for_message(ranks, cancelled).text);
  return {json.at("run"), json.at("fresh_classifier")};
}

void serve(Ranks& ranks, const std::string& run_digest, RunTrainer& trainer,
           const std::function<bool()>& cancelled) {
  ranks.send(0, run_digest);
  while (true) {
    const std::string text = wait_for_message(ranks, cancelled).text;
    if (text.empty()) return;
    trainer.train({read_run(text)}, cancelled, [&](size_t, const SeedResult& result, double seconds) {
      const Json json = {{"seconds", seconds}, {"result", Json::parse(seed_text(result))}};
      ranks.send(0, json.dump());
    });
  }
}

}  // namespace thaw
