// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "collect/cursor.h"
#include "collect/elements.h"

namespace weir::collect {

enum class TemplateProtocol : std::uint8_t { netflow9, ipfix };

/// How the data records of one set look: NetFlow v9 (RFC 3954) and IPFIX (RFC 7011) templates and
/// option templates. Fields that nothing is made of are joined, so a record costs no more than its
/// known fields and its bytes.
class Template {
 public:
  /// Fields of one template as sent.
  static constexpr std::size_t kFieldsMax = 512;
  /// Why a template is refused: its records would take no bytes, or it has too many fields.
  enum class Problem : std::uint8_t { none, truncated, no_bytes, too_many_fields };

  /// Reads what follows the template id and field count of a template record.
  static Problem parse(Cursor& in, TemplateProtocol protocol, std::size_t field_count,
                       Template& out);
  /// The same for an option template of which the first `scope_count` fields are the scope.
  static Problem parse_options_v9(Cursor& in, std::size_t scope_bytes, std::size_t option_bytes,
                                  Template& out);

  /// Reads one data record from `in`. False: not enough bytes for one more record (padding).
  bool read(Cursor& in, const ExportHeader& header, RecordValues& out) const;
  /// Passes over one data record. False as above.
  bool skip(Cursor& in) const;

  /// Whether its records can be flows.
  bool is_flow() const { return is_flow_; }
  bool is_options() const { return is_options_; }
  void mark_options() { is_options_ = true; }
  std::size_t fields() const { return fields_.size(); }
  /// Bytes of a record; of variable length: at least.
  std::size_t record_bytes() const { return record_bytes_; }
  bool operator==(const Template&) const = default;

 private:
  struct Field {
    std::uint16_t element = 0;  // 0: nothing is made of it
    bool is_reverse = false;
    bool is_variable = false;
    std::uint32_t bytes = 0;
    bool operator==(const Field&) const = default;
  };
  void add(std::uint16_t element, std::uint16_t length, std::uint32_t enterprise);
  static std::size_t length_of(const Field& field, Cursor& in);

  std::vector<Field> fields_;
  std::size_t record_bytes_ = 0;
  bool has_variable_ = false;
  bool is_flow_ = false;
  bool is_options_ = false;
};

}  // namespace weir::collect
