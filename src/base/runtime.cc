// SPDX-License-Identifier: Apache-2.0
#include "base/runtime.h"

#include <sched.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <unordered_map>
#include <vector>

namespace weir {

using std::chrono::nanoseconds;

std::uint64_t Runtime::random_below(std::uint64_t bound) {
  WEIR_ASSERT(bound > 0);
  // Rejection keeps the draw uniform: values below 2^64 mod bound would be drawn once too often.
  const std::uint64_t surplus = (~bound + 1) % bound;
  std::uint64_t draw = random();
  while (draw < surplus) draw = random();
  return draw % bound;
}

double Runtime::random_unit() { return static_cast<double>(random() >> 11) * 0x1.0p-53; }

std::string Runtime::hex(std::size_t digits) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(digits);
  while (text.size() < digits) {
    std::uint64_t bits = random();
    for (int i = 0; i < 16 && text.size() < digits; ++i, bits >>= 4) text += kDigits[bits & 15];
  }
  return text;
}

std::string Runtime::uuid() {
  std::string text = hex(32);
  text[12] = '4';
  text[16] = "89ab"[random() & 3];
  for (const std::size_t position : {8u, 13u, 18u, 23u}) text.insert(position, 1, '-');
  return text;
}

namespace {

/// Timers by due time, then by the order in which they were set.
class TimerQueue {
 public:
  TimerId add(nanoseconds due, Runtime::Task task) {
    const TimerId id = ++last_id_;
    due_of_.emplace(id, due);
    queue_.emplace(std::pair{due, id}, std::move(task));
    return id;
  }
  void cancel(TimerId id) {
    const auto found = due_of_.find(id);
    if (found == due_of_.end()) return;
    queue_.erase({found->second, id});
    due_of_.erase(found);
  }
  std::optional<nanoseconds> next_due() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.begin()->first.first;
  }
  Runtime::Task take_next() {
    auto node = queue_.extract(queue_.begin());
    due_of_.erase(node.key().second);
    return std::move(node.mapped());
  }
  void clear() {
    queue_.clear();
    due_of_.clear();
  }

 private:
  std::map<std::pair<nanoseconds, TimerId>, Runtime::Task> queue_;
  std::unordered_map<TimerId, nanoseconds> due_of_;
  TimerId last_id_ = 0;
};

/// The calling thread gets the processor when others leave it. A kernel that refuses that leaves it
/// as it is, which costs others some latency and nothing else.
void yield_to_others() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_IDLE, &none);
}

nanoseconds steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

/// Tasks and the threads that run them. Each pool has a lock of its own: a thread of low priority
/// that lost the processor while it held the other one would stop everybody.
class Pool {
 public:
  void push(SystemRuntime::Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    work_.notify_one();
  }
  /// A thread of the pool; until stop().
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      work_.wait(lock, [this] { return is_stopping_ || !tasks_.empty(); });
      if (is_stopping_) return;
      SystemRuntime::Task task = std::move(tasks_.front());
      tasks_.pop_front();
      ++running_;
      lock.unlock();
      task();
      task = nullptr;  // what it captured is destroyed outside the lock
      lock.lock();
      --running_;
      if (running_ == 0) idle_.notify_all();
    }
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    work_.notify_all();
  }
  /// Tasks that have not begun.
  std::deque<SystemRuntime::Task> take_waiting() {
    const std::lock_guard lock(mutex_);
    return std::exchange(tasks_, {});
  }
  void wait_for_running() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
  }
  void wait_until_idle(nanoseconds at_most) {
    std::unique_lock lock(mutex_);
    idle_.wait_for(lock, at_most, [this] { return is_idle(); });
  }
  /// Both at one moment: a task of one may be posting to the other.
  static bool are_idle(Pool& one, Pool& other) {
    const std::scoped_lock lock(one.mutex_, other.mutex_);
    return one.is_idle() && other.is_idle();
  }

 private:
  bool is_idle() const { return running_ == 0 && tasks_.empty(); }

  std::mutex mutex_;
  std::condition_variable work_;  // a task was queued, or stop
  std::condition_variable idle_;  // no task is running
  std::deque<SystemRuntime::Task> tasks_;
  std::size_t running_ = 0;
  bool is_stopping_ = false;
};

}  // namespace

