#include "tests/support/json_schema.h"

#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace thaw::testing {
namespace {

using Json = nlohmann::json;

/// Those that mean the same in draft 7 and draft 2020-12.
const std::set<std::string> kKeywords = {"$id",
                                         "$schema",
                                         "$defs",
                                         "title",
                                         "description",
                                         "default",
                                         "type",
                                         "const",
                                         "enum",
                                         "minimum",
                                         "maximum",
                                         "pattern",
                                         "minLength",
                                         "minItems",
                                         "maxItems",
                                         "required",
                                         "items",
                                         "properties",
                                         "$ref",
                                         "oneOf",
                                         "exclusiveMinimum",
                                         "additionalProperties"};

/// Keywords of a schema, and of those inside it, that the two drafts read differently or valijson not at all.
void find_other_keywords(const Json& schema, const std::string& path, std::vector<std::string>& faults) {
  if (schema.is_array())
    for (const Json& one : schema) find_other_keywords(one, path, faults);
  if (!schema.is_object()) return;
  for (const auto& [keyword, rule] : schema.items()) {
    const bool annotates = keyword == "title" || keyword == "description" || keyword == "default";
    if (!kKeywords.contains(keyword) || (schema.contains("$ref") && keyword != "$ref" && !annotates) ||
        (keyword == "items" && rule.is_array()))
      faults.push_back(path + ": the schema's keyword '" + keyword + "' is not checked here");
    if (keyword == "properties" || keyword == "$defs")
      for (const auto& [name, inner] : rule.items())
        find_other_keywords(inner, path + "/" + keyword + "/" + name, faults);
    else if (keyword == "items" || keyword == "oneOf" || keyword == "additionalProperties")
      find_other_keywords(rule, path + "/" + keyword, faults);
  }
}

/// ["<root>", "[buffers]", "[1]", "[kind]"] -> "$.buffers[1].kind".
std::string place_of(const std::vector<std::string>& context) {
  std::string place = "$";
  for (size_t i = 1; i < context.size(); ++i) {
    const std::string name = context[i].substr(1, context[i].size() - 2);
    const bool is_index = name.find_first_not_of("0123456789") == std::string::npos;
    place += is_index ? context[i] : "." + name;
  }
  return place;
}

}  // namespace

std::vector<std::string> SchemaCheck::faults(const Json& value) const {
  std::vector<std::string> faults;
  find_other_keywords(schema_, "schema", faults);
  valijson::Schema rules;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_), rules);
  valijson::ValidationResults results;
  valijson::Validator(valijson::Validator::kStrongTypes)
      .validate(rules, valijson::adapters::NlohmannJsonAdapter(value), &results);
  for (const valijson::ValidationResults::Error& error : results)
    faults.push_back(place_of(error.context) + ": " + error.description);
  return faults;
}

}  // namespace thaw::testing
