// Strictness, places in messages, and the canonical form.
#include "sim/base/json.h"

#include <gmock/gmock.h>

#include "sim/base/error.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

std::string parse_error(const std::string& text) {
  return error_of([&] { parse_json(text, "f.json"); });
}

TEST(JsonParse, RefusesWhatIsNotStrictJson) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "f.json: line 1, byte 0"},
      {"{\"a\": 1,}", "f.json: line 1, byte 8"},
      {"{\n\"a\": 1\n} x", "f.json: line 3, byte 11"},
      {"{\"a\": NaN}", "f.json: line 1, byte 6"},
      {"[Infinity]", "f.json: line 1, byte 1"},
      {"[-Infinity]", "f.json: line 1"},
      {"[1] // no", "f.json: line 1, byte 4"},
      {"[01]", "f.json: line 1"},
      {"[.5]", "f.json: line 1"},
      {"[1e999]", "f.json: number overflow"},
      {"{'a': 1}", "f.json: line 1, byte 1"},
      {"[\"\xff\"]", "f.json: line 1, byte 2"},
      {"[\"\xc0\x80\"]", "f.json: line 1, byte 2"},
      {"[\"\\ud800\"]", "f.json: line 1"},
      {"[\"tab\there\"]", "f.json: line 1"},
      {"{\"a\": {\"b\": 1, \"c\": 2, \"b\": 3}}", "f.json: a: the key \"b\" appears twice"},
      {"{\"b\": 1, \"b\": 1}", "f.json: the key \"b\" appears twice"},
      {"[1", "f.json: line 1, byte 2"},
      {std::string(70, '[') + std::string(70, ']'), "nesting is deeper than 64 levels"},
      {std::string(1000000, '['), "nesting is deeper than 64 levels"},
      {std::string("[1]\0", 4), "f.json: line 1, byte 3"},
  };
  for (const auto& [text, message] : cases)
    EXPECT_THAT(parse_error(text), HasSubstr(message)) << text.substr(0, 60);
}

TEST(JsonParse, AcceptsStrictJson) {
  EXPECT_EQ(
      parse_error(
          "{\"a\": [1, 2.5, -3e2, true, null, \"\\u00e4\xc3\xa4\"], \"b\": {\"a\": 1}, \"c\": {\"a\": 1}}"),
      "no error");
  EXPECT_EQ(parse_error(std::string(64, '[') + std::string(64, ']')), "no error");
}

TEST(JsonView, MessagesNamePlaceAndValue) {
  const nlohmann::json document = parse_json(
      R"({"update": [{"op": 1}, {"op": -1, "weights": 7, "name": "x"}], "big": 18446744073709551615,
                     "half": 0.5, "none": null})",
      "schedule.json");
  const JsonView root(document, "schedule.json");
  const JsonView second = root.field("update").items()[1];
  EXPECT_EQ(second.path(), "update[1]");
  EXPECT_EQ(second.field("op").integer(), -1);
  EXPECT_EQ(second.field("name").string(), "x");
  EXPECT_EQ(root.field("half").number(), 0.5);
  EXPECT_EQ(root.field("update").size(), 2U);
  EXPECT_FALSE(root.optional_field("none"));
  EXPECT_FALSE(root.optional_field("absent"));
  EXPECT_EQ(
      error_of([&] { second.field("weights").expected("\"none\", \"all\" or an object", "See the manual"); }),
      "schedule.json: update[1].weights: expected \"none\", \"all\" or an object, found 7. See the manual");
  EXPECT_THAT(error_of([&] { second.field("op").integer(0, 9); }),
              HasSubstr("update[1].op: expected a whole number from 0 to 9, found -1"));
  EXPECT_THAT(error_of([&] { root.field("half").integer(); }),
              HasSubstr("half: expected a whole number, found 0.5"));
  EXPECT_THAT(error_of([&] { root.field("big").integer(); }),
              HasSubstr("big: expected a whole number, found 184"));
  EXPECT_THAT(error_of([&] { root.field("half").number(1, 2); }),
              HasSubstr("half: expected a number from 1.0 to 2.0, found 0.5"));
  EXPECT_THAT(error_of([&] { root.field("absent"); }),
              HasSubstr("schedule.json: the key \"absent\" is missing"));
  EXPECT_THAT(error_of([&] { root.field("none"); }), HasSubstr("the key \"none\" is missing"));
  EXPECT_THAT(error_of([&] { root.items(); }),
              HasSubstr("schedule.json: expected an array, found an object"));
  EXPECT_THAT(error_of([&] { second.field("op").field("x"); }), HasSubstr("expected an object, found -1"));
  EXPECT_THAT(error_of([&] { second.field("name").boolean(); }),
              HasSubstr("expected true or false, found \"x\""));
  EXPECT_THAT(error_of([&] { second.field("op").string(); }), HasSubstr("expected a string, found -1"));
  EXPECT_EQ(second.field("name").one_of({"y", "x"}), 1U);
  EXPECT_THAT(error_of([&] {
                second.field("name").one_of({"none", "all"});
              }),
              HasSubstr("expected one of \"none\", \"all\", found \"x\""));
}

