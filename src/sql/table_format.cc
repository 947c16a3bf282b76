// SPDX-License-Identifier: Apache-2.0
#include "sql/table_format.h"

#include <algorithm>

#include "sql/translator_impl.h"

namespace weir::sql {
namespace {

using TK = SqlType::Kind;

std::string property(const std::map<std::string, std::string>& map, const std::string& key,
                     const std::string& otherwise = "") {
  const auto found = map.find(key);
  return found == map.end() ? otherwise : found->second;
}

/// The text `value` as the column's type; what cannot be read as it is NULL, as in Hive (`-` in a
/// number column).
Result<std::string> from_text(const std::string& value, const Column& column) {
  WEIR_TRY(const SqlType type, parse_hive_type(column.type));
  switch (type.kind) {
    case TK::varchar:
      return type.precision == SqlType::kUnbounded
                 ? value
                 : "left(" + value + ", " + std::to_string(type.precision) + ')';
    case TK::character:
      return "rpad(" + value + ", " + std::to_string(type.precision) + ", ' ')";
    case TK::varbinary:
      return "encode(" + value + ')';
    case TK::array:
    case TK::map:
    case TK::row:
      return Error{
          ErrorKind::invalid, "NOT_SUPPORTED",
          "column " + column.name + ": " + column.type + " in text files is not supported"};
    default:
      return "TRY_CAST(" + value + " AS " + duckdb_name(type) + ')';
  }
}

std::string csv(const std::string& options, const std::vector<std::string>& names) {
  std::string columns;
  for (const std::string& name : names) {
    columns += (columns.empty() ? "" : ", ") + quote_string(name) + ": 'VARCHAR'";
  }
  return "read_csv($files, " + options +
         ", header = false, auto_detect = false, null_padding = true, strict_mode = false, "
         "filename = 'weir_file', columns = {" +
         columns + "})";
}

std::string skip_option(const Table& table) {
  const std::string lines = property(table.parameters, "skip.header.line.count", "0");
  const bool is_number = !lines.empty() && lines.size() < 6 &&
                         lines.find_first_not_of("0123456789") == std::string::npos;
  return "skip = " + (is_number ? lines : std::string("0"));
}

std::vector<std::string> positions(const Table& table) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) out.push_back('c' + std::to_string(i));
  return out;
}

Result<TableFormat> delimited(const Table& table) {
  TableFormat out;
  const auto& serde = table.serde_parameters;
  std::string delimiter = unescape_hive(
      property(serde, "field.delim", property(serde, "serialization.format", "\001")));
  if (delimiter == "1" || delimiter.empty()) delimiter = "\001";
  const std::string null_text =
      unescape_hive(property(serde, "serialization.null.format",
                             property(table.parameters, "serialization.null.format", "\\\\N")));
  const std::vector<std::string> names = positions(table);
  out.relation = csv("delim = " + quote_string(delimiter) +
                         ", quote = '', escape = '', nullstr = " + quote_string(null_text) + ", " +
                         skip_option(table),
                     names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    WEIR_TRY(std::string one, from_text("f." + names[i], table.columns[i]));
    out.columns.push_back(std::move(one));
  }
  return out;
}

Result<TableFormat> open_csv(const Table& table) {
  TableFormat out;
  const auto& serde = table.serde_parameters;
  const std::vector<std::string> names = positions(table);
  out.relation =
      csv("delim = " + quote_string(unescape_hive(property(serde, "separatorChar", ","))) +
              ", quote = " + quote_string(unescape_hive(property(serde, "quoteChar", "\""))) +
              ", escape = " + quote_string(unescape_hive(property(serde, "escapeChar", "\\\\"))) +
              ", " + skip_option(table),
          names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    WEIR_TRY(std::string one, from_text("f." + names[i], table.columns[i]));
    out.columns.push_back(std::move(one));
  }
  return out;
}

/// Whole lines: no line of text has a \x01 in it.
std::string lines(const Table& table) {
  return csv("delim = '\001', quote = '', escape = '', " + skip_option(table), {"line"});
}

Result<TableFormat> json(const Table& table) {
  TableFormat out;
  out.relation = lines(table);
  for (const Column& column : table.columns) {
    const std::string name =
        property(table.serde_parameters, "mapping." + column.name, column.name);
    const std::string path = quote_string("$." + quote_identifier(name));
    WEIR_TRY(std::string one, from_text("json_extract_string(f.line, " + path + ')', column));
    out.columns.push_back(std::move(one));
  }
  return out;
}

Result<TableFormat> regex(const Table& table) {
  TableFormat out;
  out.relation = lines(table);
  const std::string expression =
      quote_string(unescape_hive(property(table.serde_parameters, "input.regex")));
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string group = "CASE WHEN regexp_full_match(f.line, " + expression +
                              ") THEN regexp_extract(f.line, " + expression + ", " +
                              std::to_string(i + 1) + ") END";
    WEIR_TRY(std::string one, from_text(group, table.columns[i]));
    out.columns.push_back(std::move(one));
  }
  return out;
}

Result<TableFormat> parquet(const Table& table) {
  TableFormat out;
  out.kind = TableFormat::Kind::parquet;
  out.relation =
      "read_parquet($files, union_by_name = true, hive_partitioning = false, filename = "
      "'weir_file')";
  for (const Column& column : table.columns) {
    WEIR_TRY(const SqlType type, parse_hive_type(column.type));
    out.columns.push_back("CAST(f." + quote_identifier(column.name) + " AS " + duckdb_name(type) +
                          ')');
  }
  return out;
}

}  // namespace

std::string unescape_hive(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    const std::string_view octal = text.substr(i, 3);
    if (octal.size() == 3 && octal.find_first_not_of("01234567") == std::string_view::npos) {
      out += static_cast<char>((octal[0] - '0') * 64 + (octal[1] - '0') * 8 + (octal[2] - '0'));
      i += 2;
    } else {
      out += next == 't'   ? '\t'
             : next == 'n' ? '\n'
             : next == 'r' ? '\r'
             : next == '0' ? '\001'
                           : next;
    }
  }
  return out;
}

Result<TableFormat> table_format(const Table& table) {
  const auto mentions = [&](std::string_view word) {
    return table.serde.find(word) != std::string::npos ||
           table.input_format.find(word) != std::string::npos;
  };
  if (mentions("Parquet") || mentions("parquet")) return parquet(table);
  if (mentions("OpenCSVSerde")) return open_csv(table);
  if (mentions("JsonSerDe") || mentions("JsonSerde")) return json(table);
  if (mentions("RegexSerDe")) return regex(table);
  if (mentions("LazySimpleSerDe") || table.serde.empty()) return delimited(table);
  return Error{ErrorKind::invalid, "NOT_SUPPORTED", "no reader for SerDe " + table.serde};
}

}  // namespace weir::sql
