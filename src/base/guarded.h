// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <utility>

namespace weir {

/// State that only its lock holder can reach. Hold it for the read or write only; call no other
/// module under it.
template <class State>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(State state) : state_(std::move(state)) {}

  class Lock {
   public:
    State* operator->() { return &state_; }
    State& operator*() { return state_; }

   private:
    friend class Guarded;
    Lock(std::mutex& mutex, State& state) : lock_(mutex), state_(state) {}
    std::unique_lock<std::mutex> lock_;
    State& state_;
  };
  Lock lock() { return Lock(mutex_, state_); }
  Lock lock() const { return Lock(mutex_, state_); }

 private:
  mutable std::mutex mutex_;
  mutable State state_{};
};

}  // namespace weir
