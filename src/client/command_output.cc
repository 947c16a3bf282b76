// SPDX-License-Identifier: Apache-2.0
#include "client/command_output.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

extern char** environ;

namespace weir::client {
namespace {

Error failed(std::string what) {
  return {ErrorKind::unavailable, "CommandFailed", std::move(what)};
}
Error failed(const char* what, int code) {
  return failed(what + (": " + std::generic_category().message(code)));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

/// Runs `/bin/sh -c command` in a process group of its own, with `out` as its output.
Result<pid_t> spawn(const std::string& command, int out) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string shell = "sh";
  std::string option = "-c";
  std::string text = command;
  const std::array<char*, 4> arguments = {shell.data(), option.data(), text.data(), nullptr};
  pid_t child = -1;
  const int code =
      ::posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (code != 0) return failed("it cannot be started", code);
  return child;
}

Result<std::string> read_all(int from, std::size_t bytes_max, Duration silence_max) {
  std::string output;
  std::array<char, 4096> buffer;
  while (true) {
    pollfd wait{.fd = from, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(silence_max.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return failed("its output cannot be read", errno);
    if (ready == 0) return failed("it does not end");
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("its output cannot be read", errno);
    if (got == 0) return output;
    output.append(buffer.data(), static_cast<std::size_t>(got));
    if (output.size() > bytes_max) return failed("it prints too much");
  }
}

}  // namespace

Result<std::string> command_output(const std::string& command, std::size_t bytes_max,
                                   Duration silence_max) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("no pipe", errno);
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  WEIR_TRY(const pid_t child, spawn(command, in.number()));
  in.close();
  auto output = read_all(out.number(), bytes_max, silence_max);
  if (!output) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!output) return output;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return output;
  return failed(WIFEXITED(status) ? "it ends with status " + std::to_string(WEXITSTATUS(status))
                                  : "it was ended by a signal");
}

}  // namespace weir::client
