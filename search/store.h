// Every training run that was measured, in one SQLite file that any number of searches may use at the same
// time: answers found by the question that they answer, both JSON that `sqlite3` can be asked about.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

struct sqlite3;

namespace thaw {

/// Table `runs`: `key` (SHA-256 of the question), `question`, `answer`, `sha256` (of both). Each answer is a
/// transaction of its own: a process that is killed, or a disk that is full, loses what is being written and
/// nothing else. One thread at a time may call a Store.
class Store {
 public:
  /// Opens the store; an absent file is made with the first answer. An empty path keeps answers in memory.
  /// Throws Error where the file is damaged, another program's or a newer Thaw's, or cannot be written to;
  /// nothing is changed then.
  explicit Store(std::filesystem::path file);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// The answer to this question, whoever stored it. Throws Error where the file cannot be read or the row
  /// is damaged.
  std::optional<std::string> find(const std::string& question);

  /// Keeps an answer; the same one twice is no error. Throws Error where it cannot be written, or where
  /// another answer to this question is there already.
  void add(const std::string& question, const std::string& answer);

  /// Answers in it.
  int64_t size();

 private:
  bool open_what_is_there();
  void open(int flags);
  void check_identity();
  void make_table();
  void execute(const char* sql);
  int64_t number(const char* sql);
  [[noreturn]] void fail(int code);

  std::filesystem::path file_;
  sqlite3* database_ = nullptr;
};

}  // namespace thaw
