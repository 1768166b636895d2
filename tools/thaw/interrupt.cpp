#include "tools/thaw/interrupt.h"

#include <csignal>

namespace thaw::cli {
namespace {

volatile std::sig_atomic_t g_signal = 0;

void remember(int signal) {
  g_signal = signal;
}

}  // namespace

void remember_interrupts() {
  struct sigaction action {};
  action.sa_handler = remember;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one has its usual effect
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int interrupted_by() {
  return g_signal;
}

}  // namespace thaw::cli
