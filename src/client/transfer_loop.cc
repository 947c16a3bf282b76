// SPDX-License-Identifier: Apache-2.0
#include "client/transfer_loop.h"

#include <curl/curl.h>

#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weir::client {

namespace {

// The loop is woken for new work and by sockets; this only bounds how long libcurl's own timers
// wait.
constexpr int kPollMax_ms = 1000;

// libcurl wants to be initialised once, before any thread uses it.
void initialise_curl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  WEIR_ASSERT(code == CURLE_OK);
}

}  // namespace

struct TransferLoop::Impl {
  const Limits limits;
  CURLM* multi = nullptr;
  std::mutex mutex;
  std::deque<std::unique_ptr<Transfer>> queue;         // guarded by mutex
  bool is_stopping = false;                            // guarded by mutex
  std::map<CURL*, std::unique_ptr<Transfer>> running;  // of the thread only
  std::vector<CURL*> idle;                             // handles for the next transfers
  std::thread thread;

  explicit Impl(Limits limits_in) : limits(limits_in) {
    initialise_curl();
    multi = curl_multi_init();
    WEIR_ASSERT(multi);
    // Otherwise libcurl keeps four times as many connections as transfers are under way, and closes
    // those of a pause.
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(limits.transfers_max));
    thread = std::thread([this] { run(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      is_stopping = true;
    }
    curl_multi_wakeup(multi);
    thread.join();
    for (auto& [easy, transfer] : running) {
      transfer->abandon();
      curl_multi_remove_handle(multi, easy);
      curl_easy_cleanup(easy);
    }
    for (CURL* easy : idle) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }

  std::unique_ptr<Transfer> next(bool& stop) {
    const std::lock_guard lock(mutex);
    stop = is_stopping;
    if (stop || queue.empty() || running.size() >= limits.transfers_max) return nullptr;
    auto transfer = std::move(queue.front());
    queue.pop_front();
    return transfer;
  }

  void begin(std::unique_ptr<Transfer> transfer) {
    CURL* easy = nullptr;
    if (idle.empty()) {
      easy = curl_easy_init();
      WEIR_ASSERT(easy);
    } else {
      easy = idle.back();
      idle.pop_back();
      curl_easy_reset(easy);
    }
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    transfer->prepare(easy);
    WEIR_ASSERT(curl_multi_add_handle(multi, easy) == CURLM_OK);
    running.emplace(easy, std::move(transfer));
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;  // the message goes with the handle
      curl_multi_remove_handle(multi, easy);
      auto node = running.extract(easy);
      node.mapped()->finish(easy, code);
      idle.push_back(easy);  // as many as were ever under way at a time
    }
  }

  void run() {
    for (;;) {
      bool stop = false;
      while (auto transfer = next(stop)) begin(std::move(transfer));
      if (stop) return;
      int active = 0;
      WEIR_ASSERT(curl_multi_perform(multi, &active) == CURLM_OK);
      const std::size_t before = running.size();
      collect();
      if (running.size() < before) continue;  // a place is free: look at the queue first
      WEIR_ASSERT(curl_multi_poll(multi, nullptr, 0, kPollMax_ms, nullptr) == CURLM_OK);
    }
  }
};

TransferLoop::TransferLoop(Limits limits) : impl_(std::make_unique<Impl>(limits)) {}
TransferLoop::~TransferLoop() = default;

bool TransferLoop::add(std::unique_ptr<Transfer>& transfer) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->queue.size() >= impl_->limits.queued_max) return false;
    impl_->queue.push_back(std::move(transfer));
  }
  curl_multi_wakeup(impl_->multi);
  return true;
}

}  // namespace weir::client
