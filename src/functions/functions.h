// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"

namespace weir::functions {

/// A local command that stands for a Lambda function (an entry of the setting `functions`).
struct Function {
  std::string name;                  // as in arn:aws:lambda:<region>:<account>:function:<name>
  std::vector<std::string> command;  // program and arguments; no shell reads them
  int timeout_s = 30;
  int memory_mib = 1024;  // address space
  int concurrency = 4;    // runs at a time; more wait
  std::map<std::string, std::string> environment;
  bool operator==(const Function&) const = default;
  static Shape shape();
};

inline constexpr std::size_t kFunctionsMax = 1000;

/// Whether the entries fit together. Error: kind invalid, names the entry and what is wrong.
Result<void> check(const std::vector<Function>& functions);

/// `arn:aws:lambda:<region>:<account>:function:<name>`.
std::string function_arn(const Scope& scope, std::string_view name);
/// The name in such an ARN's resource, with or without `:<version>` behind it. Error: kind invalid.
Result<std::string> function_name(const Arn& arn);

/// Runs the configured commands: the event as JSON on standard input, the answer from standard
/// output.
///
/// Each run is a process in a group of its own, in `/`, with an environment that holds PATH, LANG,
/// AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_MEMORY_SIZE and what the entry adds, nothing of
/// the daemon's. The group is killed when the time is over, when its first process has ended, and
/// with the daemon (the first process also when the daemon is killed).
///
/// Threads: all functions from any thread. One own thread starts and watches the processes.
/// Bounds: see the constants; output beyond its bound is read and dropped.
class Functions {
 public:
  static constexpr std::size_t kPayloadBytesMax = 6u << 20;  // as Lambda's synchronous invocation
  static constexpr std::size_t kOutputBytesMax = 6u << 20;   // the same
  static constexpr std::size_t kComplaintBytesMax = 4096;    // of standard error
  static constexpr std::size_t kWaitingMax = 1000;           // of one function
  static constexpr std::size_t kRunningMax = 256;            // of all

  struct Answer {
    std::string output;
    bool is_cut = false;  // there was more output
  };
  /// Called exactly once, on a worker of the Runtime; not at all only if this is destroyed or the
  /// Runtime quiesced before.
  using Done = std::function<void(Result<Answer>)>;

  /// The entries have passed check().
  Functions(Runtime& runtime, std::vector<Function> functions);
  /// Kills what runs.
  ~Functions();
  Functions(const Functions&) = delete;
  Functions& operator=(const Functions&) = delete;

  bool knows(std::string_view name) const;

  /// Returns at once. Success: the command ended with status 0. Error kinds: not_found (no such
  /// function), too_large (the payload), limit (kWaitingMax wait already), unavailable (it could
  /// not be started or did not end in time), internal (it ended otherwise; the message has the end
  /// of its standard error).
  void invoke(std::string_view name, std::string payload, Done done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::functions