struct SystemRuntime::Impl {
  Pool normal;
  Pool background;
  mutable std::mutex mutex;       // of what follows; taken before that of a pool
  std::condition_variable timer;  // the earliest timer changed, or stop
  TimerQueue timers;
  bool stopping = false;
  bool advancing = false;
  std::atomic<std::int64_t> shift_ns{0};
  std::vector<std::thread> threads;

  nanoseconds monotonic() const { return steady_now() + nanoseconds(shift_ns.load()); }

  void timer_loop() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      const auto due = timers.next_due();
      if (advancing || !due) {
        timer.wait(lock);
      } else if (const auto wait = *due - monotonic(); wait > nanoseconds::zero()) {
        timer.wait_for(lock, wait);
      } else {
        normal.push(timers.take_next());
      }
    }
  }

  /// Until nothing runs or waits, or for `at_most`.
  void settle(nanoseconds at_most) {
    const nanoseconds end = steady_now() + at_most;
    while (!Pool::are_idle(normal, background) && steady_now() < end) {
      normal.wait_until_idle(end - steady_now());
      background.wait_until_idle(end - steady_now());
    }
  }
};

SystemRuntime::SystemRuntime(std::size_t workers) : impl_(std::make_unique<Impl>()) {
  for (std::size_t i = 0; i < workers; ++i) {
    impl_->threads.emplace_back([this] { impl_->normal.run(); });
  }
  const std::size_t processors = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < processors; ++i) {
    impl_->threads.emplace_back([this] {
      yield_to_others();
      impl_->background.run();
    });
  }
  impl_->threads.emplace_back([this] { impl_->timer_loop(); });
}

SystemRuntime::~SystemRuntime() {
  quiesce();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->timer.notify_all();
  impl_->normal.stop();
  impl_->background.stop();
  for (auto& thread : impl_->threads) thread.join();
}

Time SystemRuntime::now() const {
  const nanoseconds real = std::chrono::system_clock::now().time_since_epoch();
  return {(real.count() + impl_->shift_ns.load()) / 1'000'000};
}

nanoseconds SystemRuntime::monotonic() const { return impl_->monotonic(); }

std::uint64_t SystemRuntime::random() {
  static constexpr std::size_t kBatch = 64;
  thread_local std::array<std::uint64_t, kBatch> numbers;
  thread_local std::size_t left = 0;
  if (left == 0) {
    const auto got = ::getrandom(numbers.data(), sizeof numbers, 0);
    WEIR_ASSERT(got == static_cast<ssize_t>(sizeof numbers));
    left = kBatch;
  }
  return numbers[--left];
}

TimerId SystemRuntime::after(Duration delay, Task task) {
  const std::lock_guard lock(impl_->mutex);
  const TimerId id = impl_->timers.add(impl_->monotonic() + delay, std::move(task));
  impl_->timer.notify_one();
  return id;
}

void SystemRuntime::cancel(TimerId timer) {
  const std::lock_guard lock(impl_->mutex);
  impl_->timers.cancel(timer);
}

void SystemRuntime::post(Task task) { impl_->normal.push(std::move(task)); }
void SystemRuntime::post_background(Task task) { impl_->background.push(std::move(task)); }

void SystemRuntime::quiesce() {
  std::vector<std::deque<Task>> dropped;  // destroyed when no lock is held
  while (true) {
    {
      const std::lock_guard lock(impl_->mutex);
      impl_->timers.clear();
      if (Pool::are_idle(impl_->normal, impl_->background)) return;
    }
    for (Pool* pool : {&impl_->normal, &impl_->background}) {
      dropped.push_back(pool->take_waiting());
      pool->wait_for_running();
    }
  }
}

