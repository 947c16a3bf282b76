// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/runtime.h"
#include "server/credentials.h"
#include "server/router.h"

namespace weir::server {

/// The HTTP listener: admission limits, signatures, permissions, then the handler.
///
/// Threads: `io_threads` threads move bytes and never wait for a handler; `workers` threads run the
/// handlers,
///          the hashing and the file access. start() and stop() are called by the owner, from one
///          thread.
/// Limits:  every one is in Config and has an answer of AWS's shape: 413 for a large body, 431 for
/// large headers,
///          503 SlowDown when connections, queued requests or memory for bodies are used up; a slow
///          or silent client is closed. One client's garbage ends that client's connection and
///          nothing else.
/// Time:    signatures are checked against `Runtime::now()`. Socket timeouts are real time, also in
/// CI mode, where
///          the clock can be moved: a peer's silence is not simulated.
class Listener {
 public:
  struct Config {
    std::string address = "127.0.0.1";      // IPv4 or IPv6; 0.0.0.0 and :: are all interfaces
    std::uint16_t port = 4566;              // 0: any free one, see port()
    std::filesystem::path tls_certificate;  // PEM chain; with tls_key switches TLS on
    std::filesystem::path tls_key;
    std::size_t io_threads = 2;
    std::size_t workers = 8;
    std::size_t requests_max = 1024;  // waiting for a worker or running
    std::size_t connections_max = 4096;
    std::size_t header_bytes_max = 64u << 10;
    std::size_t api_body_bytes_max = 16u << 20;
    std::uint64_t object_bytes_max =
        (5ull << 30) + (256u << 20);  // S3 body on the wire: 5 GiB and its framing
    std::size_t object_memory_bytes_max = 1u
                                          << 20;  // larger S3 bodies go to a file in spool_folder
    std::size_t bodies_memory_bytes_max = 512u << 20;  // all bodies in memory together
    std::filesystem::path spool_folder;  // made if missing; leftovers of an earlier run are removed
    std::chrono::milliseconds header_timeout{
        10'000};  // from the first byte of a request to its last header
    std::chrono::milliseconds body_timeout{30'000};   // without any progress
    std::chrono::milliseconds idle_timeout{75'000};   // between requests
    std::chrono::milliseconds write_timeout{30'000};  // without any progress
    std::chrono::milliseconds stop_grace{5'000};      // stop() waits so long for answers under way
    bool allow_anonymous_s3 = false;  // pass unsigned S3 requests on with an empty access key
  };

  /// `credentials` and `router` must outlive the listener.
  Listener(Runtime& runtime, Config config, const Credentials& credentials, const Router& router);
  /// Stops.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Takes the address, so that port() is known before anything is served; clients that connect
  /// wait for start(). Error: says what was tried and what would help.
  Result<void> bind();
  /// Begins to serve; binds if bind() was not called. Errors as there.
  Result<void> start();
  /// The bound port.
  std::uint16_t port() const;
  /// Accepts no more, lets answers under way finish within `stop_grace`, then closes. Idempotent.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::server
