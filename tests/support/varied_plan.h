// Plans of varied networks and random schedules.
#pragma once

#include <utility>

#include "sim/base/error.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "tests/support/operator_network.h"
#include "tests/support/varied_network.h"

namespace thaw::testing {

inline Network varied_network(uint32_t seed) {
  return trainable_network(VariedNetwork(seed).graph(), seed % 2 == 0);
}

/// The plan; `schedule` loses its deepest layers where gradients cannot reach them, or gradient bits where
/// sums would not fit.
inline Plan lower_what_can_be_trained(const Network& network, Schedule& schedule) {
  for (;;) {
    try {
      return lower(network, schedule);
    } catch (const Error&) {
      if (schedule.training.gradient_bits > 7)
        schedule.training.gradient_bits = 7;
      else
        schedule.update.erase(schedule.update.begin());
    }
  }
}

/// Of a network and the seed's schedule, two of three with passes.
inline Plan plan_of_seed(const Network& network, uint32_t seed) {
  Schedule schedule = random_schedule(network, seed);
  Plan plan = lower_what_can_be_trained(network, schedule);
  return seed % 3 == 0 ? plan : run_passes(std::move(plan));
}

inline Plan varied_plan(uint32_t seed) {
  return plan_of_seed(varied_network(seed), seed);
}

inline Plan operator_plan(uint32_t seed) {
  return plan_of_seed(operator_network(seed), seed);
}

}  // namespace thaw::testing
