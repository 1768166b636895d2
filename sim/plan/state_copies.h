// Where a plan copies state variables out and in. A variable is copied into its content before the first
// operator that uses it, and replaced behind the last operator that uses its content or makes its next value,
// so that both copies lie close to their use and the pass `variables_in_place` can do without them. Each copy
// carries the id of the operator that it stands beside: a run that begins at a later operator finds those it
// needs.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/plan/network.h"
#include "sim/plan/plan_builder.h"

namespace thaw {

/// An operator, or a layer, as far as variables see it. The last one has no output: it stands for the model's
/// outputs, or for the classifier.
struct VariableUser {
  OpId op;
  std::vector<TensorId> inputs, outputs;
};

/// The operators of a model and its outputs; the layers of a network and its classifier.
std::vector<VariableUser> users_of(const Graph& graph);
std::vector<VariableUser> users_of(const Network& network);

/// The model's variables with tensors as the network's layers name them.
std::vector<StateVariable> state_variables(const Network& network);

/// Places among the users, by variable: the content is read before user `read`; the variable is replaced
/// behind user `assign` (before it, where that is the last, which has no output). SIZE_MAX: never.
struct VariablePlace {
  size_t read = SIZE_MAX, assign = SIZE_MAX;
};
std::vector<VariablePlace> variable_places(const std::vector<StateVariable>& variables,
                                           const std::vector<VariableUser>& users);

/// Emits the copies of a plan while it grows.
class StateCopies {
 public:
  StateCopies(PlanBuilder& build, std::vector<StateVariable> variables, std::vector<VariableUser> users);

  /// To be called before and behind the steps of user number `user`; before alone for the last.
  void before(size_t user);
  void after(size_t user);

 private:
  void assign(size_t user);
  void copy(const std::string& name, OpId op, BufferId from, BufferId to, int64_t bytes);

  PlanBuilder& build_;
  std::vector<StateVariable> variables_;
  std::vector<VariableUser> users_;
  std::vector<VariablePlace> places_;
  std::vector<BufferId> buffers_;  // by variable
};

}  // namespace thaw
