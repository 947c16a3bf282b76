// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::columnar {

/// Writes structures in Thrift's compact protocol, as far as Parquet needs it. Fields of a
/// structure are written in ascending order of their numbers.
class ThriftWriter {
 public:
  explicit ThriftWriter(std::string& out) : out_(out) {}

  void boolean(int field, bool value) { header(field, value ? 1 : 2); }
  void i32(int field, std::int32_t value) {
    header(field, 5);
    zigzag(value);
  }
  void i64(int field, std::int64_t value) {
    header(field, 6);
    zigzag(value);
  }
  void binary(int field, std::string_view value) {
    header(field, 8);
    bytes(value);
  }
  /// A list of structures; each is written between open_element() and close().
  void list_of_structs(int field, std::size_t size) { list(field, size, 12); }
  void list_of_i32(int field, const std::vector<std::int32_t>& values) {
    list(field, values.size(), 5);
    for (const std::int32_t value : values) zigzag(value);
  }
  void list_of_binary(int field, const std::vector<std::string_view>& values) {
    list(field, values.size(), 8);
    for (const std::string_view value : values) bytes(value);
  }
  void open(int field) {
    header(field, 12);
    open_element();
  }
  void open_element() {
    outer_.push_back(last_);
    last_ = 0;
  }
  void close() {
    out_ += '\0';
    last_ = outer_.back();
    outer_.pop_back();
  }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>((value & 0x7f) | 0x80);
    out_ += static_cast<char>(value);
  }
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void bytes(std::string_view value) {
    varint(value.size());
    out_ += value;
  }
  void header(int field, int type) {
    const int step = field - last_;
    if (step > 0 && step <= 15) {
      out_ += static_cast<char>((step << 4) | type);
    } else {
      out_ += static_cast<char>(type);
      zigzag(field);
    }
    last_ = field;
  }
  void list(int field, std::size_t size, int type) {
    header(field, 9);
    if (size < 15) {
      out_ += static_cast<char>((size << 4) | static_cast<std::size_t>(type));
    } else {
      out_ += static_cast<char>(0xf0 | type);
      varint(size);
    }
  }

  std::string& out_;
  int last_ = 0;
  std::vector<int> outer_;
};

}  // namespace weir::columnar
