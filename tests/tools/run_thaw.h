// Runs the program `thaw` as a user would: arguments in, exit code and both output streams out.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/project_folders.h"

extern char** environ;

namespace thaw::testing {

struct Finished {
  int status = -1;  // exit code; 128 + signal where a signal ended it
  std::string out, err;
};

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A running `thaw`, its streams going to files in `folder`, started in `folder`; standard error to
/// `terminal` instead where one is given, standard output to `output`.
class RunningThaw {
 public:
  RunningThaw(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
              const std::vector<std::string>& variables = {}, const std::string& terminal = "",
              const std::string& output = "")
      : out_(output.empty() ? (folder / "stdout.txt").string() : output),
        err_(terminal.empty() ? (folder / "stderr.txt").string() : terminal) {
    std::vector<std::string> words = {std::string(testing::build_folder()) + "/thaw"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> environment = variables;
    for (char** v = environ; *v != nullptr; ++v) environment.emplace_back(*v);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addchdir_np(&files, folder.c_str());
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_addopen(&files, 2, err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    const int failed = posix_spawn(&pid_, words[0].c_str(), &files, nullptr, pointers(words).data(),
                                   pointers(environment).data());
    posix_spawn_file_actions_destroy(&files);
    EXPECT_EQ(failed, 0) << "cannot start " << words[0];
  }

  void send(int signal) const { kill(pid_, signal); }

  pid_t process() const { return pid_; }

  Finished wait() const {
    int status = 0;
    waitpid(pid_, &status, 0);
    return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
            std::filesystem::is_regular_file(out_) ? text_of(out_) : "",
            std::filesystem::is_regular_file(err_) ? text_of(err_) : ""};
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> result;
    for (std::string& word : words) result.push_back(word.data());
    result.push_back(nullptr);
    return result;
  }

  std::filesystem::path out_, err_;
  pid_t pid_ = -1;
};

}  // namespace thaw::testing
