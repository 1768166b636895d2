// Whole files: what comes back, what is refused, and that nothing half-written stays behind.
#include "sim/base/file.h"

#include <gmock/gmock.h>

#include <fstream>

#include "sim/base/error.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(::testing::TempDir()) /
        (std::string("thaw_file_test_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  size_t files() const {
    const std::filesystem::directory_iterator all(folder_);
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }

  std::filesystem::path folder_;
};

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_F(FileTest, ReadsWhatWasWritten) {
  const std::filesystem::path path = folder_ / "a.txt";
  write_file_atomically(path, "one");
  EXPECT_EQ(text_of(read_file(path, 100)), "one");
  const std::string longer(100000, 'x');
  write_file_atomically(path, longer);
  EXPECT_EQ(text_of(read_file(path, 100000)), longer);
  write_file_atomically(path, "");
  EXPECT_EQ(text_of(read_file(path, 0)), "");
  EXPECT_EQ(files(), 1U);
}

TEST_F(FileTest, RefusesMoreThanTheLimit) {
  const std::filesystem::path path = folder_ / "a.txt";
  write_file_atomically(path, "12345");
  EXPECT_EQ(read_file(path, 5).size(), 5U);
  EXPECT_THAT(error_of([&] { read_file(path, 4); }), HasSubstr("a.txt: holds more than 4 bytes"));
  // A device would never end.
  EXPECT_THAT(error_of([&] { read_file("/dev/zero", 1000); }), HasSubstr("is not a regular file"));
}

TEST_F(FileTest, NamesWhatIsMissing) {
  EXPECT_THAT(error_of([&] { read_file(folder_ / "none", 10); }),
              HasSubstr("none: cannot be opened: No such file"));
  EXPECT_THAT(error_of([&] { read_file(folder_, 10); }), HasSubstr("is a folder, expected a file"));
  EXPECT_THAT(error_of([&] { write_file_atomically(folder_ / "no" / "a", "x"); }),
              HasSubstr("cannot be written"));
}

TEST_F(FileTest, LeavesNothingBehindWhereRenamingFails) {
  std::filesystem::create_directories(folder_ / "taken" / "inside");
  EXPECT_THAT(error_of([&] { write_file_atomically(folder_ / "taken", "x"); }),
              HasSubstr("cannot be written"));
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace thaw
