// SPDX-License-Identifier: Apache-2.0
#include "columnar/byte_source.h"

#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace weir::columnar {
namespace {

constexpr std::size_t kFilePieceBytes = 256u << 10;
constexpr std::size_t kUnpackedPieceBytes = 256u << 10;
constexpr std::size_t kMagicBytes = 4;
constexpr int kZstdWindowLogMax = 27;
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";
constexpr std::string_view kParquetMagic = "PAR1";

Error damaged(std::string_view what) {
  return {ErrorKind::invalid, "InvalidData", std::string(what)};
}

class FileSource final : public ByteSource {
 public:
  FileSource(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
  ~FileSource() override { ::close(descriptor_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Result<std::string_view> next() override {
    buffer_.resize(kFilePieceBytes);
    ssize_t got = 0;
    do {
      got = ::read(descriptor_, buffer_.data(), buffer_.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
      return Error{ErrorKind::unavailable, "CannotRead",
                   "cannot read " + name_ + ": " + std::generic_category().message(errno)};
    }
    return std::string_view(buffer_).substr(0, static_cast<std::size_t>(got));
  }

 private:
  int descriptor_;
  std::string name_;
  std::string buffer_;
};

class Bytes final : public ByteSource {
 public:
  explicit Bytes(std::string text) : text_(std::move(text)) {}
  Result<std::string_view> next() override {
    return std::exchange(is_read_, true) ? std::string_view() : std::string_view(text_);
  }

 private:
  std::string text_;
  bool is_read_ = false;
};

/// A source whose beginning was read already.
class Rejoined final : public ByteSource {
 public:
  Rejoined(std::string head, std::unique_ptr<ByteSource> rest)
      : head_(std::move(head)), rest_(std::move(rest)) {}
  Result<std::string_view> next() override {
    if (!std::exchange(is_head_read_, true) && !head_.empty()) return std::string_view(head_);
    return rest_->next();
  }

 private:
  std::string head_;
  std::unique_ptr<ByteSource> rest_;
  bool is_head_read_ = false;
};

class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> packed) : packed_(std::move(packed)) { begin(); }

  Result<std::string_view> next() override {
    buffer_.resize(kUnpackedPieceBytes);
    while (true) {
      if (state_.avail_in == 0 && !is_input_over_) WEIR_CHECK(refill());
      if (is_between_members_) {
        WEIR_TRY(const bool more, begin_next_member());
        if (!more) return std::string_view();
      }
      state_.next_out = reinterpret_cast<std::uint8_t*>(buffer_.data());
      state_.avail_out = static_cast<std::uint32_t>(buffer_.size());
      const int result = isal_inflate(&state_);
      if (result != ISAL_DECOMP_OK) return damaged("the gzip data is damaged");
      const std::size_t made = buffer_.size() - state_.avail_out;
      const bool is_member_over = state_.block_state == ISAL_BLOCK_FINISH;
      is_between_members_ = is_member_over;
      if (made > 0) return std::string_view(buffer_).substr(0, made);
      if (!is_member_over && state_.avail_in == 0 && is_input_over_) {
        return damaged("the gzip data is cut short");
      }
    }
  }

 private:
  void begin() {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  Result<void> refill() {
    WEIR_TRY(const std::string_view piece, packed_->next());
    is_input_over_ = piece.empty();
    // isal_inflate() does not write to its input.
    state_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(piece.data()));
    state_.avail_in = static_cast<std::uint32_t>(piece.size());
    return {};
  }

  /// False at the end of the stream.
  Result<bool> begin_next_member() {
    while (true) {
      while (state_.avail_in > 0 && *state_.next_in == 0) {
        ++state_.next_in;
        --state_.avail_in;
        is_padded_ = true;
      }
      if (state_.avail_in > 0) break;
      if (is_input_over_) return false;
      WEIR_CHECK(refill());
    }
    if (is_padded_ || *state_.next_in != static_cast<std::uint8_t>(kGzipMagic[0])) {
      return damaged("there is something else behind the gzip data");
    }
    std::uint8_t* const next_in = state_.next_in;
    const std::uint32_t avail_in = state_.avail_in;
    begin();
    state_.next_in = next_in;
    state_.avail_in = avail_in;
    is_between_members_ = false;
    return true;
  }

  std::unique_ptr<ByteSource> packed_;
  inflate_state state_;
  std::string buffer_;
  bool is_input_over_ = false;
  bool is_between_members_ = false;
  bool is_padded_ = false;
};

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(std::unique_ptr<ByteSource> packed)
      : packed_(std::move(packed)), context_(ZSTD_createDCtx()) {
    WEIR_ASSERT(context_ != nullptr);
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
  }
  ~ZstdSource() override { ZSTD_freeDCtx(context_); }
  ZstdSource(const ZstdSource&) = delete;
  ZstdSource& operator=(const ZstdSource&) = delete;

  Result<std::string_view> next() override {
    buffer_.resize(kUnpackedPieceBytes);
    while (true) {
      if (input_.pos == input_.size && !is_output_waiting_) {
        WEIR_TRY(const std::string_view piece, packed_->next());
        if (piece.empty()) {
          if (is_frame_open_) return damaged("the zstd data is cut short");
          return std::string_view();
        }
        input_ = {piece.data(), piece.size(), 0};
      }
      ZSTD_outBuffer output{buffer_.data(), buffer_.size(), 0};
      const std::size_t left = ZSTD_decompressStream(context_, &output, &input_);
      if (ZSTD_isError(left)) {
        return damaged("the zstd data is damaged: " + std::string(ZSTD_getErrorName(left)));
      }
      is_frame_open_ = left != 0;
      is_output_waiting_ = output.pos == output.size && left != 0;
      if (output.pos > 0) return std::string_view(buffer_).substr(0, output.pos);
    }
  }

 private:
  std::unique_ptr<ByteSource> packed_;
  ZSTD_DCtx* context_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  std::string buffer_;
  bool is_frame_open_ = false;
  bool is_output_waiting_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_file(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return Error{ErrorKind::unavailable, "CannotRead",
                 "cannot open " + file.string() + ": " + std::generic_category().message(errno)};
  }
  return std::unique_ptr<ByteSource>(std::make_unique<FileSource>(descriptor, file.string()));
}

std::unique_ptr<ByteSource> bytes_of(std::string text) {
  return std::make_unique<Bytes>(std::move(text));
}

Result<Unpacked> unpack(std::unique_ptr<ByteSource> packed) {
  std::string head;
  while (head.size() < kMagicBytes) {
    WEIR_TRY(const std::string_view piece, packed->next());
    if (piece.empty()) break;
    head += piece;
  }
  Unpacked unpacked;
  const bool is_gzip = head.starts_with(kGzipMagic);
  const bool is_zstd = head.starts_with(kZstdMagic);
  unpacked.is_parquet = head.starts_with(kParquetMagic);
  auto whole = std::make_unique<Rejoined>(std::move(head), std::move(packed));
  if (is_gzip) {
    unpacked.packing = Packing::gzip;
    unpacked.bytes = std::make_unique<GzipSource>(std::move(whole));
  } else if (is_zstd) {
    unpacked.packing = Packing::zstd;
    unpacked.bytes = std::make_unique<ZstdSource>(std::move(whole));
  } else {
    unpacked.bytes = std::move(whole);
  }
  return unpacked;
}

Result<bool> LineReader::next(std::string_view& line) {
  while (true) {
    const char* const from = buffer_.data() + at_;
    const std::size_t left = buffer_.size() - at_;
    const auto* const end =
        left == 0 ? nullptr : static_cast<const char*>(std::memchr(from, '\n', left));
    std::size_t length = left;
    if (end != nullptr) {
      length = static_cast<std::size_t>(end - from);
      at_ += length + 1;
    } else if (is_at_end_) {
      if (left == 0) return false;
      at_ += left;
    } else {
      if (left > kLineBytesMax) {
        return Error{ErrorKind::too_large, "InvalidData",
                     "line " + std::to_string(number_ + 1) + " has more than " +
                         std::to_string(kLineBytesMax) + " bytes"};
      }
      WEIR_CHECK(refill());
      continue;
    }
    ++number_;
    line = std::string_view(from, length);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }
}

Result<void> LineReader::refill() {
  buffer_.erase(0, at_);
  at_ = 0;
  WEIR_TRY(const std::string_view piece, source_.next());
  is_at_end_ = piece.empty();
  buffer_ += piece;
  return {};
}

}  // namespace weir::columnar
