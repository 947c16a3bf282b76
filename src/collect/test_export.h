// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "collect/cursor.h"
#include "net/address.h"

/// What an exporter writes, for tests: numbers in network order, sets and messages around them.
namespace weir::collect::test {

class Writer {
 public:
  Writer& u8(std::uint64_t value) { return number(value, 1); }
  Writer& u16(std::uint64_t value) { return number(value, 2); }
  Writer& u32(std::uint64_t value) { return number(value, 4); }
  Writer& u64(std::uint64_t value) { return number(value, 8); }
  /// `bytes` may be more than eight: zeros come first.
  Writer& number(std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      bytes_.push_back(shift < 64 ? static_cast<std::uint8_t>(value >> shift) : std::uint8_t{0});
    }
    return *this;
  }
  /// 4 or 16 bytes.
  Writer& address(std::string_view text) {
    const auto parsed = net::Address::parse(text);
    if (parsed->is_v4()) return u32(parsed->v4_value());
    return u64(parsed->high()).u64(parsed->low());
  }
  Writer& add(const Writer& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
  }
  Writer& text(std::string_view characters) {
    bytes_.insert(bytes_.end(), characters.begin(), characters.end());
    return *this;
  }
  std::size_t size() const { return bytes_.size(); }
  Bytes bytes() const { return bytes_; }
  operator Bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

struct FieldSpec {
  std::uint16_t element;
  std::uint16_t length;
  std::uint32_t enterprise = 0;
};

inline Writer set(std::uint16_t id, const Writer& content) {
  return Writer().u16(id).u16(content.size() + 4).add(content);
}

inline Writer fields(std::initializer_list<FieldSpec> specs) {
  Writer out;
  for (const FieldSpec& spec : specs) {
    out.u16(spec.enterprise == 0 ? spec.element : spec.element | 0x8000u).u16(spec.length);
    if (spec.enterprise != 0) out.u32(spec.enterprise);
  }
  return out;
}

inline Writer template_record(std::uint16_t id, std::initializer_list<FieldSpec> specs) {
  return Writer().u16(id).u16(specs.size()).add(fields(specs));
}

struct MessageOptions {
  std::uint32_t export_s = 1767225600;
  std::uint32_t sequence = 0;
  std::uint32_t domain = 0;
  std::uint32_t uptime_ms = 100'000;
};

inline Writer netflow9(const Writer& sets, const MessageOptions& options = {}) {
  return Writer()
      .u16(9)
      .u16(1)
      .u32(options.uptime_ms)
      .u32(options.export_s)
      .u32(options.sequence)
      .u32(options.domain)
      .add(sets);
}

inline Writer ipfix(const Writer& sets, const MessageOptions& options = {}) {
  return Writer()
      .u16(10)
      .u16(16 + sets.size())
      .u32(options.export_s)
      .u32(options.sequence)
      .u32(options.domain)
      .add(sets);
}

struct Netflow5Flow {
  std::string_view source = "10.0.0.1";
  std::string_view destination = "10.0.0.2";
  std::uint16_t input = 3;
  std::uint16_t output = 4;
  std::uint32_t packets = 10;
  std::uint32_t bytes = 1000;
  std::uint32_t first_ms = 90'000;
  std::uint32_t last_ms = 95'000;
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 443;
  std::uint8_t tcp_flags = 2;
  std::uint8_t protocol = 6;
};

inline Writer netflow5(std::initializer_list<Netflow5Flow> flows,
                       const MessageOptions& options = {}, std::uint16_t sampling = 0) {
  Writer out;
  out.u16(5).u16(flows.size()).u32(options.uptime_ms).u32(options.export_s).u32(0);
  out.u32(options.sequence).u16(options.domain).u16(sampling);
  for (const Netflow5Flow& flow : flows) {
    out.address(flow.source).address(flow.destination).u32(0).u16(flow.input).u16(flow.output);
    out.u32(flow.packets).u32(flow.bytes).u32(flow.first_ms).u32(flow.last_ms);
    out.u16(flow.source_port).u16(flow.destination_port).u8(0).u8(flow.tcp_flags);
    out.u8(flow.protocol).u8(0).u16(0).u16(0).u8(0).u8(0).u16(0);
  }
  return out;
}

}  // namespace weir::collect::test
