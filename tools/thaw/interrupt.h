// SIGINT and SIGTERM: long commands finish what they are writing, say how to go on, and end with 128 +
// signal.
#pragma once

namespace thaw::cli {

/// From now on the first SIGINT or SIGTERM is only remembered; a second one ends the program at once.
void remember_interrupts();

/// The signal that came, or 0.
int interrupted_by();

/// For loops that can stop early.
inline bool interrupted() {
  return interrupted_by() != 0;
}

}  // namespace thaw::cli
