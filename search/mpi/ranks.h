// The processes of an MPI job, as a search sees them: number 0 and others, which send each other texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace thaw {

struct RankMessage {
  int32_t from = 0;
  std::string text;
};

/// One object a process, used by its main thread alone.
class Ranks {
 public:
  /// In a program without MPI that a launcher (mpirun, srun) started: goes on as `thaw-mpi`, which lies
  /// beside it, with these arguments. Throws Error where there is none. Else does nothing.
  static void go_on_with_mpi(char** argv);

  /// Joins the job where a launcher started this process; else it is alone.
  Ranks();
  /// Without `finish` before, the launcher sees a process that left early, and ends the others.
  ~Ranks() = default;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  /// This process, 0 .. count() - 1.
  int32_t rank() const { return rank_; }
  int32_t count() const { return count_; }

  void send(int32_t to, const std::string& text);
  /// A message that has arrived, from whomever; empty where none has. Messages of one sender stay in order.
  std::optional<RankMessage> receive();

  /// The orderly end: waits until every process has come here.
  void finish();

  /// Bytes of texts that this process sent and received.
  int64_t bytes_moved() const { return bytes_moved_; }

 private:
  int32_t rank_ = 0, count_ = 1;
  int64_t bytes_moved_ = 0;
  bool joined_ = false;
};

}  // namespace thaw
