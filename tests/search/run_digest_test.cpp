// The digest of a run directory changes with everything that the numbers of a trial depend on.
#include "search/run_digest.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/search/small_problem.h"

namespace thaw {
namespace {

/// All that goes into the digest, to be varied.
struct Basis {
  testing::SmallProblem small{80 * 1024};
  TrainingRecipe recipe;

  Basis() {
    small.problem.data_sha256 = "data";
    small.problem.version = "1.0";
  }
  Board& board() { return small.problem.board; }
  Fold& fold() { return small.problem.folds[0]; }
  std::string digest() const { return run_digest(small.problem, recipe); }
};

using Change = std::pair<std::string, std::function<void(Basis&)>>;

const std::vector<Change> kChanges = {
    {"board name", [](Basis& b) { b.board().name += "2"; }},
    {"board description", [](Basis& b) { b.board().description += "2"; }},
    {"board port", [](Basis& b) { b.board().port += "2"; }},
    {"board cpu", [](Basis& b) { b.board().cpu += "2"; }},
    {"one compiler flag", [](Basis& b) { b.board().cpu_flags = {"-mthumb"}; }},
    {"two compiler flags",
     [](Basis& b) {
       b.board().cpu_flags = {"-mthumb", "-mcpu=cortex-m7"};
     }},
    {"compiler flags as one", [](Basis& b) { b.board().cpu_flags = {"-mthumb-mcpu=cortex-m7"}; }},
    {"RAM", [](Basis& b) { b.board().ram_bytes += 1; }},
    {"flash", [](Basis& b) { b.board().flash_bytes += 1; }},
    {"stack", [](Basis& b) { b.board().stack_bytes += 1; }},
    {"input", [](Basis& b) { b.small.problem.input_by = InputBy::rows; }},
    {"clock", [](Basis& b) { b.board().clock_hz += 1; }},
    {"learning rate", [](Basis& b) { b.recipe.learning_rate *= 1.0000001; }},
    {"epochs", [](Basis& b) { b.recipe.epochs += 1; }},
    {"rate schedule", [](Basis& b) { b.recipe.lr_schedule = "constant"; }},
    {"warm-up", [](Basis& b) { b.recipe.warmup_epochs += 0.125; }},
    {"seed", [](Basis& b) { b.recipe.seed += 1; }},
    {"flip", [](Basis& b) { b.recipe.flip = !b.recipe.flip; }},
    {"fraction bits", [](Basis& b) { b.recipe.fraction_bits = 8; }},
    {"gradient bits", [](Basis& b) { b.recipe.gradient_bits = 8; }},
    {"start of the recipe's classifier",
     [](Basis& b) { b.recipe.fresh_classifier = !b.recipe.fresh_classifier; }},
    {"start of the network's classifier",
     [](Basis& b) { b.small.network.classifier.fresh = !b.small.network.classifier.fresh; }},
    {"classes", [](Basis& b) { b.small.network.classifier.classes += 1; }},
    {"model", [](Basis& b) { b.small.network.graph.sha256 += "2"; }},
    {"data", [](Basis& b) { b.small.problem.data_sha256 += "2"; }},
    {"training samples", [](Basis& b) { b.small.train.count -= 1; }},
    {"test samples", [](Basis& b) { b.small.test.count -= 1; }},
    {"validation share",
     [](Basis& b) {
       b.fold().validation.push_back(b.fold().train.back());
       b.fold().train.pop_back();
     }},
    {"which samples decide", [](Basis& b) { std::swap(b.fold().validation[0], b.fold().train[0]); }},
    {"order of the samples", [](Basis& b) { std::swap(b.fold().train[0], b.fold().train[1]); }},
    {"number of folds", [](Basis& b) { b.small.problem.folds.push_back(b.fold()); }},
    {"mirroring", [](Basis& b) { b.small.problem.mirror = !b.small.problem.mirror; }},
    {"version", [](Basis& b) { b.small.problem.version = "1.1"; }},
};

TEST(RunDigest, DiffersWithEveryFieldThatNumbersDependOn) {
  std::map<std::string, std::string> seen = {{Basis().digest(), "nothing changed"}};
  for (const auto& [what, change] : kChanges) {
    Basis basis;
    change(basis);
    const auto [place, is_new] = seen.emplace(basis.digest(), what);
    EXPECT_TRUE(is_new) << what << " gives the digest of: " << place->second;
  }
}

TEST(RunDigest, DoesNotDependOnJobs) {
  Basis one, two;
  two.small.problem.jobs = 7;
  EXPECT_EQ(one.digest(), two.digest());
}

}  // namespace
}  // namespace thaw
