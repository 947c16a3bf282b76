// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/scope.h"
#include "logs/fields.h"
#include "logs/json_tree.h"
#include "logs/pattern_json.h"

namespace weir::contributors {

/// A log event's message as rules look at it. Fields and the JSON tree are worked out when the
/// first rule asks and shared by all that follow. Use one for many messages: it keeps its memory.
class EventView {
 public:
  /// `message` must outlive its use here.
  void reset(std::string_view message);
  logs::Fields& fields();
  /// Nothing if the message is not one JSON object.
  const logs::JsonTree* json();

 private:
  std::string_view message_;
  logs::Fields fields_;
  logs::JsonTree tree_;
  bool has_fields_ = false;
  bool has_tree_ = false;
  bool is_json_ = false;
};

/// The definition of a Contributor Insights rule (CloudWatch User Guide, "Contributor Insights rule
/// syntax"), compiled.
///
/// CLF: fields are separated by white space; `"..."` and `[...]` are one field. They are named by
/// their position, counted from 1, or by the name that `Fields` gives to it. JSON: `$.a.b[0]`; the
/// message must be one object.
///
/// Where AWS does not say: an event without one of the keys does not count, nor does one without a
/// number in ValueOf; a filter on a field that is missing only holds for `IsPresent: false`; null,
/// arrays and objects are not there; Sum without ValueOf (AWS's own sample of refused TCP
/// connections has it) adds 1 for each event; ValueOf with Count is checked and not used.
///
/// Immutable; may be used from many threads at a time.
class Definition {
 public:
  static constexpr std::size_t kBytesMax = 8192;
  static constexpr std::size_t kLogGroupsMax = 100;
  static constexpr std::size_t kKeysMax = 4;
  static constexpr std::size_t kFiltersMax = 4;
  static constexpr std::size_t kFilterValuesMax = 10;
  static constexpr std::size_t kPositionMax = 1000;
  static constexpr std::size_t kKeyBytesMax = 1024;  // longer ones are cut
  static constexpr double kValueMax = 1e9;           // events beyond are not counted

  enum class Aggregate : std::uint8_t { count, sum };

  /// Error: kind invalid, code InvalidParameterValue; the message names the member.
  static Result<Definition> parse(std::string_view text);

  /// That the log groups, where given by ARN, are those of this account and region.
  Result<void> check(const Scope& scope) const;
  bool covers(std::string_view log_group_name) const;

  /// What an event adds: to whom (packed, see unpack_keys()) and how much. False if it does not
  /// count. `key` is replaced.
  bool contribution(EventView& event, std::string& key, double& value) const;

  /// As written in the rule.
  const std::vector<std::string>& key_labels() const { return key_labels_; }
  Aggregate aggregate() const { return aggregate_; }
  /// Whether contributors and values of both mean the same, so that their summaries go together.
  bool counts_as(const Definition& other) const;

 private:
  enum class Format : std::uint8_t { json, clf };
  /// Where a value stands in an event.
  struct Field {
    std::size_t position = 0;  // CLF, counted from 0
    std::optional<logs::JsonSelector> selector = {};
  };
  struct Filter {
    enum class Kind : std::uint8_t {
      in,
      not_in,
      starts_with,
      greater_than,
      less_than,
      equal_to,
      not_equal_to,
      is_present
    } kind = Kind::in;
    Field field = {};
    std::vector<std::string> values = {};
    double number = 0;
    bool is_present = true;
  };
  struct LogGroups {
    std::string text;  // name or ARN as it was given
    std::string account = {};
    std::string region = {};
    std::string name = {};
    bool is_prefix = false;
  };
  class Parser;

  std::optional<std::string_view> value_of(EventView& event, const Field& field) const;
  bool holds(EventView& event, const Filter& filter) const;

  Format format_ = Format::json;
  Aggregate aggregate_ = Aggregate::count;
  std::vector<LogGroups> log_groups_;
  std::vector<std::string> key_labels_;
  std::vector<Field> keys_;
  std::vector<std::string> sources_;  // format and fields of keys and value, to compare
  std::optional<Field> value_;        // of Sum
  std::vector<Filter> filters_;
};

/// Adds a key's text to a packed list: its bytes, with 0 as 0 255, then 0 0. So packed lists sort
/// as the lists do.
void append_key(std::string& packed, std::string_view key);
std::vector<std::string> unpack_keys(std::string_view packed);

}  // namespace weir::contributors
