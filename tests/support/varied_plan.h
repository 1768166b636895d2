// Plans of varied networks and random schedules.
#pragma once

#include <utility>

#include "sim/base/error.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
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

/// Of the seed's network and schedule, two of three with passes.
inline Plan varied_plan(uint32_t seed) {
  const Network network = varied_network(seed);
  Schedule schedule = random_schedule(network, seed);
  Plan plan = lower_what_can_be_trained(network, schedule);
  return seed % 3 == 0 ? plan : run_passes(std::move(plan));
}

}  // namespace thaw::testing
