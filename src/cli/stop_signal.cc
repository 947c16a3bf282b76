// SPDX-License-Identifier: Apache-2.0
#include "cli/stop_signal.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "base/result.h"

namespace weir::cli {
namespace {

int signals_as_file() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return ::signalfd(-1, &signals, SFD_CLOEXEC);
}

}  // namespace

StopSignal::StopSignal() : fd_(signals_as_file()) { WEIR_ASSERT(fd_ >= 0); }

StopSignal::~StopSignal() { ::close(fd_); }

bool StopSignal::wait(Duration time) const {
  pollfd stop{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&stop, 1, static_cast<int>(time.count())) <= 0) return false;
  signalfd_siginfo info;
  return ::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info);
}

}  // namespace weir::cli
