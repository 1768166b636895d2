// Enough of JSON Schema (draft 2020-12) to hold our files against configs/schema. A keyword that is not known
// here is reported, so that no part of a schema goes unchecked.
#pragma once

#include <regex.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace thaw::testing {

class SchemaCheck {
 public:
  explicit SchemaCheck(const nlohmann::json& schema) : root_(schema) {}

  /// What in `value` the schema forbids, each with its path; empty where it is valid.
  std::vector<std::string> faults(const nlohmann::json& value) {
    faults_.clear();
    check(value, root_, "$");
    return faults_;
  }

 private:
  using Json = nlohmann::json;

  static bool is_type(const Json& value, const std::string& type) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    return type == value.type_name();
  }

  /// POSIX extended expressions: what our schemas use means the same there.
  static bool matches(const std::string& text, const std::string& pattern) {
    regex_t compiled;
    if (regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
    const bool found = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
    regfree(&compiled);
    return found;
  }

  void fault(const std::string& path, const std::string& what) { faults_.push_back(path + ": " + what); }

  void check(const Json& value, const Json& schema, const std::string& path) {
    static const std::set<std::string> ignored = {"$schema",     "$id",     "title",
                                                  "description", "default", "$defs"};
    for (const auto& [keyword, rule] : schema.items()) {
      if (ignored.count(keyword) > 0) continue;
      if (!check_value(keyword, value, rule, path) && !check_parts(keyword, value, schema, rule, path))
        fault(path, "the schema's keyword '" + keyword + "' is not known to the test");
    }
  }

  /// Keywords about the value itself; false for others.
  bool check_value(const std::string& keyword, const Json& value, const Json& rule, const std::string& path) {
    bool good = true;
    if (keyword == "const") {
      good = value == rule;
    } else if (keyword == "enum") {
      good = std::find(rule.begin(), rule.end(), value) != rule.end();
    } else if (keyword == "type") {
      if (rule.is_string())
        good = is_type(value, rule);
      else
        good = std::any_of(rule.begin(), rule.end(), [&](const Json& type) { return is_type(value, type); });
    } else if (keyword == "minimum") {
      good = !value.is_number() || value >= rule;
    } else if (keyword == "maximum") {
      good = !value.is_number() || value <= rule;
    } else if (keyword == "exclusiveMinimum") {
      good = !value.is_number() || value > rule;
    } else if (keyword == "pattern") {
      good = !value.is_string() || matches(value.get<std::string>(), rule.get<std::string>());
    } else if (keyword == "minLength") {
      good = !value.is_string() || value.get<std::string>().size() >= rule.get<size_t>();
    } else if (keyword == "minItems") {
      good = !value.is_array() || value.size() >= rule.get<size_t>();
    } else if (keyword == "maxItems") {
      good = !value.is_array() || value.size() <= rule.get<size_t>();
    } else {
      return false;
    }
    if (!good) fault(path, keyword + " " + rule.dump() + " does not hold for " + value.dump().substr(0, 80));
    return true;
  }

  /// Keywords about members, items and other schemas; false for others.
  bool check_parts(const std::string& keyword, const Json& value, const Json& schema, const Json& rule,
                   const std::string& path) {
    if (keyword == "$ref") {
      check(value, root_.at(Json::json_pointer(rule.get<std::string>().substr(1))), path);
    } else if (keyword == "required") {
      for (const Json& name : rule)
        if (value.is_object() && !value.contains(name.get<std::string>()))
          fault(path, "lacks " + name.dump());
    } else if (keyword == "properties") {
      for (const auto& [name, member] : rule.items())
        if (value.is_object() && value.contains(name)) check(value.at(name), member, path + "." + name);
    } else if (keyword == "additionalProperties") {
      if (value.is_object() && rule == false)
        for (const auto& [name, member] : value.items())
          if (!schema.at("properties").contains(name)) fault(path, "has the unknown member '" + name + "'");
    } else if (keyword == "items") {
      if (value.is_array())
        for (size_t i = 0; i < value.size(); ++i) check(value[i], rule, path + "[" + std::to_string(i) + "]");
    } else if (keyword == "oneOf") {
      check_one_of(value, rule, path);
    } else {
      return false;
    }
    return true;
  }

  void check_one_of(const Json& value, const Json& choices, const std::string& path) {
    const std::vector<std::string> before = faults_;
    std::vector<std::string> all;
    int valid = 0;
    for (const Json& choice : choices) {
      faults_.clear();
      check(value, choice, path);
      valid += faults_.empty();
      all.insert(all.end(), faults_.begin(), faults_.end());
    }
    faults_ = before;
    if (valid == 1) return;
    fault(path, std::to_string(valid) + " of oneOf hold");
    if (valid == 0) faults_.insert(faults_.end(), all.begin(), all.end());
  }

  const Json root_;
  std::vector<std::string> faults_;
};

}  // namespace thaw::testing
