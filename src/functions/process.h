// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::functions {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_;
};

struct Command {
  std::string program;                   // a path
  std::vector<std::string> arguments;    // with the program's name first
  std::vector<std::string> environment;  // NAME=value
  std::uint64_t memory_bytes_max = 0;    // address space
};

/// A process in its own group that reads `input` and whose output is read here. It is killed when
/// the thread that started it ends.
///
/// Threads: one at a time.
class Process {
 public:
  /// Error: kind unavailable, why it could not be started.
  static Result<Process> start(const Command& command, std::string_view input);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  /// To wait on: output, standard error (both do not block), the end of the process.
  int output() const { return output_.get(); }
  int complaint() const { return complaint_.get(); }
  int ended() const { return ended_.get(); }

  /// Ends the whole group.
  void kill();
  /// Waits for the first process and ends what it left behind in its group. The status as
  /// waitpid() gives it.
  int reap();

 private:
  Process() = default;

  pid_t pid_ = 0;
  bool is_reaped_ = false;
  Descriptor output_;
  Descriptor complaint_;
  Descriptor ended_;
};

/// The path of a program: as it is if it has a slash, else looked for in kPath. "" if there is
/// none.
std::string find_program(std::string_view name);
inline constexpr std::string_view kPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace weir::functions