void SystemRuntime::advance(Duration by) {
  static constexpr std::chrono::seconds kSettleMax{
      5};  // per step; a blocked worker must not hold the clock for ever
  std::unique_lock lock(impl_->mutex);
  if (by <= Duration::zero()) return;
  impl_->advancing = true;
  const auto target = impl_->monotonic() + by;
  const auto move_to = [&](nanoseconds moment) {
    const auto ahead = moment - impl_->monotonic();
    if (ahead > nanoseconds::zero()) impl_->shift_ns += ahead.count();
  };
  const auto settle = [&] {
    lock.unlock();
    impl_->settle(kSettleMax);
    lock.lock();
  };
  for (auto due = impl_->timers.next_due(); due && *due <= target; due = impl_->timers.next_due()) {
    move_to(*due);
    impl_->normal.push(impl_->timers.take_next());
    settle();
  }
  move_to(target);
  settle();
  impl_->advancing = false;
  impl_->timer.notify_one();
}

void SystemRuntime::reset_clock() { impl_->shift_ns = 0; }

struct SimulatedRuntime::Impl {
  TimerQueue timers;
  std::deque<Task> tasks;
  std::mt19937_64 generator;
  Time start;
  nanoseconds elapsed{0};
};

SimulatedRuntime::SimulatedRuntime(std::uint64_t seed, Time start)
    : impl_(std::make_unique<Impl>()) {
  impl_->generator.seed(seed);
  impl_->start = start;
}
SimulatedRuntime::~SimulatedRuntime() = default;

Time SimulatedRuntime::now() const {
  return impl_->start + std::chrono::duration_cast<Duration>(impl_->elapsed);
}
nanoseconds SimulatedRuntime::monotonic() const { return impl_->elapsed; }
std::uint64_t SimulatedRuntime::random() { return impl_->generator(); }
TimerId SimulatedRuntime::after(Duration delay, Task task) {
  return impl_->timers.add(impl_->elapsed + std::max(delay, Duration::zero()), std::move(task));
}
void SimulatedRuntime::cancel(TimerId timer) { impl_->timers.cancel(timer); }
void SimulatedRuntime::post(Task task) { impl_->tasks.push_back(std::move(task)); }
void SimulatedRuntime::post_background(Task task) { post(std::move(task)); }
void SimulatedRuntime::quiesce() {
  impl_->timers.clear();
  impl_->tasks.clear();
}

void SimulatedRuntime::run_ready() { advance(Duration::zero()); }

void SimulatedRuntime::advance(Duration by) {
  const auto target = impl_->elapsed + by;
  while (true) {
    if (!impl_->tasks.empty()) {
      const Task task = std::move(impl_->tasks.front());
      impl_->tasks.pop_front();
      task();
    } else if (const auto due = impl_->timers.next_due(); due && *due <= target) {
      impl_->elapsed = std::max(impl_->elapsed, *due);
      const Task task = impl_->timers.take_next();
      task();
    } else {
      break;
    }
  }
  impl_->elapsed = target;
}

struct Timer::State {
  Runtime& runtime;
  Duration period;
  Runtime::Task task;
  std::mutex mutex;
  bool stopped = false;
  TimerId id = 0;

  State(Runtime& runtime_in, Duration period_in, Runtime::Task task_in)
      : runtime(runtime_in), period(period_in), task(std::move(task_in)) {}

  static void arm(const std::shared_ptr<State>& state) {
    state->id = state->runtime.after(state->period, [state] {
      const std::lock_guard lock(state->mutex);
      if (state->stopped) return;
      state->task();
      arm(state);
    });
  }
};

Timer::Timer(Runtime& runtime, Duration period, Runtime::Task task)
    : state_(std::make_shared<State>(runtime, period, std::move(task))) {
  const std::lock_guard lock(state_->mutex);
  State::arm(state_);
}

Timer::~Timer() {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->runtime.cancel(state_->id);
}

Timer::Timer(Timer&&) noexcept = default;
Timer& Timer::operator=(Timer&& other) noexcept {
  Timer old(std::move(*this));  // stops what ran here
  state_ = std::move(other.state_);
  return *this;
}

}  // namespace weir
