// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/scope.h"

namespace weir::wire {

/// Headers in their order; names compare without case.
class Headers {
 public:
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  void set(std::string_view name, std::string value);
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view get(std::string_view name) const {
    return find(name).value_or(std::string_view{});
  }
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request body that has arrived completely: in memory, or (larger than the listener's memory
/// limit, only where the route allows it: S3) in a file that the server wrote and removes
/// afterwards if it is still there. A handler may rename the file away to keep it. Content codings
/// and aws-chunked framing are already undone, and the payload hash has been verified.
struct Body {
  std::variant<std::string, std::filesystem::path> content;
  std::uint64_t size = 0;
  std::string sha256_hex;  // of the decoded content, set for files
  std::string md5_hex;     // same
  /// Trailing headers of aws-chunked uploads (x-amz-checksum-...).
  Headers trailers;

  bool in_memory() const { return std::holds_alternative<std::string>(content); }
  const std::string& text() const { return std::get<std::string>(content); }
};

/// Who asks, and how they reached us. Filled in by the server after the signature was verified.
struct Caller {
  Scope scope;
  std::string access_key;  // "" for an anonymous request (only where the route allows it)
  std::string service;     // of the credential scope: "logs", "monitoring", "s3" ...
  std::string source_ip;
  std::string endpoint;    // scheme://host:port as the client named it
  std::string request_id;  // a UUID
  bool is_presigned = false;
};

struct HttpRequest {
  std::string method;
  std::string target;  // raw: path and query as sent
  std::string path;    // raw path, still percent-encoded
  /// Decoded, in order. A name without `=` has an empty value.
  std::vector<std::pair<std::string, std::string>> query;
  Headers headers;
  Body body;
  Caller caller;

  std::optional<std::string_view> query_value(std::string_view name) const;
};

struct FileBody {
  std::filesystem::path path;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  /// What keeps `path` valid until the answer is sent (an open descriptor: `path` is then
  /// /proc/self/fd/N and names the same bytes even if the file was replaced). Destroyed with the
  /// answer. Shared: type-erased deleter.
  std::shared_ptr<const void> keep = nullptr;
};

/// The body of an answer that is made while it is sent, such as an event stream: the sender takes
/// piece after piece and waits without a thread while there is none.
///
/// Threads: take() and close() are called by the sender, one at a time; the function given to
/// on_ready() may be called from any thread.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  struct Piece {
    std::string bytes;
    bool is_last = false;  // nothing comes behind these bytes
  };
  /// What is there now; no bytes: wait for `ready`. Does not block.
  virtual Piece take() = 0;
  /// Once, before the first take(). `ready` does not block and may be called too often, also after
  /// close().
  virtual void on_ready(std::function<void()> ready) = 0;
  /// The peer has gone, or the server stops. Does not block.
  virtual void close() = 0;
};

struct StreamBody {
  std::shared_ptr<StreamSource> source;  // shared: its producer may go first
};

/// The answer to HEAD carries the Content-Length that GET would have and an empty body.
struct HttpResponse {
  int status = 200;
  Headers headers;
  std::variant<std::string, FileBody, StreamBody> body;
};

/// Fills target, path and query from a request line's target (origin or absolute form).
void set_target(HttpRequest& request, std::string_view target);

/// `a=1&b` to decoded pairs, in order: a URL query or a form body (`+` is a blank).
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text);

/// Do they differ in letter case only (ASCII)?
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// Percent-decoding; `+` is a blank only if `plus_is_blank`.
std::string percent_decode(std::string_view text, bool plus_is_blank = false);
/// RFC 3986 encoding as SigV4 wants it; `/` is kept if `keep_slash`.
std::string percent_encode(std::string_view text, bool keep_slash = false);

}  // namespace weir::wire
