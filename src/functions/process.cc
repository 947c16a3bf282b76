// SPDX-License-Identifier: Apache-2.0
#include "functions/process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace weir::functions {
namespace {

Error failed(const std::string& what, int error) {
  return {ErrorKind::unavailable, "Runtime.StartError", what + ": " + std::strerror(error)};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

/// Everything that the child needs, so that it only makes system calls.
struct Launch {
  const char* program;
  char* const* arguments;
  char* const* environment;
  int input;
  int output;
  int complaint;
  std::uint64_t memory_bytes_max;
  pid_t parent;
  volatile int error = 0;  // the child shares the memory
};

[[noreturn]] void become(Launch& launch) {
  const rlimit no_core{0, 0};
  const rlimit memory{launch.memory_bytes_max, launch.memory_bytes_max};
  sigset_t none;
  ::sigemptyset(&none);
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const bool is_orphan = ::getppid() != launch.parent;
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::setrlimit(RLIMIT_AS, &memory);
  ::signal(SIGPIPE, SIG_DFL);  // the daemon ignores it; what it handles is reset by exec
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const bool is_ready =
      !is_orphan && ::dup2(launch.input, STDIN_FILENO) >= 0 &&
      ::dup2(launch.output, STDOUT_FILENO) >= 0 && ::dup2(launch.complaint, STDERR_FILENO) >= 0 &&
      ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0 && ::chdir("/") == 0;
  if (is_ready) ::execve(launch.program, launch.arguments, launch.environment);
  launch.error = errno;
  ::_exit(127);
}

/// fork() would copy the page tables of the whole daemon for each run, and posix_spawn() can set
/// neither a limit nor the signal that ends the child with its parent. Signals wait meanwhile,
/// because a handler of the daemon must not run in the child.
pid_t launch_process(Launch& launch) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (pid == 0) become(launch);
  const int error = pid < 0 ? errno : launch.error;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid > 0 && error != 0) ::waitpid(pid, nullptr, 0);
  launch.error = error;
  return error == 0 ? pid : -1;
}

/// A file in memory never blocks, neither here nor there.
Result<Descriptor> input_file(std::string_view input) {
  Descriptor file(::memfd_create("weir-event", MFD_CLOEXEC));
  if (!file.is_open()) return failed("cannot hand over the event", errno);
  while (!input.empty()) {
    const ssize_t written = ::write(file.get(), input.data(), input.size());
    if (written < 0) return failed("cannot hand over the event", errno);
    input.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return failed("cannot hand over the event", errno);
  return file;
}

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;

  static Result<Pipe> make() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failed("cannot make a pipe", errno);
    Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return failed("cannot make a pipe", errno);
    return pipe;
  }
};

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<Process> Process::start(const Command& command, std::string_view input) {
  WEIR_TRY(const Descriptor file, input_file(input));
  WEIR_TRY(Pipe output, Pipe::make());
  WEIR_TRY(Pipe complaint, Pipe::make());
  const auto arguments = pointers(command.arguments);
  const auto environment = pointers(command.environment);
  Launch launch{.program = command.program.c_str(),
                .arguments = arguments.data(),
                .environment = environment.data(),
                .input = file.get(),
                .output = output.write_end.get(),
                .complaint = complaint.write_end.get(),
                .memory_bytes_max = command.memory_bytes_max,
                .parent = ::getpid()};
  Process process;
  process.pid_ = launch_process(launch);
  if (process.pid_ < 0) {
    process.is_reaped_ = true;
    return failed("cannot run " + command.program, launch.error);
  }
  process.output_ = std::move(output.read_end);
  process.complaint_ = std::move(complaint.read_end);
  process.ended_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, process.pid_, 0)));
  if (!process.ended_.is_open()) return failed("cannot watch " + command.program, errno);
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      is_reaped_(other.is_reaped_),
      output_(std::move(other.output_)),
      complaint_(std::move(other.complaint_)),
      ended_(std::move(other.ended_)) {}

Process::~Process() {
  if (pid_ <= 0 || is_reaped_) return;
  kill();
  reap();
}

void Process::kill() {
  if (is_reaped_) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // in case it has left its group
}

int Process::reap() {
  WEIR_ASSERT(!is_reaped_);
  siginfo_t info{};
  // Not reaped yet, so that its number, which is the group's, belongs to nobody else.
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  is_reaped_ = true;
  return status;
}

std::string find_program(std::string_view name) {
  if (name.find('/') != name.npos) return std::string(name);
  for (std::string_view rest = kPath; !rest.empty();) {
    const std::size_t colon = rest.find(':');
    std::string path(rest.substr(0, colon));
    path.append("/").append(name);
    if (::access(path.c_str(), X_OK) == 0) return path;
    rest.remove_prefix(colon == rest.npos ? rest.size() : colon + 1);
  }
  return {};
}

}  // namespace weir::functions
