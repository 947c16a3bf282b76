// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/shape.h"

/// Operations of Logs Insights that look at the fields of events without a query.
namespace weir::api::logs {

/// How much of a group's events has a field.
struct LogGroupField {
  std::string name;
  int percent = 0;
  static Shape shape() {
    using S = LogGroupField;
    static constexpr Member members[] = {
        required<&S::name>("name"),
        required<&S::percent>("percent"),
    };
    return {"LogGroupField", members};
  }
};

/// The event behind a row's `@ptr`, with all of its fields.
struct GetLogRecord {
  static constexpr std::string_view name = "GetLogRecord";
  struct Input {
    std::string log_record_pointer;
    std::optional<bool> unmask;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_record_pointer>("logRecordPointer"),
          optional<&S::unmask>("unmask"),
      };
      return {"GetLogRecordRequest", members};
    }
  };
  struct Output {
    std::map<std::string, std::string> log_record;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::log_record>("logRecord"),
      };
      return {"GetLogRecordResponse", members};
    }
  };
};

/// Which fields the events of a group have.
struct GetLogGroupFields {
  static constexpr std::string_view name = "GetLogGroupFields";
  struct Input {
    std::optional<std::string> log_group_name;
    std::optional<std::int64_t> time;
    std::optional<std::string> log_group_identifier;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          optional<&S::time>("time", kTimestampRange),
          optional<&S::log_group_identifier>("logGroupIdentifier", kIdentifierLength),
      };
      return {"GetLogGroupFieldsRequest", members};
    }
  };
  struct Output {
    std::vector<LogGroupField> log_group_fields;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::log_group_fields>("logGroupFields"),
      };
      return {"GetLogGroupFieldsResponse", members};
    }
  };
};

}  // namespace weir::api::logs
