// SPDX-License-Identifier: Apache-2.0
#include "columnar/file_sink.h"

#include <cerrno>
#include <system_error>
#include <utility>

namespace weir::columnar {

FileSink::FileSink(std::filesystem::path file)
    : file_(std::move(file)), out_(file_, std::ios::binary) {}

ParquetEncoder::Sink FileSink::sink() {
  return [this](std::string_view bytes) {
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return check();
  };
}

Result<void> FileSink::close() {
  out_.close();
  return check();
}

Result<void> FileSink::check() const {
  if (out_) return {};
  return Error{ErrorKind::unavailable, "CannotWrite",
               "cannot write " + file_.native() + ": " + std::generic_category().message(errno)};
}

}  // namespace weir::columnar
