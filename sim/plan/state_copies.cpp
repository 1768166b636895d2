#include "sim/plan/state_copies.h"

#include <algorithm>
#include <utility>

namespace thaw {
namespace {

bool holds(const std::vector<TensorId>& list, TensorId tensor) {
  return std::find(list.begin(), list.end(), tensor) != list.end();
}

}  // namespace

std::vector<VariableUser> users_of(const Graph& graph) {
  std::vector<VariableUser> users;
  for (const Op& op : graph.ops) users.push_back({op.id, op.inputs, op.outputs});
  users.push_back({graph.ops.back().id, graph.outputs, {}});
  return users;
}

std::vector<VariableUser> users_of(const Network& network) {
  std::vector<VariableUser> users;
  for (const Layer& layer : network.layers) users.push_back({layer.op, layer.inputs, {layer.output}});
  users.push_back({network.classifier.op, {network.classifier.feature_tensor}, {}});
  return users;
}

std::vector<StateVariable> state_variables(const Network& network) {
  std::vector<StateVariable> variables = network.graph.variables;
  for (StateVariable& variable : variables)
    if (variable.next.present()) variable.next = network.alias[variable.next.index()];
  return variables;
}

std::vector<VariablePlace> variable_places(const std::vector<StateVariable>& variables,
                                           const std::vector<VariableUser>& users) {
  std::vector<VariablePlace> places(variables.size());
  for (size_t v = 0; v < variables.size(); ++v) {
    const auto& [name, content, next, initial] = variables[v];
    size_t last = 0;
    for (size_t u = 0; u < users.size(); ++u) {
      const bool reads = holds(users[u].inputs, content);
      if (reads && places[v].read == SIZE_MAX) places[v].read = u;
      if (reads || (next.present() && holds(users[u].outputs, next))) last = u;
    }
    if (next.present() && next != content) places[v].assign = last;
    // Another variable, or none, takes the content as it is.
    for (const StateVariable& other : variables)
      if (other.next == content) places[v].read = 0;
  }
  return places;
}

StateCopies::StateCopies(PlanBuilder& build, std::vector<StateVariable> variables,
                         std::vector<VariableUser> users)
    : build_(build),
      variables_(std::move(variables)),
      users_(std::move(users)),
      places_(variable_places(variables_, users_)) {
  for (const StateVariable& variable : variables_) buffers_.push_back(build_.variable(variable));
}

void StateCopies::copy(const std::string& name, OpId op, BufferId from, BufferId to, int64_t bytes) {
  CopyForward k;
  k.bytes = bytes;
  k.input = from;
  k.output = to;
  build_.step(name, Phase::forward, op, k);
}

void StateCopies::before(size_t user) {
  for (size_t v = 0; v < variables_.size(); ++v)
    if (places_[v].read == user) {
      const Tensor& content = build_.graph.tensor(variables_[v].content);
      copy(variables_[v].name + ".read", users_[user].op, buffers_[v], build_.activation(content.id),
           content.bytes());
    }
  if (user + 1 == users_.size()) assign(user);
}

void StateCopies::after(size_t user) {
  assign(user);
}

void StateCopies::assign(size_t user) {
  for (size_t v = 0; v < variables_.size(); ++v)
    if (places_[v].assign == user) {
      const Tensor& next = build_.graph.tensor(variables_[v].next);
      copy(variables_[v].name + ".assign", users_[user].op, build_.activation(next.id), buffers_[v],
           next.bytes());
    }
}

}  // namespace thaw
