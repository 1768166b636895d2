#include "tools/thaw/search_time.h"

#include "search/expected_time.h"
#include "search/local_trainer.h"
#include "search/training_evaluator.h"
#include "tools/thaw/command.h"
#include "tools/thaw/progress.h"
#include "tools/thaw/terminal.h"

namespace thaw::cli {

double say_expected_time(const Evaluator& evaluator, const SearchOptions& options, int32_t at_once) {
  const ExpectedTime expected = expected_time(evaluator, options, at_once);
  print_remark("time    about {}, if nothing of it is known yet\n", duration_text(expected.seconds));
  return expected.work;
}

int end_dry_run(const SearchProblem& problem, const SearchOptions& options, int32_t at_once, bool quiet) {
  if (!quiet) {
    TrialRecord record("", "dry run");
    Store store("");
    LocalTrainer trainer(problem);
    say_expected_time(TrainingEvaluator(problem, record, store, trainer), options, at_once);
  }
  print_remark("nothing was searched or written: --dry-run\n");
  return kDone;
}

}  // namespace thaw::cli
