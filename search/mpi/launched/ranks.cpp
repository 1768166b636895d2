// Ranks by MPI.
#include "search/mpi/ranks.h"

#include <mpi.h>

#include <cstdlib>

namespace thaw {
namespace {

/// What launchers tell the processes that they start; without one MPI would start servers of its own.
bool was_launched() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"})
    if (std::getenv(name) != nullptr) return true;
  return false;
}

}  // namespace

void Ranks::go_on_with_mpi(char**) {}

Ranks::Ranks() : joined_(was_launched()) {
  if (!joined_) return;
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &count_);
}

void Ranks::send(int32_t to, const std::string& text) {
  MPI_Send(text.data(), static_cast<int>(text.size()), MPI_CHAR, to, 0, MPI_COMM_WORLD);
  bytes_moved_ += static_cast<int64_t>(text.size());
}

std::optional<RankMessage> Ranks::receive() {
  int there = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &there, &status);
  if (there == 0) return std::nullopt;
  int count = 0;
  MPI_Get_count(&status, MPI_CHAR, &count);
  RankMessage message = {status.MPI_SOURCE, std::string(static_cast<size_t>(count), '\0')};
  MPI_Recv(message.text.data(), count, MPI_CHAR, message.from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  bytes_moved_ += count;
  return message;
}

void Ranks::finish() {
  if (joined_) MPI_Finalize();
  joined_ = false;
}

}  // namespace thaw
