// What both programs begin with: a model, data, a board.
#pragma once

#include <string>

#include "search/local_trainer.h"
#include "search/training_evaluator.h"
#include "sim/data/dataset.h"
#include "sim/data/to_int8.h"
#include "sim/graph/tflite_reader.h"

/// Everything that a search is about; the evaluator points into it.
struct Problem {
  thaw::Graph graph;
  thaw::Dataset data;
  thaw::Network network;
  thaw::Samples train, test;
  thaw::SearchProblem search;
};

inline thaw::Samples as_int8(const thaw::Dataset& data, const thaw::Split& split, const thaw::Tensor& input) {
  const auto images = thaw::to_int8(data, split, input.quantization);
  return {split.count, input.shape[1], input.shape[2], input.shape[3], images, split.labels};
}

/// `problem` stays where it is: what it holds is pointed at.
inline void read_problem(Problem& problem, const std::string& model, const std::string& data,
                         const std::string& board) {
  problem.graph = thaw::read_tflite(model);
  const thaw::Tensor& input = problem.graph.tensor(problem.graph.inputs[0]);
  problem.data = thaw::read_dataset(data, {input.shape[1], input.shape[2], input.shape[3]});
  const auto classes = static_cast<int>(problem.data.class_names.size());
  problem.network = thaw::reduce(problem.graph, {.classes = classes, .fresh_classifier = true});
  problem.train = as_int8(problem.data, problem.data.train, input);
  problem.test = as_int8(problem.data, problem.data.test, input);
  problem.search.network = &problem.network;
  problem.search.train = &problem.train;
  problem.search.test = &problem.test;
  problem.search.folds = thaw::validation_folds(problem.train.labels, 5, 1);
  problem.search.mirror = false;
  problem.search.board = thaw::read_board(board);
}

/// What measures schedules by training them here; nothing is kept on disk.
struct Training {
  thaw::TrialRecord record{"", ""};
  thaw::Store store{""};
  thaw::LocalTrainer trainer;
  thaw::TrainingEvaluator evaluator;

  explicit Training(const thaw::SearchProblem& problem)
      : trainer(problem), evaluator(problem, record, store, trainer) {}
};
