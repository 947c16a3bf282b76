// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <iostream>

#include "cli/cli.h"
#include "cli/commands.h"
#include "daemon/daemon.h"

namespace weir::cli {

int serve(const daemon::Config& config) {
  // Every thread inherits the mask, so the signals wait for sigwait() below.
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  const auto running = daemon::Daemon::start(config);
  if (!running) return fail(running.error());
  std::cout << "weir " << daemon::version() << " is ready at " << (*running)->endpoint()
            << std::endl;
  int received = 0;
  ::sigwait(&signals, &received);
  (*running)->stop();
  return kSuccess;
}

}  // namespace weir::cli
