// Rank 0 hands training runs to the other ranks, one at a time each; they train them and send the results.
// Which rank trains what depends on who is idle; results do not.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "search/mpi/ranks.h"
#include "search/run_trainer.h"

namespace thaw {

/// What rank 0 tells the others before they read anything: a search that it refuses is refused once.
struct RankTask {
  std::string run_digest;         // theirs must be the same
  bool fresh_classifier = false;  // as rank 0 decided
};

/// On rank 0.
class RankTrainer : public RunTrainer {
 public:
  /// Starts the other ranks on the task; at least one. `ranks` must outlive this.
  RankTrainer(Ranks& ranks, const RankTask& task);

  /// Throws Error where a rank has other data, model or version.
  void train(const std::vector<TrainingRun>& runs, const std::function<bool()>& cancelled,
             const RunFinished& finished) override;
  int64_t bytes_moved() const override { return ranks_.bytes_moved(); }

  /// Ends what the others do in `serve`.
  void finish();

 private:
  struct Work;
  void hear(const RankMessage& message, Work& work, const RunFinished& finished);

  Ranks& ranks_;
  std::string run_digest_;
  std::vector<bool> ready_;          // by rank: has read its data
  std::vector<int32_t> idle_;        // ranks
  std::vector<size_t> run_of_rank_;  // while it is not idle
};

/// On the other ranks: waits for the task. Throws Error{"interrupted"} where `cancelled` says so.
RankTask receive_task(Ranks& ranks, const std::function<bool()>& cancelled);

/// On the other ranks: trains what comes with `trainer`, until rank 0 calls `finish`. Throws
/// Error{"interrupted"} where `cancelled` says so.
void serve(Ranks& ranks, const std::string& run_digest, RunTrainer& trainer,
           const std::function<bool()>& cancelled);

}  // namespace thaw
