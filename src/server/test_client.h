// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "wire/http.h"

namespace weir::server::test {

/// A client that sends bytes, right or wrong ones. Reading gives up after 20 s, so that no test
/// hangs.
class Client {
 public:
  explicit Client(std::uint16_t port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// False once the peer does not take more.
  bool send(std::string_view bytes);
  /// No more will be sent.
  void shutdown();
  /// Up to and with `end`; what there is if the peer closes before.
  std::string read_until(std::string_view end);
  /// One answer: head and a body of its Content-Length (none after HEAD).
  std::string read_answer(bool is_head = false);
  /// All until the peer closes. "<timeout>" at the end if it does not.
  std::string read_all();

 private:
  bool fill();
  int socket_ = -1;
  std::string buffer_;
  bool timed_out_ = false;
};

/// The request as bytes, with its Content-Length.
std::string bytes_of(const wire::HttpRequest& request);

/// An empty folder that goes away with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace weir::server::test
