// SPDX-License-Identifier: Apache-2.0
#include "collect/template.h"

namespace weir::collect {
namespace {

constexpr std::uint16_t kVariableLength = 65535;
constexpr std::uint16_t kEnterpriseBit = 0x8000;
constexpr std::uint32_t kReverseEnterprise = 29305;  // RFC 5103
constexpr std::uint32_t kNoEnterprise = 0;
constexpr std::uint8_t kLongLength = 255;     // RFC 7011 section 7: two bytes of length follow
constexpr std::uint16_t kScopeInterface = 2;  // RFC 3954 section 6.1
constexpr std::uint16_t kIngressInterface = 10;
constexpr std::size_t kV9FieldBytes = 4;

}  // namespace

void Template::add(std::uint16_t element, std::uint16_t length, std::uint32_t enterprise) {
  Field field;
  const bool is_reverse = enterprise == kReverseEnterprise;
  const bool is_known =
      (enterprise == kNoEnterprise || is_reverse) && is_known_element(element, is_reverse);
  field.is_variable = length == kVariableLength;
  field.bytes = field.is_variable ? 1 : length;
  record_bytes_ += field.bytes;
  has_variable_ |= field.is_variable;
  if (is_known) {
    field.element = element;
    field.is_reverse = is_reverse;
    is_flow_ |= !is_reverse && is_flow_element(element);
  }
  if (length == 0) return;
  const bool joins = !is_known && !field.is_variable && !fields_.empty() &&
                     fields_.back().element == 0 && !fields_.back().is_variable;
  if (joins) {
    fields_.back().bytes += field.bytes;
  } else {
    fields_.push_back(field);
  }
}

Template::Problem Template::parse(Cursor& in, TemplateProtocol protocol, std::size_t field_count,
                                  Template& out) {
  out = {};
  for (std::size_t i = 0; i < field_count; ++i) {
    std::uint16_t element = in.u16();
    const std::uint16_t length = in.u16();
    std::uint32_t enterprise = kNoEnterprise;
    bool is_fixed = protocol == TemplateProtocol::netflow9;
    if (!is_fixed && (element & kEnterpriseBit) != 0) {
      element = static_cast<std::uint16_t>(element & ~kEnterpriseBit);
      enterprise = in.u32();
    }
    if (in.failed()) return Problem::truncated;
    // NetFlow v9 knows no variable length; such a field could never be there.
    if (i < kFieldsMax && !(is_fixed && length == kVariableLength)) {
      out.add(element, length, enterprise);
    } else if (i < kFieldsMax) {
      return Problem::too_many_fields;
    }
  }
  if (field_count > kFieldsMax) return Problem::too_many_fields;
  return out.record_bytes_ == 0 ? Problem::no_bytes : Problem::none;
}

Template::Problem Template::parse_options_v9(Cursor& in, std::size_t scope_bytes,
                                             std::size_t option_bytes, Template& out) {
  out = {};
  out.is_options_ = true;
  const std::size_t scopes = scope_bytes / kV9FieldBytes;
  const std::size_t count = scopes + option_bytes / kV9FieldBytes;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t element = in.u16();
    const std::uint16_t length = in.u16();
    if (in.failed()) return Problem::truncated;
    if (i >= kFieldsMax || length == kVariableLength) return Problem::too_many_fields;
    if (i < scopes) element = element == kScopeInterface ? kIngressInterface : 0;
    out.add(element, length, kNoEnterprise);
  }
  return out.record_bytes_ == 0 ? Problem::no_bytes : Problem::none;
}

std::size_t Template::length_of(const Field& field, Cursor& in) {
  if (!field.is_variable) return field.bytes;
  const std::uint8_t length = in.u8();
  return length == kLongLength ? in.u16() : length;
}

bool Template::read(Cursor& in, const ExportHeader& header, RecordValues& out) const {
  if (in.left() < record_bytes_) return false;
  for (const Field& field : fields_) {
    const Bytes value = in.take(length_of(field, in));
    if (in.failed()) return false;
    if (field.element != 0) apply_element(field.element, field.is_reverse, value, header, out);
  }
  return true;
}

bool Template::skip(Cursor& in) const {
  if (in.left() < record_bytes_) return false;
  if (!has_variable_) {
    in.skip(record_bytes_);
    return true;
  }
  for (const Field& field : fields_) in.skip(length_of(field, in));
  return !in.failed();
}

}  // namespace weir::collect
