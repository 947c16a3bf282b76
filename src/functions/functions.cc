// SPDX-License-Identifier: Apache-2.0
#include "functions/functions.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <set>
#include <thread>
#include <utility>

#include "base/counters.h"
#include "base/guarded.h"
#include "functions/process.h"

namespace weir::functions {
namespace {

constexpr std::string_view kResource = "function:";
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kReadsMax = 16;  // of one process before the others have their turn

Error config_error(std::string message) {
  return {ErrorKind::invalid, "InvalidConfiguration", std::move(message)};
}

/// Appends some of what there is to read; false at the end. What is above `bytes_max` is dropped.
bool read_some(int fd, std::size_t bytes_max, std::string& out, bool& is_cut) {
  char buffer[kReadBytes];
  for (int i = 0; i < kReadsMax; ++i) {
    const ssize_t size = ::read(fd, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN;
    if (size == 0) return false;
    const std::size_t room = bytes_max - out.size();
    is_cut = is_cut || room < static_cast<std::size_t>(size);
    out.append(buffer, std::min(room, static_cast<std::size_t>(size)));
  }
  return true;
}

std::string how_it_ended(int status, std::string_view complaint) {
  std::string text = WIFSIGNALED(status)
                         ? "the command was ended by signal " + std::to_string(WTERMSIG(status))
                         : "the command ended with status " + std::to_string(WEXITSTATUS(status));
  while (!complaint.empty() && complaint.back() == '\n') complaint.remove_suffix(1);
  return complaint.empty() ? text : text + ": " + std::string(complaint);
}

Command command_of(const Function& function) {
  Command command;
  command.program = find_program(function.command.front());
  command.arguments = function.command;
  command.environment = {"PATH=" + std::string(kPath), "LANG=C.UTF-8",
                         "AWS_LAMBDA_FUNCTION_NAME=" + function.name,
                         "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + std::to_string(function.memory_mib)};
  for (const auto& [name, value] : function.environment) {
    command.environment.push_back(name + "=" + value);
  }
  command.memory_bytes_max = static_cast<std::uint64_t>(function.memory_mib) << 20;
  return command;
}

}  // namespace

Shape Function::shape() {
  using S = Function;
  static constexpr Member members[] = {
      required<&S::name>("name", length(1, 64), pattern("[a-zA-Z0-9-_]+")),
      required<&S::command>("command", items(1, 100)),
      optional<&S::timeout_s>("timeout_s", range(1, 900)),
      optional<&S::memory_mib>("memory_mib", range(16, 1 << 20)),
      optional<&S::concurrency>("concurrency", range(1, 100)),
      optional<&S::environment>("environment"),
  };
  return {"FunctionSetting", members};
}

Result<void> check(const std::vector<Function>& functions) {
  std::set<std::string_view> names;
  for (const Function& function : functions) {
    if (!names.insert(function.name).second) {
      return config_error("functions: the name '" + function.name + "' stands twice");
    }
    const std::string& program = function.command.front();
    const bool is_relative = program.find('/') != program.npos && !program.starts_with('/');
    if (program.empty() || is_relative) {
      return config_error("functions: the command of '" + function.name +
                          "' begins neither with an absolute path nor with the plain name of a "
                          "program");
    }
    for (const auto& [name, value] : function.environment) {
      if (!name.empty() && name.find('=') == name.npos) continue;
      return config_error("functions: '" + name + "' of '" + function.name +
                          "' is no name of an environment variable");
    }
  }
  return {};
}

std::string function_arn(const Scope& scope, std::string_view name) {
  return arn("lambda", scope, std::string(kResource).append(name));
}

Result<std::string> function_name(const Arn& arn) {
  std::string_view name = arn.resource;
  if (arn.service == "lambda" && name.starts_with(kResource)) {
    name.remove_prefix(kResource.size());
    name = name.substr(0, name.find(':'));
    if (!name.empty()) return std::string(name);
  }
  return Error{ErrorKind::invalid, "InvalidParameterValueException",
               arn.text() + " is no ARN of a function"};
}

struct Functions::Impl {
  struct Invocation {
    std::uint64_t id = 0;
    std::size_t function = 0;
    std::string payload;
    Done done;
  };
  struct Running {
    Invocation invocation;
    Process process;
    TimerId timer = 0;
    bool is_late = false;
    bool has_output = true;
    bool has_complaint = true;
    Answer answer;
    std::string complaint;
    bool complaint_is_cut = false;
  };
  /// Shared with the timers, which may outlive this.
  struct Shared {
    std::vector<std::deque<Invocation>> waiting;  // by function
    std::vector<std::uint64_t> late;              // ids of invocations
    bool is_stopping = false;
    std::uint64_t next_id = 1;
  };

  Runtime& runtime;
  const std::vector<Function> functions;
  std::shared_ptr<Guarded<Shared>> shared = std::make_shared<Guarded<Shared>>();
  std::shared_ptr<Descriptor> alarm;  // an eventfd; shared as above
  // Of the thread only.
  std::vector<std::unique_ptr<Running>> running;
  std::vector<int> running_of;  // by function
  std::size_t next_turn = 0;
  std::thread thread;

  Impl(Runtime& runtime_in, std::vector<Function> functions_in)
      : runtime(runtime_in),
        functions(std::move(functions_in)),
        alarm(std::make_shared<Descriptor>(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))),
        running_of(functions.size()) {
    WEIR_ASSERT(alarm->is_open());
    shared->lock()->waiting.resize(functions.size());
    if (!functions.empty()) thread = std::thread([this] { run(); });
  }

  ~Impl() {
    shared->lock()->is_stopping = true;
    wake(*alarm);
    if (thread.joinable()) thread.join();
  }

  static void wake(const Descriptor& alarm) {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the thread wakes anyway.
    const ssize_t ignored = ::write(alarm.get(), &one, sizeof one);
    static_cast<void>(ignored);
  }

  std::size_t find(std::string_view name) const {
    const auto found = std::ranges::find(functions, name, &Function::name);
    return static_cast<std::size_t>(found - functions.begin());
  }

  void answer(Done done, Result<Answer> result) {
    static Counter& failures =
        counter("weir_function_failures_total", "Runs of functions that failed.");
    if (!result) failures.add();
    // Shared: std::function wants what it holds to be copyable.
    runtime.post([done = std::move(done), result = std::make_shared<Result<Answer>>(
                                              std::move(result))] { done(std::move(*result)); });
  }

  /// The next invocation that may start; functions take turns.
  std::optional<Invocation> next_invocation() {
    if (running.size() >= kRunningMax) return std::nullopt;
    auto locked = shared->lock();
    for (std::size_t i = 0; i < functions.size(); ++i) {
      const std::size_t at = (next_turn + i) % functions.size();
      if (locked->waiting[at].empty() || running_of[at] >= functions[at].concurrency) continue;
      Invocation next = std::move(locked->waiting[at].front());
      locked->waiting[at].pop_front();
      next_turn = at + 1;
      return next;
    }
    return std::nullopt;
  }

  void start(Invocation invocation) {
    static Counter& runs = counter("weir_function_runs_total", "Runs of functions.");
    runs.add();
    const Function& function = functions[invocation.function];
    const Command command = command_of(function);
    if (command.program.empty()) {
      return answer(std::move(invocation.done),
                    Error{ErrorKind::unavailable, "Runtime.StartError",
                          "cannot find the program " + function.command.front()});
    }
    auto process = Process::start(command, invocation.payload);
    if (!process) return answer(std::move(invocation.done), std::move(process).error());
    invocation.payload.clear();
    invocation.payload.shrink_to_fit();
    const std::uint64_t id = invocation.id;
    const TimerId timer = runtime.after(std::chrono::seconds(function.timeout_s),
                                        [shared = shared, alarm = alarm, id] {
                                          shared->lock()->late.push_back(id);
                                          wake(*alarm);
                                        });
    ++running_of[invocation.function];
    running.push_back(std::make_unique<Running>(Running{.invocation = std::move(invocation),
                                                        .process = *std::move(process),
                                                        .timer = timer,
                                                        .answer = {},
                                                        .complaint = {}}));
  }

  void finish(Running& run) {
    runtime.cancel(run.timer);
    const int status = run.process.reap();
    read_output(run);  // what it wrote last
    Invocation& invocation = run.invocation;
    --running_of[invocation.function];
    if (run.is_late) {
      const int seconds = functions[invocation.function].timeout_s;
      answer(std::move(invocation.done),
             Error{ErrorKind::unavailable, "Sandbox.Timedout",
                   "Task timed out after " + std::to_string(seconds) + ".00 seconds"});
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      answer(std::move(invocation.done),
             Error{ErrorKind::internal, "Runtime.ExitError", how_it_ended(status, run.complaint)});
    } else {
      answer(std::move(invocation.done), std::move(run.answer));
    }
  }

  static void read_output(Running& run) {
    if (run.has_output) {
      run.has_output =
          read_some(run.process.output(), kOutputBytesMax, run.answer.output, run.answer.is_cut);
    }
    if (run.has_complaint) {
      run.has_complaint = read_some(run.process.complaint(), kComplaintBytesMax, run.complaint,
                                    run.complaint_is_cut);
    }
  }

  void kill_late() {
    std::vector<std::uint64_t> late;
    late.swap(shared->lock()->late);
    for (const auto& run : running) {
      if (std::ranges::find(late, run->invocation.id) == late.end()) continue;
      run->is_late = true;
      run->process.kill();
    }
  }

  std::vector<pollfd> watched() const {
    std::vector<pollfd> all = {{alarm->get(), POLLIN, 0}};
    for (const auto& run : running) {
      all.push_back({run->process.ended(), POLLIN, 0});
      all.push_back({run->has_output ? run->process.output() : -1, POLLIN, 0});
      all.push_back({run->has_complaint ? run->process.complaint() : -1, POLLIN, 0});
    }
    return all;
  }

  void run() {
    for (;;) {
      while (auto next = next_invocation()) start(*std::move(next));
      std::vector<pollfd> all = watched();
      if (::poll(all.data(), all.size(), -1) < 0) {
        WEIR_ASSERT(errno == EINTR);
        continue;
      }
      std::uint64_t count = 0;
      while (::read(alarm->get(), &count, sizeof count) > 0) {
      }
      if (shared->lock()->is_stopping) break;
      kill_late();
      for (std::size_t i = 0; i < running.size(); ++i) {
        read_output(*running[i]);
        if (all[1 + 3 * i].revents == 0) continue;
        finish(*running[i]);
        running[i].reset();
      }
      std::erase(running, nullptr);
    }
    for (const auto& run : running) runtime.cancel(run->timer);
    running.clear();  // kills
  }
};

Functions::Functions(Runtime& runtime, std::vector<Function> functions)
    : impl_(std::make_unique<Impl>(runtime, std::move(functions))) {}

Functions::~Functions() = default;

bool Functions::knows(std::string_view name) const {
  return impl_->find(name) < impl_->functions.size();
}

void Functions::invoke(std::string_view name, std::string payload, Done done) {
  const std::size_t function = impl_->find(name);
  if (function == impl_->functions.size()) {
    return impl_->answer(std::move(done), Error{ErrorKind::not_found, "ResourceNotFoundException",
                                                "Function not found: " + std::string(name)});
  }
  if (payload.size() > kPayloadBytesMax) {
    return impl_->answer(std::move(done),
                         Error{ErrorKind::too_large, "RequestEntityTooLargeException",
                               std::to_string(payload.size()) + " bytes exceed the maximum of " +
                                   std::to_string(kPayloadBytesMax)});
  }
  bool is_full = false;
  {
    auto locked = impl_->shared->lock();
    auto& waiting = locked->waiting[function];
    is_full = waiting.size() >= kWaitingMax;
    if (!is_full) {
      waiting.push_back({.id = locked->next_id++,
                         .function = function,
                         .payload = std::move(payload),
                         .done = std::move(done)});
    }
  }
  if (is_full) {
    return impl_->answer(std::move(done),
                         Error{ErrorKind::limit, "TooManyRequestsException", "Rate Exceeded."});
  }
  Impl::wake(*impl_->alarm);
}

}  // namespace weir::functions
