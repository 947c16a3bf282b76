// SPDX-License-Identifier: Apache-2.0
#include "enforce/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace weir::enforce {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void set(int fd) { fd_ = fd; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

Error failed(const std::string& what, int error) {
  return {ErrorKind::unavailable, "InternalError", what + ": " + std::strerror(error)};
}

/// nft opens /dev/stdin by name, which a socket does not allow; a file in memory does, and never
/// blocks.
Result<void> fill(int fd, std::string_view input) {
  while (!input.empty()) {
    const ssize_t written = ::write(fd, input.data(), input.size());
    if (written < 0) return failed("cannot hand over the input", errno);
    input.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(fd, 0, SEEK_SET) != 0) return failed("cannot hand over the input", errno);
  return {};
}

Result<pid_t> spawn(const std::vector<std::string>& command, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  // The daemon's threads block and ignore signals that the program should have at their defaults.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int error =
      ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return failed("cannot run " + command.front(), error);
  return pid;
}

/// Reads until the program closes its output. False if the time is over.
bool read_all(Runtime& runtime, int fd, std::chrono::nanoseconds deadline, std::size_t output_max,
              std::string& output) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - runtime.monotonic());
    pollfd waiting{fd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long>(0, left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    char buffer[4096];
    const ssize_t size = ::read(fd, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return true;
    const std::size_t room = output_max - output.size();
    output.append(buffer, std::min(room, static_cast<std::size_t>(size)));
  }
}

}  // namespace

Result<ProcessResult> run_process(Runtime& runtime, const std::vector<std::string>& command,
                                  const std::string& input, Duration timeout,
                                  std::size_t output_max) {
  WEIR_ASSERT(!command.empty());
  const Descriptor file(::memfd_create("weir-input", MFD_CLOEXEC));
  if (file.get() < 0) return failed("cannot hand over the input", errno);
  WEIR_CHECK(fill(file.get(), input));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed("cannot make a pipe", errno);
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);

  WEIR_TRY(const pid_t pid, spawn(command, file.get(), write_end.get()));
  write_end.close();
  ProcessResult result;
  const bool ended =
      read_all(runtime, read_end.get(), runtime.monotonic() + timeout, output_max, result.output);
  if (!ended) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return failed("cannot learn how " + command.front() + " ended", errno);
  }
  if (!ended) {
    return Error{ErrorKind::unavailable, "InternalError",
                 command.front() + " did not end within " + std::to_string(timeout.count()) +
                     " ms and was killed"};
  }
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace weir::enforce