TEST(JsonView, UnknownKeysGetTheNearestName) {
  const nlohmann::json document = parse_json(R"({"epochs": 1, "learning_rat": 2})", "s.json");
  const JsonView root(document, "s.json");
  root.known_keys({"epochs", "learning_rat"});
  EXPECT_EQ(error_of([&] {
              root.known_keys({"epochs", "seed", "learning_rate"});
            }),
            "s.json: unknown key \"learning_rat\". Did you mean \"learning_rate\"?");
}

TEST(JsonView, SchemaVersions) {
  const auto check = [](const std::string& text) {
    return error_of([&] {
      const nlohmann::json document = parse_json(text, "r.json");
      check_schema_version(JsonView(document, "r.json"), 2);
    });
  };
  EXPECT_EQ(check(R"({"schema_version": 1})"), "no error");
  EXPECT_EQ(check(R"({"schema_version": 2})"), "no error");
  EXPECT_THAT(check(R"({"schema_version": 3})"),
              HasSubstr("r.json: schema_version: is 3, but this program reads versions up to 2"));
  EXPECT_THAT(check(R"({"schema_version": 0})"), HasSubstr("expected a whole number"));
  EXPECT_THAT(check(R"({"schema_version": "1"})"), HasSubstr("expected a whole number"));
  EXPECT_THAT(check("{}"), HasSubstr("the key \"schema_version\" is missing"));
  EXPECT_THAT(check("[]"), HasSubstr("expected an object"));
}

TEST(JsonText, CanonicalForm) {
  nlohmann::ordered_json value;
  value["z"] = 1;
  value["a"] = {1, 2, 3};
  value["empty"] = nlohmann::ordered_json::array();
  value["nothing"] = nlohmann::ordered_json::object();
  value["doubles"] = {0.1, 2.0, 1e300, -0.0, 5e-324};
  value["text"] = "say \"hi\"\n";
  value["list"] = nlohmann::ordered_json::array({{{"k", true}}, nullptr});
  EXPECT_EQ(json_text(value), R"({
  "z": 1,
  "a": [1, 2, 3],
  "empty": [],
  "nothing": {},
  "doubles": [0.1, 2.0, 1e+300, -0.0, 5e-324],
  "text": "say \"hi\"\n",
  "list": [
    {
      "k": true
    },
    null
  ]
}
)");
}

TEST(JsonText, ReadsBackEqual) {
  // Doubles whose shortest form has 17 digits, and the extremes.
  for (double d :
       {0.1 + 0.2, 1.0 / 3.0, 1.7976931348623157e308, 2.2250738585072014e-308, 9007199254740993.0, 1e22}) {
    const nlohmann::ordered_json value = {{"d", d}};
    EXPECT_EQ(parse_json(json_text(value), "f").at("d").get<double>(), d);
    EXPECT_TRUE(parse_json(json_text(value), "f").at("d").is_number_float());
  }
  const nlohmann::ordered_json integers = {{"low", INT64_MIN}, {"high", UINT64_MAX}};
  EXPECT_EQ(parse_json(json_text(integers), "f"), nlohmann::json(integers));
}

TEST(JsonText, RefusesWhatJsonCannotHold) {
  nlohmann::ordered_json value;
  value["a"]["b"] = {1.0, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THAT(error_of([&] { json_text(value); }), HasSubstr("a.b[1]: is not a finite number"));
  value["a"]["b"] = "\xff";
  EXPECT_THAT(error_of([&] { json_text(value); }), HasSubstr("a.b: is not valid UTF-8"));
}

TEST(JsonFile, WritesAndReads) {
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "thaw_json_test.json";
  write_json_file(path, {{"schema_version", 1}});
  EXPECT_EQ(read_json_file(path).at("schema_version"), 1);
  write_file_atomically(path, "{\"a\":");
  EXPECT_THAT(error_of([&] { read_json_file(path); }), HasSubstr("thaw_json_test.json: line 1, byte 5"));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace thaw
