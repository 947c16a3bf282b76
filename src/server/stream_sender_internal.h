// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/stream_traits.hpp>

#include "server/listener_counters.h"
#include "wire/http.h"

namespace weir::server {

/// Sends the body of one answer as its source makes it, in HTTP chunks. Included by listener.cc
/// only.
///
/// Threads: on the strand of `stream`, but for what it gives the source to call. Waiting costs a
/// timer and no thread.
template <class Stream>
class StreamSender : public std::enable_shared_from_this<StreamSender<Stream>> {
 public:
  /// A reader that takes nothing for so long is gone.
  static constexpr auto kStalledMax = std::chrono::minutes(5);

  StreamSender(Stream& stream, ListenerCounters& counters,
               std::shared_ptr<wire::StreamSource> source, bool in_chunks)
      : stream_(stream),
        counters_(counters),
        source_(std::move(source)),
        in_chunks_(in_chunks),
        wake_(stream.get_executor()) {
    counters_.streams.add(1);
  }
  ~StreamSender() {
    waker_->cut();
    source_->close();
    counters_.streams.add(-1);
  }
  StreamSender(const StreamSender&) = delete;
  StreamSender& operator=(const StreamSender&) = delete;

  /// Until the source has ended, the peer has gone or end() was called. False: the peer has gone.
  boost::asio::awaitable<bool> run() {
    waker_->connect(this->weak_from_this(), stream_.get_executor());
    source_->on_ready([waker = waker_] { waker->wake(); });
    watch_peer();
    while (!is_ending_) {
      is_ready_ = false;
      wire::StreamSource::Piece piece = source_->take();
      const bool has_bytes = !piece.bytes.empty();
      if (has_bytes) {
        const bool written = co_await write(framed(std::move(piece.bytes)));
        if (!written) co_return false;
      }
      if (piece.is_last) break;
      if (is_peer_gone_) co_return false;
      if (has_bytes || is_ready_ || is_ending_) continue;
      wake_.expires_at(std::chrono::steady_clock::time_point::max());
      co_await wake_.async_wait(kToken);
      if (is_peer_gone_) co_return false;
    }
    std::string end = in_chunks_ ? "0\r\n\r\n" : "";
    co_return co_await write(std::move(end));
  }

  /// The listener stops: no more than what is being written.
  void end() {
    is_ending_ = true;
    wake_.cancel();
  }

 private:
  /// What the source calls. It may call it after the listener has gone, so it must not keep the
  /// executor by itself.
  class Waker {
   public:
    void connect(std::weak_ptr<StreamSender> sender, boost::asio::any_io_executor executor) {
      const std::lock_guard lock(mutex_);
      sender_ = std::move(sender);
      executor_ = std::move(executor);
    }
    void wake() {
      const std::lock_guard lock(mutex_);
      if (!executor_) return;
      boost::asio::post(executor_, [weak = sender_] {
        if (const auto self = weak.lock()) self->wake_up();
      });
    }
    void cut() {
      const std::lock_guard lock(mutex_);
      executor_ = {};
    }

   private:
    std::mutex mutex_;
    std::weak_ptr<StreamSender> sender_;
    boost::asio::any_io_executor executor_;  // empty: nobody waits
  };

  static constexpr auto kToken = boost::asio::as_tuple(boost::asio::use_awaitable);

  void wake_up() {
    is_ready_ = true;
    wake_.cancel();
  }

  std::string framed(std::string bytes) const {
    if (!in_chunks_) return bytes;
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + std::move(bytes) + "\r\n";
  }

  boost::asio::awaitable<bool> write(std::string bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      lowest().expires_after(kStalledMax);
      const auto [error, n] = co_await stream_.async_write_some(
          boost::asio::buffer(bytes.data() + sent, bytes.size() - sent), kToken);
      if (error) co_return false;
      sent += n;
    }
    counters_.bytes_out.add(bytes.size());
    co_return true;
  }

  /// A peer that ends its connection is seen at once, not by a write that fails. What else it sends
  /// is not read: the connection is closed after the stream.
  void watch_peer() {
    lowest().socket().async_wait(
        boost::asio::ip::tcp::socket::wait_read,
        [weak = this->weak_from_this()](boost::system::error_code error) {
          const auto self = weak.lock();
          if (!self) return;
          char byte = 0;
          const int socket = self->lowest().socket().native_handle();
          self->is_peer_gone_ = error || ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
          if (self->is_peer_gone_) self->wake_.cancel();
        });
  }

  auto& lowest() { return boost::beast::get_lowest_layer(stream_); }

  Stream& stream_;
  ListenerCounters& counters_;
  std::shared_ptr<wire::StreamSource> source_;  // shared with its producer
  const bool in_chunks_;
  const std::shared_ptr<Waker> waker_ = std::make_shared<Waker>();  // shared with the source
  boost::asio::steady_timer wake_;
  bool is_ready_ = false;
  bool is_ending_ = false;
  bool is_peer_gone_ = false;
};

}  // namespace weir::server
