// SPDX-License-Identifier: Apache-2.0
//
// Runs a program and writes what it used to a file: weir_bench_launch FILE PROGRAM ARGUMENT...
// The file gets seconds of CPU, seconds by the clock and peak memory in KiB. A program counts the
// memory of the process that started it as its own peak, so that one has to be as small as this.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: weir_bench_launch FILE PROGRAM ARGUMENT...\n");
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp(arguments[2], arguments + 2);
    std::perror(arguments[2]);
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || ::wait4(child, &status, 0, &usage) != child) {
    std::perror("cannot run the program");
    return 1;
  }
  const std::chrono::duration<double> clock = std::chrono::steady_clock::now() - begin;
  std::FILE* const file = std::fopen(arguments[1], "w");
  if (file == nullptr ||
      std::fprintf(file, "%.6f %.6f %ld\n", seconds(usage.ru_utime) + seconds(usage.ru_stime),
                   clock.count(), usage.ru_maxrss) < 0 ||
      std::fclose(file) != 0) {
    std::perror(arguments[1]);
    return 1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
