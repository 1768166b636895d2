// plan.json: a Plan's complete account for machines: every buffer with its place and lifetime, every step,
// all totals, what each pass saved, and the proof behind the peak.
#pragma once

#include <nlohmann/json.hpp>

#include "memmodel/board.h"
#include "memmodel/device_plan.h"
#include "memmodel/paper_metric.h"

namespace thaw {

/// Version of the format written here (configs/schema/plan.schema.json).
constexpr int kPlanSchemaVersion = 1;

/// The account of a plan on `board`; `paper` is absent for plans without a schedule. Written
/// with `json_text`, equal plans give equal bytes. Names are made printable (printable.h).
nlohmann::ordered_json plan_json(const DevicePlan& device, const Board& board,
                                 const PaperMetric* paper = nullptr);

}  // namespace thaw
