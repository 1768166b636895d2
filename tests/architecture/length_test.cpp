// A file holds one idea and a function fits a screen: both have a limit, and who passes it says why.
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/architecture/source_files.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

constexpr size_t kMostFileLines = 400;
constexpr size_t kMostFunctionLines = 60;

bool is_comment(const std::string& line) {
  const size_t first = line.find_first_not_of(' ');
  return first != std::string::npos && line.compare(first, 2, "//") == 0;
}

/// Whether a comment on one of the lines begin .. end - 1 gives a reason.
bool says_why(const Lines& lines, size_t begin, size_t end, const std::string& words) {
  for (size_t i = begin; i < end && i < lines.size(); ++i)
    if (const size_t at = lines[i].find(words);
        at != std::string::npos && lines[i].rfind("//", at) != std::string::npos)
      return true;
  return false;
}

bool file_is_too_long(const Lines& lines) {
  return lines.size() > kMostFileLines && !says_why(lines, 0, 12, "longer than 400 lines because");
}

/// The lines with those inside raw strings emptied: their layout is not that of the code around them.
Lines without_raw_strings(Lines lines) {
  static const std::regex kBegin("R\"([a-z]*)\\(");
  std::string end;
  for (std::string& line : lines) {
    if (!end.empty()) {
      const bool ends = line.find(end) != std::string::npos;
      line.clear();
      if (ends) end.clear();
      continue;
    }
    std::smatch match;
    if (!std::regex_search(line, match, kBegin)) continue;
    const std::string close = ")" + match[1].str() + "\"";
    if (match.suffix().str().find(close) == std::string::npos) end = close;
  }
  return lines;
}

struct Function {
  size_t first, last;  // lines, from the signature to the closing brace
  size_t length() const { return last - first + 1; }
};

/// Functions at column 0 and members defined in a class at column 0, by the layout that clang-format gives:
/// the signature begins where the closing brace stands, and nothing else between them does. Types end with
/// "};" and namespaces with a comment; lambdas belong to the function around them.
std::vector<Function> functions_of(const Lines& original) {
  const Lines lines = without_raw_strings(original);
  std::vector<Function> found;
  constexpr size_t kNone = std::string::npos;
  size_t outer = kNone, member = kNone;  // where a signature may have begun
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#' || is_comment(line)) continue;
    const bool closes = line == std::string(indent, ' ') + "}";
    if (indent == 0) {
      if (closes && outer != kNone) found.push_back({outer, i});
      outer = line[0] == '}' ? kNone : i;
      member = kNone;
    } else if (indent == 2 && outer != kNone &&
               (lines[outer].starts_with("class ") || lines[outer].starts_with("struct "))) {
      if (closes && member != kNone) found.push_back({member, i});
      member = line[2] == '}' ? kNone : i;
    }
  }
  return found;
}

bool function_is_too_long(const Lines& lines, const Function& function) {
  if (function.length() <= kMostFunctionLines) return false;
  size_t above = function.first;
  while (above > 0 &&
         (is_comment(lines[above - 1]) || lines[above - 1].find("template <") != std::string::npos))
    --above;
  return !says_why(lines, above, function.last, "longer than 60 lines because");
}

TEST(FileLength, NoSourceFileIsAbove400Lines) {
  const std::vector<fs::path> files = source_files(testing::source_folder());
  EXPECT_GT(files.size(), 50U);
  for (const fs::path& file : files) {
    const Lines lines = lines_of(file);
    EXPECT_FALSE(file_is_too_long(lines)) << file << " has " << lines.size() << " lines: split it by idea";
  }
}

TEST(FunctionLength, NoFunctionIsAbove60Lines) {
  size_t functions = 0;
  for (const fs::path& file : source_files(testing::source_folder())) {
    const Lines lines = lines_of(file);
    for (const Function& function : functions_of(lines)) {
      ++functions;
      EXPECT_FALSE(function_is_too_long(lines, function))
          << file << ":" << function.first + 1 << " has " << function.length()
          << " lines: " << lines[function.first];
    }
  }
  EXPECT_GT(functions, 1000U) << "the layout was not recognised";
}

TEST(FileLength, SeesALongFileUnlessItSaysWhy) {
  EXPECT_FALSE(file_is_too_long(Lines(400, "int a;")));
  Lines lines(401, "int a;");
  EXPECT_TRUE(file_is_too_long(lines));
  lines[3] = "longer than 400 lines because it is no comment";
  EXPECT_TRUE(file_is_too_long(lines));
  lines[12] = "// longer than 400 lines because it says so too late";
  EXPECT_TRUE(file_is_too_long(lines));
  lines[11] = "// It is longer than 400 lines because of a reason.";
  EXPECT_FALSE(file_is_too_long(lines));
}

/// A function of so many lines, every line indented by `indent`.
Lines function_of(size_t count, const std::string& indent) {
  Lines lines = {indent + "int f(int a,", indent + "      int b) {"};
  while (lines.size() + 1 < count) lines.push_back(indent + "  a += b;");
  lines.push_back(indent + "}");
  return lines;
}

/// The lengths that are found.
std::vector<size_t> lengths(const Lines& lines) {
  std::vector<size_t> result;
  for (const Function& function : functions_of(lines)) result.push_back(function.length());
  return result;
}

TEST(FunctionLength, SeesFunctionsMembersAndNoOther) {
  EXPECT_EQ(lengths(function_of(61, "")), std::vector<size_t>{61});
  Lines type = {"class Example : public Base {", " public:"};
  for (const std::string& line : function_of(61, "  ")) type.push_back(line);
  type.push_back("};");
  EXPECT_EQ(lengths(type), std::vector<size_t>{61});
  EXPECT_EQ(
      lengths({"namespace thaw {", "constexpr int kTable[] = {", "    1,", "};", "}  // namespace thaw"}),
      std::vector<size_t>{});
  EXPECT_EQ(lengths({"const char* kText = R\"c(", "int f() {", "}", ")c\";"}), std::vector<size_t>{});
  EXPECT_EQ(lengths({"int f() {", "  return text(R\"(", "static int g;", ")\");", "}"}),
            std::vector<size_t>{5});
  EXPECT_EQ(lengths({"int f() {", "  const auto g = [&] {", "    h();", "  };", "  if (a) {", "  }", "}"}),
            std::vector<size_t>{7});
}

TEST(FunctionLength, AcceptsALongFunctionThatSaysWhy) {
  const auto too_long = [](const Lines& lines) {
    const std::vector<Function> functions = functions_of(lines);
    return functions.size() == 1 && function_is_too_long(lines, functions[0]);
  };
  EXPECT_FALSE(too_long(function_of(60, "")));
  Lines lines = function_of(61, "");
  EXPECT_TRUE(too_long(lines));
  lines[5] = "  // longer than 60 lines because of a reason";
  EXPECT_FALSE(too_long(lines));
  lines = function_of(61, "");
  lines.insert(lines.begin(), {"/// It is longer than 60 lines because of a reason.", "template <class T>"});
  EXPECT_FALSE(too_long(lines));
  lines.insert(lines.begin() + 1, "");
  EXPECT_TRUE(too_long(lines));
}

}  // namespace
}  // namespace thaw
