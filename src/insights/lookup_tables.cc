// SPDX-License-Identifier: Apache-2.0
#include "insights/lookup_tables.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "insights/store_keys.h"
#include "logs/errors.h"
#include "logs/listing.h"

namespace weir::insights {
namespace {

using logs::invalid_parameter;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

Error no_such_table() {  // text unverified
  return logs::not_found("The specified lookup table does not exist.");
}

Error bad_row(std::size_t number, std::string_view problem) {
  return invalid_parameter("Invalid CSV in row " + std::to_string(number) + ": " +
                           std::string(problem));
}

std::string info_key(const Scope& scope, std::string_view name) {
  return store_key(scope, "t/", name);
}
/// Apart from the other keys, so that nobody who goes over those reads 10 MB for each table.
std::string body_key(const Scope& scope, std::string_view name) {
  return std::string(kTablesPrefix) + scope.key() + std::string(name);
}

/// Rows of a CSV text one after the other.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : left_(text) {}

  bool at_end() const { return left_.empty(); }
  std::size_t row() const { return row_; }

  /// The next row; an empty line is a row with one empty value.
  Result<std::vector<std::string>> next() {
    ++row_;
    std::vector<std::string> values;
    while (true) {
      WEIR_TRY(std::string value, left_.starts_with('"') ? quoted() : plain());
      values.push_back(std::move(value));
      if (!take(",")) break;
      if (values.size() > LookupTables::kFieldsMax) return bad_row(row_, "it has too many values");
    }
    if (take("\r\n") || take("\n") || left_.empty()) return values;
    return bad_row(row_, "a quoted value goes on behind its closing quote");
  }

 private:
  bool take(std::string_view text) {
    if (!left_.starts_with(text)) return false;
    left_.remove_prefix(text.size());
    return true;
  }

  Result<std::string> plain() {
    std::size_t size = std::min(left_.find_first_of(",\n"), left_.size());
    if (size < left_.size() && left_[size] == '\n' && size > 0 && left_[size - 1] == '\r') --size;
    std::string value(left_.substr(0, size));
    left_.remove_prefix(size);
    if (value.find('"') != value.npos)
      return bad_row(row_, "a quote inside a value without quotes");
    return value;
  }

  Result<std::string> quoted() {
    left_.remove_prefix(1);
    std::string value;
    while (true) {
      const std::size_t quote = left_.find('"');
      if (quote == left_.npos) return bad_row(row_, "a quoted value has no end");
      value += left_.substr(0, quote);
      left_.remove_prefix(quote + 1);
      if (!take("\"")) return value;
      value += '"';
    }
  }

  std::string_view left_;
  std::size_t row_ = 0;
};

bool is_empty_line(const std::vector<std::string>& values) {
  return values.size() == 1 && values[0].empty();
}

Result<void> check_header(const std::vector<std::string>& fields) {
  std::set<std::string_view> seen;
  for (const std::string& field : fields) {
    if (field.empty()) return invalid_parameter("A column of the table has no name.");
    if (!seen.insert(field).second) {
      return invalid_parameter("The column '" + field + "' is there twice.");
    }
  }
  return {};
}

}  // namespace

Shape LookupTableInfo::shape() {
  using S = LookupTableInfo;
  static constexpr Member members[] = {
      required<&S::name>("lookupTableName"),
      optional<&S::description>("description"),
      optional<&S::kms_key_id>("kmsKeyId"),
      required<&S::fields>("tableFields"),
      required<&S::records>("recordsCount"),
      required<&S::size_bytes>("sizeBytes"),
      required<&S::created_ms>("createdAt"),
      required<&S::updated_ms>("lastUpdatedTime"),
      required<&S::tags>("tags"),
  };
  return {"StoredLookupTable", members};
}

Result<LookupTable> parse_lookup_csv(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  CsvReader reader(text);
  if (reader.at_end()) return invalid_parameter("The table has no header.");
  LookupTable table;
  WEIR_TRY(table.columns, reader.next());
  WEIR_CHECK(check_header(table.columns));
  while (!reader.at_end()) {
    WEIR_TRY(auto values, reader.next());
    if (is_empty_line(values) && table.columns.size() > 1) continue;
    if (values.size() != table.columns.size()) {
      return bad_row(reader.row(), "it has " + std::to_string(values.size()) +
                                       " values, the header has " +
                                       std::to_string(table.columns.size()));
    }
    table.rows.push_back(std::move(values));
  }
  return table;
}

