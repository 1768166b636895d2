#include "search/store.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <span>
#include <system_error>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/sha256.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

constexpr int kVersion = 1;                   // of the table, PRAGMA user_version
constexpr int kApplication = 0x54686177;      // "Thaw", PRAGMA application_id
constexpr int kPatienceMilliseconds = 60000;  // while another process writes

constexpr const char* kAnother = "Give another file with --store";

std::string digest(const std::string& text) {
  return sha256_hex(std::as_bytes(std::span(text)));
}

std::string checksum(const std::string& key, const std::string& answer) {
  return digest(key + "\n" + answer);
}

/// One SQL statement with texts bound to its question marks.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql, std::initializer_list<const std::string*> texts = {}) {
    code_ = sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr);
    int place = 0;
    for (const std::string* text : texts)
      if (code_ == SQLITE_OK)
        code_ = sqlite3_bind_text(statement_, ++place, text->data(), static_cast<int>(text->size()),
                                  SQLITE_STATIC);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// SQLITE_ROW, SQLITE_DONE or what went wrong.
  int step() { return code_ == SQLITE_OK ? sqlite3_step(statement_) : code_; }

  std::string text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto count = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
    return bytes == nullptr ? "" : std::string(bytes, count);
  }
  int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int code_ = SQLITE_OK;
};

/// Undoes what was not committed at the end of the scope.
class Transaction {
 public:
  explicit Transaction(sqlite3* database) : database_(database) {}
  ~Transaction() {
    if (sqlite3_get_autocommit(database_) == 0)
      sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

 private:
  sqlite3* database_;
};

}  // namespace

Store::Store(fs::path file) : file_(std::move(file)) {
  try {
    if (file_.empty()) {
      open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
      make_table();
      return;
    }
    if (open_what_is_there()) return;
    const fs::path folder = fs::absolute(file_).parent_path();
    if (!fs::is_directory(folder) || ::access(folder.c_str(), W_OK | X_OK) != 0)
      throw Error(file_.string(), "'" + folder.string() + "' is not a folder that can be written to",
                  kAnother);
  } catch (...) {
    sqlite3_close(database_);
    throw;
  }
}

Store::~Store() {
  sqlite3_close(database_);
}

/// False where there is no file yet.
bool Store::open_what_is_there() {
  if (database_ != nullptr) return true;
  std::error_code ignored;
  const fs::file_status status = fs::status(file_, ignored);
  if (!fs::exists(status)) return false;
  if (!fs::is_regular_file(status)) throw Error(file_.string(), "is not a regular file", kAnother);
  if (::access(file_.c_str(), R_OK | W_OK) != 0)
    throw Error(file_.string(), "cannot be written: " + std::generic_category().message(errno), kAnother);
  open(SQLITE_OPEN_READWRITE);
  check_identity();
  return true;
}

void Store::open(int flags) {
  // An absolute name: some others have a meaning to SQLite.
  const std::string name = file_.empty() ? ":memory:" : fs::absolute(file_).string();
  const int code = sqlite3_open_v2(name.c_str(), &database_, flags, nullptr);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(database_, 1);
  sqlite3_busy_timeout(database_, kPatienceMilliseconds);
}

/// Refuses what is not a whole store of a version that is known. A file without any table was made by a
/// process that was killed before its first answer.
void Store::check_identity() {
  int64_t application = 0, version = 0, tables = 0;
  {
    // All of one moment: another process may be making the table just now.
    const Transaction snapshot(database_);
    execute("BEGIN");
    application = number("PRAGMA application_id");
    version = number("PRAGMA user_version");
    tables = number("SELECT count(*) FROM sqlite_schema");
  }
  if (application == 0 && tables == 0) return make_table();
  if (application != kApplication) throw Error(file_.string(), "is another program's database", kAnother);
  if (version > kVersion)
    throw Error(
        file_.string(),
        "has version " + std::to_string(version) + ", the newest known is " + std::to_string(kVersion),
        kAnother);
  Statement check(database_, "PRAGMA quick_check(1)");
  const int code = check.step();
  if (code != SQLITE_ROW) fail(code);
  if (check.text(0) != "ok") fail(SQLITE_CORRUPT);
}

/// Of several processes that come here at the same time the first makes it.
void Store::make_table() {
  const Transaction transaction(database_);
  execute("BEGIN IMMEDIATE");
  if (number("PRAGMA application_id") == kApplication) return;
  execute(
      "CREATE TABLE runs(key TEXT PRIMARY KEY, question TEXT NOT NULL, answer TEXT NOT NULL, sha256 TEXT NOT "
      "NULL)");
  execute(("PRAGMA application_id = " + std::to_string(kApplication)).c_str());
  execute(("PRAGMA user_version = " + std::to_string(kVersion)).c_str());
  execute("COMMIT");
}

std::optional<std::string> Store::find(const std::string& question) {
  if (!open_what_is_there()) return std::nullopt;
  const std::string key = digest(question);
  Statement row(database_, "SELECT question, answer, sha256 FROM runs WHERE key = ?", {&key});
  const int code = row.step();
  if (code == SQLITE_DONE) return std::nullopt;
  if (code != SQLITE_ROW) fail(code);
  std::string answer = row.text(1);
  if (row.text(0) != question || row.text(2) != checksum(key, answer)) fail(SQLITE_CORRUPT);
  return answer;
}

void Store::add(const std::string& question, const std::string& answer) {
  if (!open_what_is_there()) {
    open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    make_table();
  }
  const std::string key = digest(question);
  const std::string sum = checksum(key, answer);
  {
    const Transaction transaction(database_);
    execute("BEGIN IMMEDIATE");
    Statement row(database_, "INSERT OR IGNORE INTO runs VALUES(?, ?, ?, ?)",
                  {&key, &question, &answer, &sum});
    if (const int code = row.step(); code != SQLITE_DONE) fail(code);
    execute("COMMIT");
  }
  if (sqlite3_changes(database_) == 0 && find(question) != answer)
    throw Error(file_.string(), "holds another answer to the question " + key,
                "It was measured by a program that computes otherwise. " + std::string(kAnother));
}

int64_t Store::size() {
  return open_what_is_there() ? number("SELECT count(*) FROM runs") : 0;
}

void Store::execute(const char* sql) {
  const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

int64_t Store::number(const char* sql) {
  Statement statement(database_, sql);
  const int code = statement.step();
  if (code != SQLITE_ROW) fail(code);
  return statement.number(0);
}

void Store::fail(int code) {
  const int reason = sqlite3_system_errno(database_);
  const std::string text = sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw Error(file_.string(), "is damaged: " + text,
                  "Put a copy in its place, or give another file with --store");
    case SQLITE_BUSY:
      throw Error(file_.string(), "is in use by another process that does not let go of it", kAnother);
    default:
      throw Error(file_.string(),
                  "cannot be written: " + (reason == 0 ? text : std::generic_category().message(reason)),
                  "Check that the folder exists and has space; the same command goes on from there");
  }
}

}  // namespace thaw
