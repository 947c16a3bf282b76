// SPDX-License-Identifier: Apache-2.0
#include "sql/result_files.h"

#include <cerrno>
#include <cstring>

namespace weir::sql {
namespace {

Error io_error(std::string_view what, const std::filesystem::path& file) {
  return {ErrorKind::unavailable, "GENERIC_INTERNAL_ERROR",
          "cannot " + std::string(what) + " the result file " + file.string() + ": " +
              std::strerror(errno)};
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

// Protocol buffers: a field is its number and wire type, then the value.
void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}
void append_number(std::string& out, unsigned field, std::uint64_t value) {
  append_varint(out, field << 3);
  append_varint(out, value);
}
void append_bytes(std::string& out, unsigned field, std::string_view bytes) {
  append_varint(out, field << 3 | 2u);
  append_varint(out, bytes.size());
  out += bytes;
}

}  // namespace

ColumnInfo column_info(const std::string& name, const SqlType& type) {
  const TypeFacts facts = facts_of(type);
  ColumnInfo info;
  info.name = info.label = name;
  info.type = column_info_name(type);
  info.precision = facts.precision;
  info.scale = facts.scale;
  info.case_sensitive = facts.case_sensitive;
  return info;
}

ColumnInfo text_column(const std::string& name) {
  ColumnInfo info;
  info.name = info.label = name;
  info.type = "string";
  return info;
}

ResultWriter::ResultWriter(std::filesystem::path file, Format format, std::uint64_t bytes_max)
    : file_(std::move(file)),
      format_(format),
      bytes_max_(bytes_max),
      out_(file_, std::ios::binary) {}

Result<void> ResultWriter::write(const std::string& text) {
  bytes_ += text.size();
  if (bytes_ > bytes_max_) {
    return Error{ErrorKind::limit, "EXCEEDED_RESULT_LIMIT",
                 "the result is larger than " + std::to_string(bytes_max_) + " bytes"};
  }
  out_.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!out_) return io_error("write", file_);
  return {};
}

Result<void> ResultWriter::header(const std::vector<ColumnInfo>& columns) {
  if (format_ == Format::txt) return {};
  std::string line;
  for (const ColumnInfo& column : columns) {
    if (!line.empty()) line += ',';
    append_quoted(line, column.name);
  }
  return write(line + '\n');
}

Result<void> ResultWriter::row(const Values& values) {
  std::string line;
  if (format_ == Format::txt) {
    if (rows_ > 0) line += '\n';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) line += '\t';
      line += values[i].value_or("");
    }
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) line += ',';
      if (values[i]) append_quoted(line, *values[i]);
    }
    line += '\n';
  }
  ++rows_;
  return write(line);
}

Result<void> ResultWriter::close() {
  out_.close();
  if (!out_) return io_error("write", file_);
  return {};
}

ResultReader::ResultReader(const std::filesystem::path& file, ResultWriter::Format format,
                           std::uint64_t offset)
    : path_(file), format_(format), in_(file, std::ios::binary), offset_(offset) {
  in_.seekg(static_cast<std::streamoff>(offset));
}

Result<std::optional<Row>> ResultReader::next() {
  if (!in_.is_open() || in_.bad()) return io_error("read", path_);
  if (in_.peek() == std::ifstream::traits_type::eof()) return std::optional<Row>();
  if (format_ == ResultWriter::Format::csv) return next_csv();
  std::string line;
  std::getline(in_, line);
  offset_ += line.size() + (in_.eof() ? 0 : 1);
  Row row;
  row.data.push_back(Datum{std::move(line)});
  return std::optional<Row>(std::move(row));
}

std::optional<Row> ResultReader::next_csv() {
  Row row;
  Datum value;
  bool quoted = false;
  int c = 0;
  while ((c = in_.get()) != std::ifstream::traits_type::eof()) {
    ++offset_;
    if (quoted) {
      if (c != '"') {
        *value.text += static_cast<char>(c);
      } else if (in_.peek() == '"') {
        in_.get();
        ++offset_;
        *value.text += '"';
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
      value.text.emplace();
    } else if (c == ',' || c == '\n') {
      row.data.push_back(std::exchange(value, Datum{}));
      if (c == '\n') return row;
    }
  }
  return row.data.empty() ? std::nullopt : std::optional(std::move(row));
}

std::string result_metadata(std::string_view execution_id, std::string_view update_type,
                            const std::vector<ColumnInfo>& columns) {
  std::string out;
  append_bytes(out, 1, execution_id);
  if (!update_type.empty()) append_bytes(out, 2, update_type);
  append_number(out, 3, 0);
  for (const ColumnInfo& column : columns) {
    std::string one;
    append_bytes(one, 1, column.catalog);
    append_bytes(one, 4, column.name);
    append_bytes(one, 5, column.label);
    append_bytes(one, 6, column.type);
    // Which of the numbers are written depends on the type (measured).
    const bool is_plain = column.type == "array" || column.type == "map" || column.type == "row" ||
                          column.type == "json" || column.type == "string" ||
                          column.type == "uuid" || column.type == "ipaddress";
    const bool has_precision = column.precision > 0;
    if (has_precision) append_number(one, 7, static_cast<std::uint64_t>(column.precision));
    if (has_precision || column.type == "date")
      append_number(one, 8, static_cast<std::uint64_t>(column.scale));
    append_number(one, 9, 3);
    if (!is_plain) append_number(one, 10, column.case_sensitive ? 1 : 0);
    append_bytes(out, 4, one);
  }
  return out;
}

}  // namespace weir::sql
