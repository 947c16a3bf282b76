// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

using Duration = std::chrono::milliseconds;

/// Wall time: UTC milliseconds since 1970-01-01.
struct Time {
  std::int64_t ms = 0;

  static Time from_seconds(std::int64_t seconds) { return {seconds * 1000}; }
  std::int64_t seconds() const { return ms >= 0 ? ms / 1000 : (ms - 999) / 1000; }
  auto operator<=>(const Time&) const = default;
  Time operator+(Duration d) const { return {ms + d.count()}; }
  Time operator-(Duration d) const { return {ms - d.count()}; }
  Duration operator-(Time other) const { return Duration(ms - other.ms); }
};

/// `2026-01-31T12:34:56.789Z`.
std::string to_iso8601(Time time);
/// `2026-01-31T12:34:56.789+0000`, the form in alarm messages.
std::string to_iso8601_offset(Time time);
/// Accepts `2026-01-31`, `2026-01-31T12:34[:56[.789]]` with `Z`, `+hh:mm`, `+hhmm` or nothing
/// (UTC).
Result<Time> parse_iso8601(std::string_view text);

using TimerId = std::uint64_t;

/// Time, chance and work off-thread. Nothing else in Weir reads a clock or draws a number, so the
/// whole pipeline also runs on simulated time and a seed replays a run.
///
/// Threads: every function may be called from any thread.
/// Lifetime: outlives every object that posts to it. Who owns both calls `quiesce()` before
/// destroying the objects; after it no task is running or will run.
class Runtime {
 public:
  using Task = std::function<void()>;
  virtual ~Runtime() = default;

  virtual Time now() const = 0;
  /// Never goes back; for measuring durations and deadlines.
  virtual std::chrono::nanoseconds monotonic() const = 0;
  virtual std::uint64_t random() = 0;

  /// Runs `task` once on a worker when `delay` has passed (at once if it is not positive).
  virtual TimerId after(Duration delay, Task task) = 0;
  /// The task will not start any more. It may be running now; `Timer` waits for that.
  virtual void cancel(TimerId timer) = 0;
  /// Runs `task` on a worker as soon as one is free.
  virtual void post(Task task) = 0;
  /// Runs `task` on a worker of low priority, of which there are few: it gets the processor when
  /// other threads leave it. For long work, such as queries, in slices of milliseconds; not to hold
  /// a lock that other threads wait for longer than for a moment.
  virtual void post_background(Task task) = 0;
  /// Cancels timers, drops tasks that have not started, waits for those that run.
  virtual void quiesce() = 0;

  TimerId at(Time when, Task task) { return after(when - now(), std::move(task)); }

  std::uint64_t random_below(std::uint64_t bound);
  /// In [0, 1).
  double random_unit();
  std::string uuid();
  /// Lower-case hexadecimal digits, e.g. 17 of them behind `eni-`.
  std::string hex(std::size_t digits);
};

/// Real time, a pool of worker threads, random numbers from the kernel. `advance()` shifts the
/// clocks forward (CI mode) and runs the timers that become due in their order.
class SystemRuntime final : public Runtime {
 public:
  /// Beside the workers there are as many of low priority as the machine has processors.
  explicit SystemRuntime(std::size_t workers);
  ~SystemRuntime() override;
  Time now() const override;
  std::chrono::nanoseconds monotonic() const override;
  std::uint64_t random() override;
  TimerId after(Duration delay, Task task) override;
  void cancel(TimerId timer) override;
  void post(Task task) override;
  void post_background(Task task) override;
  void quiesce() override;
  void advance(Duration by);
  /// Takes back every advance(). For use after quiesce(), when nothing is left that has seen the
  /// later time.
  void reset_clock();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Simulated time: nothing happens except inside `advance()` and `run_ready()`, on the calling
/// thread, in a fixed order; random numbers come from the seed.
class SimulatedRuntime final : public Runtime {
 public:
  explicit SimulatedRuntime(std::uint64_t seed, Time start = Time::from_seconds(1767225600));
  ~SimulatedRuntime() override;
  Time now() const override;
  std::chrono::nanoseconds monotonic() const override;
  std::uint64_t random() override;
  TimerId after(Duration delay, Task task) override;
  void cancel(TimerId timer) override;
  void post(Task task) override;
  void post_background(Task task) override;
  void quiesce() override;
  /// Runs posted tasks and every timer due until then, time standing at each timer's own moment.
  void advance(Duration by);
  /// Runs posted tasks and timers that are due now.
  void run_ready();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Repeats a task every `period` until destroyed; the destructor waits for a run that is under way,
/// so the task may use what the owner of the Timer owns. Not to be destroyed from inside its own
/// task.
class Timer {
 public:
  Timer() = default;
  Timer(Runtime& runtime, Duration period, Runtime::Task task);
  ~Timer();
  Timer(Timer&&) noexcept;
  Timer& operator=(Timer&&) noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir
