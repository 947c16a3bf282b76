// SPDX-License-Identifier: Apache-2.0
#include "sink.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <memory>

#include "base/result.h"

namespace weir::bench {

std::int64_t monotonic_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

struct Sink::Connection {
  int socket = -1;
  std::string in;
};

Sink::Sink() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  WEIR_ASSERT(::bind(listener_, raw, size) == 0 && ::listen(listener_, 1024) == 0);
  WEIR_ASSERT(::getsockname(listener_, raw, &size) == 0);
  port_ = ntohs(address.sin_port);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener_;
  WEIR_ASSERT(::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) == 0);
  thread_ = std::thread([this] { run(); });
}

Sink::~Sink() {
  is_stopping_ = true;
  thread_.join();
  ::close(epoll_);
  ::close(listener_);
}

void Sink::run() {
  std::map<int, std::unique_ptr<Connection>> connections;
  std::array<epoll_event, 256> events;
  while (!is_stopping_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      const int socket = events[static_cast<std::size_t>(i)].data.fd;
      if (socket == listener_) {
        const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted < 0) continue;
        const int on = 1;
        ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = accepted;
        WEIR_ASSERT(::epoll_ctl(epoll_, EPOLL_CTL_ADD, accepted, &event) == 0);
        connections[accepted] = std::make_unique<Connection>(Connection{accepted, {}});
      } else if (!read(*connections.at(socket))) {
        ::close(socket);
        connections.erase(socket);
      }
    }
  }
  for (const auto& [socket, connection] : connections) ::close(socket);
}

bool Sink::read(Connection& connection) {
  std::array<char, 65536> buffer;
  const ssize_t got = ::recv(connection.socket, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  connection.in.append(buffer.data(), static_cast<std::size_t>(got));
  for (;;) {
    const auto head = connection.in.find("\r\n\r\n");
    if (head == std::string::npos) return true;
    constexpr std::string_view kLength = "Content-Length: ";
    const auto at = connection.in.find(kLength);
    WEIR_ASSERT(at < head);
    std::size_t length = 0;
    std::from_chars(connection.in.data() + at + kLength.size(), connection.in.data() + head,
                    length);
    if (connection.in.size() < head + 4 + length) return true;
    const auto path = connection.in.find(' ') + 1;
    take(connection.in.substr(path, connection.in.find(' ', path) - path),
         connection.in.substr(head + 4, length));
    connection.in.erase(0, head + 4 + length);
    constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    if (::send(connection.socket, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) return false;
  }
}

void Sink::take(const std::string& path, const std::string& body) {
  const std::int64_t now = monotonic_ns();
  constexpr std::string_view kSent = "sent=";
  constexpr std::string_view kToken = "\"Token\" : \"";
  const std::lock_guard lock(mutex_);
  if (const auto at = body.find(kSent); at != std::string::npos) {
    std::int64_t sent = 0;
    std::from_chars(body.data() + at + kSent.size(), body.data() + body.size(), sent);
    latencies_[path].push_back(now - sent);
    ++notifications_;
  } else if (const auto token = body.find(kToken); token != std::string::npos) {
    const auto from = token + kToken.size();
    tokens_[path] = body.substr(from, body.find('"', from) - from);
  }
}

std::vector<std::int64_t> Sink::latencies(const std::string& but) const {
  std::vector<std::int64_t> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [path, some] : latencies_) {
    if (path != but) all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::map<std::string, std::string> Sink::tokens() const {
  const std::lock_guard lock(mutex_);
  return tokens_;
}

void Sink::forget() {
  const std::lock_guard lock(mutex_);
  latencies_.clear();
  notifications_ = 0;
}

}  // namespace weir::bench
