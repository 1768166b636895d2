// Templates of C files: what stands where a word stood.
#include "engine/generate/c_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "engine/generate/embedded_files.h"
#include "tests/engine/generate/firmware.h"

namespace thaw {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CTemplate, WordsWithinALineStandForText) {
  EXPECT_EQ(fill_template("// PLAN_NAME: PLAN_SIZE x PLAN_SIZE\nint a = (PLAN_SIZE);\n",
                          {{"NAME", "model"}, {"SIZE", "7"}}),
            "// model: 7 x 7\nint a = (7);\n");
  EXPECT_EQ(fill_template("int PLAN, XPLAN_SIZE;\n", {{"SIZE", "7"}}), "int PLAN, XPLAN_SIZE;\n");
}

TEST(CTemplate, WordsAloneStandForLines) {
  const TemplateValues values = {{"STEPS", "  a();\n  b();\n"}, {"NONE", ""}};
  EXPECT_EQ(fill_template("void f(void) {\n  PLAN_STEPS;\n}\n", values),
            "void f(void) {\n  a();\n  b();\n}\n");
  EXPECT_EQ(fill_template("int a;\nPLAN_NONE\nint b;\n", values), "int a;\nint b;\n");
}

TEST(CTemplate, WhatReplacesAWordIsNotReadAgain) {
  EXPECT_EQ(fill_template("// PLAN_NAME\n", {{"NAME", "PLAN_NAME"}}), "// PLAN_NAME\n");
}

TEST(CTemplate, ConditionsKeepOrDropTheirLines) {
  const std::string text =
      "#if PLAN_TRAINS\n#ifdef OTHER\nint a;\n#else\nint b;\n#endif\n#else\nint c;\n#endif\nint d;\n";
  EXPECT_EQ(fill_template(text, {{"TRAINS", "1"}}), "#ifdef OTHER\nint a;\n#else\nint b;\n#endif\nint d;\n");
  EXPECT_EQ(fill_template(text, {{"TRAINS", "0"}}), "int c;\nint d;\n");
  EXPECT_EQ(fill_template("#if PLAN_A\nPLAN_UNKNOWN\n#endif\n", {{"A", "0"}}), "");
}

TEST(CTemplate, AWordWithoutAValueIsAnError) {
  EXPECT_THROW(fill_template("int PLAN_SIZE;\n", {}), std::logic_error);
  EXPECT_THROW(fill_template("#if PLAN_SIZE\n#endif\n", {}), std::logic_error);
}

TEST(CTemplate, NoWordOfTheTemplatesIsLeftInAFirmware) {
  const testing::PlannedFirmware made = testing::small_firmware();
  int filled = 0;
  for (const GeneratedFile& file : generate(made.request(testing::board_named("host")))) {
    if (find_embedded_file("engine/model/" + file.path) == nullptr) continue;
    EXPECT_THAT(find_embedded_file("engine/model/" + file.path)->text, HasSubstr("PLAN_")) << file.path;
    EXPECT_THAT(file.text, Not(HasSubstr("PLAN_"))) << file.path;
    ++filled;
  }
  EXPECT_EQ(filled, 3);
}

}  // namespace
}  // namespace thaw