Result<LookupTableInfo> LookupTables::create(const Scope& scope, LookupTableInfo table,
                                             std::string_view body) {
  const std::lock_guard control(control_);
  const auto found = this->table(scope, table.name);
  if (found) return logs::already_exists("lookup table");
  if (found.error().kind != ErrorKind::not_found) return found.error();
  std::size_t count = 0;
  WEIR_CHECK(store_.scan(store_key(scope, "t/"), [&count](std::string_view, std::string_view) {
    return ++count < kTablesMax;
  }));
  if (count >= kTablesMax) return logs::limit_exceeded();
  table.created_ms = runtime_.now().ms;
  WEIR_CHECK(save(scope, table, body));
  return table;
}

Result<LookupTableInfo> LookupTables::update(const Scope& scope, const LookupTableInfo& table,
                                             std::string_view body) {
  const std::lock_guard control(control_);
  WEIR_TRY(LookupTableInfo found, this->table(scope, table.name));
  if (table.description) found.description = table.description;
  if (table.kms_key_id) found.kms_key_id = table.kms_key_id;
  WEIR_CHECK(save(scope, found, body));
  return found;
}

/// With control_.
Result<void> LookupTables::save(const Scope& scope, LookupTableInfo& table, std::string_view body) {
  if (body.size() > kBodyBytesMax) {
    return invalid_parameter("The table has " + std::to_string(body.size()) +
                             " bytes, at most 10485760 are allowed.");
  }
  WEIR_TRY(LookupTable parsed, parse_lookup_csv(body));
  table.fields = std::move(parsed.columns);
  table.records = static_cast<std::int64_t>(parsed.rows.size());
  table.size_bytes = static_cast<std::int64_t>(body.size());
  table.updated_ms = runtime_.now().ms;
  store::WriteBatch batch;
  batch.put(info_key(scope, table.name), to_json_text(table));
  batch.put(body_key(scope, table.name), std::string(body));
  return store_.write(batch);
}

Result<LookupTableInfo> LookupTables::table(const Scope& scope, std::string_view name) const {
  WEIR_TRY(const auto bytes, store_.get(info_key(scope, name)));
  if (!bytes) return no_such_table();
  return from_json_text<LookupTableInfo>(*bytes);
}

Result<std::string> LookupTables::body(const Scope& scope, std::string_view name) const {
  WEIR_TRY(auto bytes, store_.get(body_key(scope, name)));
  if (!bytes) return no_such_table();
  return *std::move(bytes);
}

Result<void> LookupTables::remove(const Scope& scope, std::string_view name) {
  const std::lock_guard control(control_);
  WEIR_CHECK(table(scope, name));
  store::WriteBatch batch;
  batch.erase(info_key(scope, name));
  batch.erase(body_key(scope, name));
  return store_.write(batch);
}

Result<logs::Page<LookupTableInfo>> LookupTables::list(const Scope& scope, std::string_view prefix,
                                                       std::string_view after,
                                                       std::size_t limit) const {
  return logs::stored_page<LookupTableInfo>(store_, store_key(scope, "t/"), prefix, after, limit);
}

Lookups LookupTables::lookups() const {
  return [this](const Scope& scope, std::string_view name) -> std::shared_ptr<const LookupTable> {
    const auto text = body(scope, name);
    if (!text) return nullptr;
    auto table = parse_lookup_csv(*text);
    if (!table) {
      log::error("a stored lookup table is unreadable",
                 {{"table", name}, {"error", table.error().message}});
      return nullptr;
    }
    return std::make_shared<const LookupTable>(*std::move(table));
  };
}

Result<logs::Tags> LookupTables::tags(const Scope& scope, std::string_view name) const {
  WEIR_TRY(auto found, table(scope, name));
  return std::move(found.tags);
}

Result<void> LookupTables::tag(const Scope& scope, std::string_view name, const logs::Tags& tags) {
  const std::lock_guard control(control_);
  WEIR_TRY(LookupTableInfo found, table(scope, name));
  WEIR_CHECK(merge(found.tags, tags, name));
  return store_.put(info_key(scope, name), to_json_text(found));
}

Result<void> LookupTables::untag(const Scope& scope, std::string_view name,
                                 const std::vector<std::string>& keys) {
  const std::lock_guard control(control_);
  WEIR_TRY(LookupTableInfo found, table(scope, name));
  for (const std::string& key : keys) found.tags.erase(key);
  return store_.put(info_key(scope, name), to_json_text(found));
}

}  // namespace weir::insights
