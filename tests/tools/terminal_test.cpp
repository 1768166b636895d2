// Colours and progress: shown on a terminal, refused by NO_COLOR, absent from files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Terminal : public testing::SmallProject {
 protected:
  /// What a person would see of standard error.
  std::string seen(const std::vector<std::string>& arguments,
                   const std::vector<std::string>& variables = {}) {
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    EXPECT_EQ(grantpt(master), 0);
    EXPECT_EQ(unlockpt(master), 0);
    const std::string name = ptsname(master);
    const int kept_open = open(name.c_str(), O_RDWR | O_NOCTTY);  // or reading ends before `thaw` has begun
    std::string text;
    std::thread reader([&] {
      std::array<char, 4096> block;
      for (ssize_t n = 0; (n = read(master, block.data(), block.size())) > 0;)
        text.append(block.data(), static_cast<size_t>(n));
    });
    testing::RunningThaw(arguments, folder_, variables, name).wait();
    close(kept_open);
    reader.join();
    close(master);
    return text;
  }
};

TEST_F(Terminal, ErrorsAreRedUnlessNoColorIsSet) {
  EXPECT_THAT(seen({"inspect", "absent.tflite"}), HasSubstr("\033[31merror:\033[0m"));
  const std::string plain = seen({"inspect", "absent.tflite"}, {"NO_COLOR=1"});
  EXPECT_THAT(plain, HasSubstr("thaw: error: "));
  EXPECT_THAT(plain, Not(HasSubstr("\033[31m")));
  EXPECT_THAT(thaw({"inspect", "absent.tflite"}).err, Not(HasSubstr("\033")));
}

TEST_F(Terminal, LongWorkShowsHowFarItIs) {
  const std::vector<std::string> train = {"train",         "model.tflite", "cifar", "--schedule",
                                          "schedule.json", "--epochs",     "3000"};
  EXPECT_THAT(seen(train), ::testing::AllOf(HasSubstr("training"), HasSubstr("elapsed"), HasSubstr(" left")));
  EXPECT_THAT(thaw({"train", "model.tflite", "cifar", "--schedule", "schedule.json"}).err,
              ::testing::AllOf(Not(HasSubstr("elapsed")), Not(HasSubstr("\r"))));
}

TEST_F(Terminal, ASearchShowsTheBestSoFar) {
  link_configs();
  const std::vector<std::string> search = {"search", "model.tflite", "cifar", "--epochs",
                                           "40",     "--seeds",      "1"};
  EXPECT_THAT(seen(search),
              ::testing::AllOf(HasSubstr("search "), HasSubstr("elapsed"), HasSubstr("best so far")));
}

}  // namespace
}  // namespace thaw
