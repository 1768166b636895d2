// The first thing a reader wants: which schedule to flash, what it costs, how sure we are, where it fits.
#pragma once

#include <string>
#include <vector>

#include "reports/board_limits.h"
#include "reports/run_files.h"

namespace thaw {

/// One figure of the answer, as text with its unit; `detail` may be empty.
struct AnswerFigure {
  std::string name, value, detail;
};

/// A board and by how many bytes it is too small; both excesses 0: it fits.
struct BoardFit {
  BoardLimits board;
  int64_t ram_excess = 0, flash_excess = 0;

  bool fits() const { return ram_excess == 0 && flash_excess == 0; }
};

/// `verdict` says how the answer stands beside what anyone would try without a search, in one sentence.
struct Answer {
  std::string schedule_file;  // of the run directory: what to flash
  std::string summary;        // the schedule in a few words
  std::string schedule;       // in words
  std::string verdict;
  std::string best_baseline;   // the best that needs no search and fits, and whether the difference is real
  bool surely_better = false;  // than that, by a paired test, and nothing that fits surely beats it
  std::string before;          // accuracy before training, in one sentence
  std::string classes;         // the weakest class, in one sentence; empty where predictions are not stored
  std::string costs;           // which updated layers need and add most; empty where nothing was measured
  std::vector<std::string> next;      // commands
  std::string choice;                 // why this one, in one sentence; may be empty
  std::vector<std::string> warnings;  // what is better on test, one sentence each
  std::string device;  // whether firmware of it was run, in one sentence; empty where it was not
  std::vector<AnswerFigure> figures;  // accuracy, RAM, flash, step cost
  std::vector<BoardFit> boards;
};

Answer answer_of(const Run& run, const std::vector<BoardLimits>& boards);

}  // namespace thaw
