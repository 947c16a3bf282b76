// SPDX-License-Identifier: Apache-2.0
#include "server/body_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace weir::server {

BodySink::BodySink(Options options) : options_(std::move(options)) {
  if (options_.hash) {
    sha256_.emplace(wire::Digest::Algorithm::sha256);
    md5_.emplace(wire::Digest::Algorithm::md5);
  }
  if (options_.chunked) {
    decoder_.emplace(std::move(*options_.chunked),
                     [this](std::string_view content) { return keep(content); });
  }
}

BodySink::~BodySink() {
  if (file_ < 0) return;
  ::close(file_);
  if (!handed_over_) ::unlink(options_.spool_file.c_str());
}

Result<void> BodySink::feed(std::string_view bytes) {
  return decoder_ ? decoder_->feed(bytes) : keep(bytes);
}

Result<void> BodySink::keep(std::string_view content) {
  if (content.size() > options_.content_bytes_max - size_) {
    return Error{ErrorKind::too_large,
                 "EntityTooLarge",
                 "Your proposed upload exceeds the maximum allowed size",
                 {{"MaxSizeAllowed", std::to_string(options_.content_bytes_max)}}};
  }
  size_ += content.size();
  if (sha256_) {
    sha256_->update(content);
    md5_->update(content);
  }
  if (file_ >= 0) return to_file(content);
  if (memory_.size() + content.size() <= options_.memory_bytes_max || options_.spool_file.empty()) {
    memory_ += content;
    return {};
  }
  file_ = ::open(options_.spool_file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file_ >= 0) {
    WEIR_CHECK(to_file(std::exchange(memory_, {})));
  }
  return to_file(content);
}

Result<void> BodySink::to_file(std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(file_, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      log::error("cannot keep a request body, the spool folder does not take it",
                 {{"file", options_.spool_file.string()}, {"error", std::strerror(errno)}});
      return Error{ErrorKind::unavailable, "SlowDown", "Please reduce your request rate."};
    }
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<wire::Body> BodySink::finish() {
  wire::Body body;
  if (decoder_) {
    WEIR_CHECK(decoder_->finish());
    body.trailers = decoder_->trailers();
  }
  body.size = size_;
  if (sha256_) {
    body.sha256_hex = wire::to_hex(sha256_->finish());
    body.md5_hex = wire::to_hex(md5_->finish());
  }
  if (file_ >= 0) {
    body.content = options_.spool_file;
    handed_over_ = true;
  } else {
    body.content = std::move(memory_);
  }
  return body;
}

}  // namespace weir::server
