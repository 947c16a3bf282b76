// SPDX-License-Identifier: Apache-2.0
#include "wire/aws_chunked.h"

#include <algorithm>

#include "wire/text.h"

namespace weir::wire {
namespace {

Error incomplete(std::string_view why) {
  return {ErrorKind::invalid, "IncompleteBody",
          "The request body terminated unexpectedly: " + std::string(why)};
}

Error bad_signature() { return {ErrorKind::unauthorized, "SignatureDoesNotMatch", ""}; }

constexpr std::size_t kSizeDigitsMax = 15;

}  // namespace

AwsChunkedDecoder::AwsChunkedDecoder(Options options, Sink sink)
    : options_(std::move(options)), sink_(std::move(sink)) {}

Result<void> AwsChunkedDecoder::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (state_ == State::done) return incomplete("bytes after the last chunk");
    if (state_ == State::content) {
      const auto size =
          static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, bytes.size()));
      const std::string_view content = bytes.substr(0, size);
      if (options_.signer) chunk_digest_.update(content);
      WEIR_CHECK(sink_(content));
      bytes.remove_prefix(size);
      chunk_left_ -= size;
      if (chunk_left_ == 0) state_ = State::content_end;
      continue;
    }
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > kLineBytesMax) return incomplete("a line of the chunk framing is too long");
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    const std::string line = std::exchange(line_, {});
    WEIR_CHECK(take_line(line));
  }
  return {};
}

Result<void> AwsChunkedDecoder::take_line(std::string_view line) {
  switch (state_) {
    case State::head:
      return take_head(line);
    case State::content_end:
      if (!line.empty()) return incomplete("a chunk is longer than its size says");
      return end_of_chunk();
    case State::trailers:
      return line.empty() ? end_of_trailers() : take_trailer(line);
    default:
      return incomplete("unexpected line");
  }
}

// `<hex size>[;chunk-signature=<64 hex>]`
Result<void> AwsChunkedDecoder::take_head(std::string_view line) {
  const std::size_t semicolon = line.find(';');
  const std::string_view digits = trimmed(line.substr(0, semicolon));
  if (digits.empty() || digits.size() > kSizeDigitsMax) return incomplete("a chunk has no size");
  std::uint64_t size = 0;
  for (const char c : digits) {
    const int digit = hex_digit(c);
    if (digit < 0) return incomplete("the size of a chunk is no number");
    size = size * 16 + static_cast<std::uint64_t>(digit);
  }
  chunk_signature_.clear();
  constexpr std::string_view kSignature = "chunk-signature=";
  const std::string_view extension = semicolon == std::string_view::npos
                                         ? std::string_view{}
                                         : trimmed(line.substr(semicolon + 1));
  if (extension.starts_with(kSignature)) chunk_signature_ = extension.substr(kSignature.size());
  if (options_.signer && chunk_signature_.empty()) return bad_signature();

  decoded_ += size;
  if (options_.decoded_length && decoded_ > *options_.decoded_length) {
    return incomplete("more content than x-amz-decoded-content-length says");
  }
  chunk_left_ = size;
  if (size > 0) {
    state_ = State::content;
    return {};
  }
  // The last chunk is empty. Trailers follow it at once; without them there is one empty line.
  is_last_ = true;
  if (!options_.has_trailers) {
    state_ = State::content_end;
    return {};
  }
  return end_of_chunk();
}

Result<void> AwsChunkedDecoder::end_of_chunk() {
  if (options_.signer) {
    const std::string expected = options_.signer->chunk(to_hex(chunk_digest_.finish()));
    if (!equal_in_constant_time(expected, chunk_signature_)) return bad_signature();
  }
  state_ = !is_last_ ? State::head : options_.has_trailers ? State::trailers : State::done;
  return {};
}

Result<void> AwsChunkedDecoder::take_trailer(std::string_view line) {
  trailers_bytes_ += line.size();
  if (trailers_bytes_ > kTrailersBytesMax) return incomplete("the trailers are too long");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return incomplete("a trailer has no colon");
  const std::string name = to_lower(trimmed(line.substr(0, colon)));
  const std::string value(trimmed(line.substr(colon + 1)));
  if (name == "x-amz-trailer-signature") {
    trailer_signature_ = value;
    return {};
  }
  trailer_lines_.append(name).append(":").append(value).append("\n");
  trailers_.add(name, value);
  return {};
}

Result<void> AwsChunkedDecoder::end_of_trailers() {
  state_ = State::done;
  if (!options_.signer) return {};
  if (equal_in_constant_time(options_.signer->trailer(trailer_lines_), trailer_signature_)) {
    return {};
  }
  return bad_signature();
}

Result<void> AwsChunkedDecoder::finish() {
  // Some clients leave the very last line break away.
  if (line_.empty() && is_last_ && state_ == State::content_end) WEIR_CHECK(end_of_chunk());
  if (line_.empty() && state_ == State::trailers) WEIR_CHECK(end_of_trailers());
  if (state_ != State::done) return incomplete("the last chunk is missing");
  if (options_.decoded_length && decoded_ != *options_.decoded_length) {
    return incomplete("less content than x-amz-decoded-content-length says");
  }
  return {};
}

}  // namespace weir::wire
