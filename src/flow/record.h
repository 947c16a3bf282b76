// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/runtime.h"
#include "flow/field.h"
#include "net/address.h"

namespace weir::flow {

/// What security groups and network ACL said about a packet. Field `action`: ACCEPT or REJECT.
enum class Verdict : std::uint8_t { accept, reject };
/// Seen from the interface. Field `flow-direction`: ingress or egress.
enum class Direction : std::uint8_t { ingress, egress };

inline constexpr std::string_view kAccept = "ACCEPT";
inline constexpr std::string_view kReject = "REJECT";
inline constexpr std::string_view kOk = "OK";
inline constexpr std::string_view kNoData = "NODATA";
inline constexpr std::string_view kSkipData = "SKIPDATA";

/// One flow record: the same type for what was captured here and for what AWS wrote.
///
/// Text members are slices: of the line it was read from, or of the Context and literals it was
/// made from. They live as long as those; who keeps a record longer formats it or copies what it
/// needs. A field without a value (`-`) is absent. A value that does not read as the type of its
/// field (a redacted address, a number with leading zeros) is kept as it stands and shows up in
/// `odd()` only, so that reading and formatting give the same line.
class Record {
 public:
  /// All fields absent. Keeps memory for the next use.
  void clear() {
    present_ = 0;
    if (odd_ != 0) {
      odd_ = 0;
      odd_texts_.clear();
    }
  }
  bool has(Field field) const { return (present_ & bit(field)) != 0; }

  /// Of a number field; nothing if absent or odd.
  std::optional<std::int64_t> number(Field field) const {
    if (!has(field)) return std::nullopt;
    return numbers_[info(field).slot];
  }
  std::int64_t number_or(Field field, std::int64_t otherwise) const {
    return number(field).value_or(otherwise);
  }
  /// Of an address field; none (`!is_set()`) if absent or odd.
  net::Address address(Field field) const {
    return has(field) ? addresses_[info(field).slot] : net::Address();
  }
  /// Of a text field; empty if absent.
  std::string_view text(Field field) const {
    return has(field) ? texts_[info(field).slot] : std::string_view();
  }
  /// The value that does not read as its field's type; empty if there is none.
  std::string_view odd(Field field) const;

  void set(Field field, std::int64_t value) {
    numbers_[info(field).slot] = value;
    present_ |= bit(field);
  }
  void set(Field field, const net::Address& value) {
    if (!value.is_set()) return;
    addresses_[info(field).slot] = value;
    present_ |= bit(field);
  }
  /// Empty text leaves the field absent.
  void set(Field field, std::string_view value) {
    if (value.empty()) return;
    texts_[info(field).slot] = value;
    present_ |= bit(field);
  }
  void set_odd(Field field, std::string_view value);

  std::optional<Verdict> verdict() const;
  std::optional<Direction> direction() const;
  /// Neither NODATA nor SKIPDATA: it counts packets.
  bool is_data() const { return text(Field::log_status) == kOk || !has(Field::log_status); }
  /// Start and end to the millisecond where known (captured here), else to the second. Time{0} if
  /// absent.
  Time start_time() const { return time(Field::weir_start_ms, Field::start); }
  Time end_time() const { return time(Field::weir_end_ms, Field::end); }

  /// Appends the value as it stands in a text record: `-` if absent.
  void append_value(Field field, std::string& out) const;
  std::string value(Field field) const;

 private:
  friend class Format;  // reads lines straight into the members
  static constexpr std::size_t kNumbers = 14;
  static constexpr std::size_t kAddresses = 5;
  static constexpr std::size_t kTexts = kFieldCount - kNumbers - kAddresses;
  static_assert(kFieldCount <= 64);

  static constexpr std::uint64_t bit(Field field) {
    return std::uint64_t{1} << static_cast<unsigned>(field);
  }
  Time time(Field ms, Field seconds) const {
    if (has(ms)) return Time{numbers_[info(ms).slot]};
    return has(seconds) ? Time::from_seconds(numbers_[info(seconds).slot]) : Time{};
  }

  std::uint64_t present_ = 0;
  std::uint64_t odd_ = 0;
  std::array<std::int64_t, kNumbers> numbers_;
  std::array<net::Address, kAddresses> addresses_;
  std::array<std::string_view, kTexts> texts_;
  std::vector<std::pair<Field, std::string_view>> odd_texts_;
};

}  // namespace weir::flow
