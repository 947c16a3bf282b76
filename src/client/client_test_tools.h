// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

/// Real servers on loopback, port 0, for the tests of this module.
namespace weir::client {

/// Accepts one connection after the other, reads one request, answers what the path says:
/// `/200`, `/503` ... that status; `/redirect` 302 to /200; `/silent` nothing until the test ends;
/// `/endless` a body without an end; `/drip` a byte of a head in each twentieth of a second.
class LoopbackHttpServer {
 public:
  LoopbackHttpServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    WEIR_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    WEIR_ASSERT(::listen(listener_, 64) == 0);
    WEIR_ASSERT(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~LoopbackHttpServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (const int socket : silent_) ::close(socket);
  }
  LoopbackHttpServer(const LoopbackHttpServer&) = delete;
  LoopbackHttpServer& operator=(const LoopbackHttpServer&) = delete;

  std::string url(const std::string& path, const std::string& user = "") const {
    return "http://" + user + "127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const std::string request = read_request(socket);
      if (request.empty()) {  // the client went away
        ::close(socket);
        continue;
      }
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      const auto path_begin = request.find(' ') + 1;
      const std::string path =
          request.substr(path_begin, request.find(' ', path_begin) - path_begin);
      if (path == "/silent") {
        silent_.push_back(socket);
        continue;
      }
      if (path == "/endless") {
        std::string piece = "HTTP/1.1 200 x\r\n\r\n";
        while (::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL) > 0)
          piece.assign(4096, 'x');
        ::close(socket);
        continue;
      }
      if (path == "/drip") {
        std::string piece = "HTTP/1.1 200 x\r\nX: ";
        while (::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL) > 0) {
          piece.assign(1, 'x');
          ::poll(nullptr, 0, 50);
        }
        ::close(socket);
        continue;
      }
      const std::string status = path == "/redirect" ? "302" : path.substr(1, 3);
      const std::string answer =
          "HTTP/1.1 " + status +
          " x\r\nLocation: /200\r\nContent-Length: 5\r\nConnection: close\r\n"
          "X-Test: Yes\r\n\r\nhello";
      WEIR_ASSERT(::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL) ==
                  static_cast<ssize_t>(answer.size()));
      ::close(socket);
    }
  }

  static std::string read_request(int socket) {
    std::string text;
    char buffer[4096];
    for (;;) {
      const auto head = text.find("\r\n\r\n");
      if (head != std::string::npos) {
        const auto field = text.find("Content-Length: ");
        const std::size_t length =
            field < head ? std::stoul(text.substr(field + sizeof "Content-Length: " - 1)) : 0;
        if (text.size() >= head + 4 + length) return text;
      }
      const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
      if (n <= 0) return text;
      text.append(buffer, static_cast<std::size_t>(n));
    }
  }

  int listener_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<int> silent_;  // of the thread until it has ended
  std::thread thread_;
};

/// A program for the system's Python (where Debian packages are seen) that prints its port in the
/// first line, then one line for each thing it saw.
class PythonServer {
 public:
  explicit PythonServer(const std::string& program) {
    int out[2];
    WEIR_ASSERT(::pipe(out) == 0);
    child_ = ::fork();
    WEIR_ASSERT(child_ >= 0);
    if (child_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::close(out[0]);
      ::close(out[1]);
      ::execl("/usr/bin/python3", "python3", "-u", "-c", program.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    output_ = ::fdopen(out[0], "r");
    port = line();
  }
  ~PythonServer() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
    std::fclose(output_);
  }
  PythonServer(const PythonServer&) = delete;
  PythonServer& operator=(const PythonServer&) = delete;

  /// The next line, without its end; "" when the program has ended.
  std::string line() {
    std::string text;
    for (int c = std::fgetc(output_); c != EOF && c != '\n'; c = std::fgetc(output_)) {
      text += static_cast<char>(c);
    }
    return text;
  }

  std::string port;  // "" if the program could not run

 private:
  pid_t child_ = -1;
  std::FILE* output_ = nullptr;
};

}  // namespace weir::client
