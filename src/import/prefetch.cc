// SPDX-License-Identifier: Apache-2.0
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>
#include <utility>

#include "import/sources.h"

namespace weir::import {
namespace {

constexpr std::size_t kPiecesMax = 8;

/// Shared by the reader and the task on a worker, so that either may go first.
struct Queue {
  std::unique_ptr<columnar::ByteSource> source;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Result<std::string>> pieces;  // the last is empty or an Error
  std::vector<std::string> used;           // pieces whose memory is free again
  bool is_filling = false;
  bool is_over = false;       // nothing comes behind `pieces`
  bool is_abandoned = false;  // nobody reads them
};

Result<std::string> memory_of(Queue& queue) {
  const std::lock_guard lock(queue.mutex);
  if (queue.used.empty()) return std::string();
  std::string memory = std::move(queue.used.back());
  queue.used.pop_back();
  return memory;
}

/// Fills the queue; ends when it is full, so that no worker waits for a slow reader.
void fill(Queue& queue) {
  while (true) {
    const auto read = queue.source->next();
    Result<std::string> piece = read ? memory_of(queue) : Result<std::string>(read.error());
    if (read) piece->assign(*read);
    const std::lock_guard lock(queue.mutex);
    queue.is_over = !piece || piece->empty();
    queue.pieces.push_back(std::move(piece));
    queue.is_filling = !queue.is_over && !queue.is_abandoned && queue.pieces.size() < kPiecesMax;
    queue.changed.notify_all();
    if (!queue.is_filling) return;
  }
}

class Prefetch final : public columnar::ByteSource {
 public:
  Prefetch(Runtime& runtime, std::unique_ptr<columnar::ByteSource> source) : runtime_(runtime) {
    queue_->source = std::move(source);
  }
  ~Prefetch() override {
    std::unique_lock lock(queue_->mutex);
    queue_->is_abandoned = true;
    // The source may use what its owner destroys next.
    queue_->changed.wait(lock, [this] { return !queue_->is_filling; });
  }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  Result<std::string_view> next() override {
    std::unique_lock lock(queue_->mutex);
    const bool wants_more = !queue_->is_over && queue_->pieces.size() <= kPiecesMax / 2;
    if (wants_more && !std::exchange(queue_->is_filling, true)) {
      runtime_.post([queue = queue_] { fill(*queue); });
    }
    queue_->changed.wait(lock, [this] { return !queue_->pieces.empty(); });
    Result<std::string>& first = queue_->pieces.front();
    if (!first) return first.error();  // and stays there
    if (!piece_.empty()) queue_->used.push_back(std::move(piece_));
    piece_ = std::move(*first);
    if (!piece_.empty()) queue_->pieces.pop_front();
    return std::string_view(piece_);
  }

 private:
  Runtime& runtime_;
  std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
  std::string piece_;
};

}  // namespace

std::unique_ptr<columnar::ByteSource> prefetch(Runtime& runtime,
                                               std::unique_ptr<columnar::ByteSource> source) {
  return std::make_unique<Prefetch>(runtime, std::move(source));
}

}  // namespace weir::import
