// SPDX-License-Identifier: Apache-2.0
#include "server/test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/result.h"
#include "wire/text.h"

namespace weir::server::test {

Client::Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  WEIR_ASSERT(socket_ >= 0);
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  WEIR_ASSERT(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
}

Client::~Client() { ::close(socket_); }

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void Client::shutdown() { ::shutdown(socket_, SHUT_WR); }

bool Client::fill() {
  char piece[65536];
  const ssize_t n = ::recv(socket_, piece, sizeof piece, 0);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) timed_out_ = true;
  if (n <= 0) return false;
  buffer_.append(piece, static_cast<std::size_t>(n));
  return true;
}

std::string Client::read_until(std::string_view end) {
  std::size_t at = 0;
  while ((at = buffer_.find(end)) == std::string::npos) {
    if (!fill()) return std::exchange(buffer_, {});
  }
  std::string out = buffer_.substr(0, at + end.size());
  buffer_.erase(0, out.size());
  return out;
}

std::string Client::read_answer(bool is_head) {
  std::string out = read_until("\r\n\r\n");
  const std::string lower = wire::to_lower(out);
  const std::size_t at = lower.find("content-length: ");
  if (is_head || at == std::string::npos) return out;
  const std::size_t length = std::stoull(lower.substr(at + 16));
  while (buffer_.size() < length && fill()) {
  }
  out += buffer_.substr(0, length);
  buffer_.erase(0, length);
  return out;
}

std::string Client::read_all() {
  while (fill()) {
  }
  return std::exchange(buffer_, {}) + (timed_out_ ? "<timeout>" : "");
}

std::string bytes_of(const wire::HttpRequest& request) {
  std::string out = request.method + ' ' + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers.all()) {
    out.append(name).append(": ").append(value).append("\r\n");
  }
  out += "Content-Length: " + std::to_string(request.body.text().size()) + "\r\n\r\n";
  return out + request.body.text();
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "weir-XXXXXX").string();
  WEIR_ASSERT(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Folder::~Folder() { std::filesystem::remove_all(path_); }

}  // namespace weir::server::test
