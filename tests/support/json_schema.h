// Our files held against configs/schema by valijson, which reads the drafts of JSON Schema up to 7. Ours are
// of draft 2020-12, and of that what both have in common: another keyword is reported, so that no part of a
// schema goes unchecked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace thaw::testing {

class SchemaCheck {
 public:
  explicit SchemaCheck(nlohmann::json schema) : schema_(std::move(schema)) {}

  /// What in `value` the schema forbids, as "$.buffers[1].kind: what"; empty where it is valid.
  std::vector<std::string> faults(const nlohmann::json& value) const;

 private:
  nlohmann::json schema_;
};

}  // namespace thaw::testing
