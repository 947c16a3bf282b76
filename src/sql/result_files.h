// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/execution.h"
#include "sql/types.h"

namespace weir::sql {

/// The column as GetQueryResults describes it.
ColumnInfo column_info(const std::string& name, const SqlType& type);
/// A column of SHOW and DESCRIBE: type `string`.
ColumnInfo text_column(const std::string& name);

/// Writes a result file as Athena does (measured on AWS, Athena reference 3.2).
///
/// csv: header line and rows end in `\n`; every value in double quotes, inner ones doubled; NULL is
/// nothing. txt: rows joined by `\n`, no header, no quotes, nothing at the end.
class ResultWriter {
 public:
  enum class Format { csv, txt };
  using Values = std::vector<std::optional<std::string>>;

  /// Reaching `bytes_max` is an Error.
  ResultWriter(std::filesystem::path file, Format format, std::uint64_t bytes_max);
  Result<void> header(const std::vector<ColumnInfo>& columns);
  Result<void> row(const Values& values);
  Result<void> close();
  std::uint64_t rows() const { return rows_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Result<void> write(const std::string& text);

  std::filesystem::path file_;
  Format format_;
  std::uint64_t bytes_max_;
  std::ofstream out_;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Reads rows of such a file from a byte offset on, for GetQueryResults.
class ResultReader {
 public:
  ResultReader(const std::filesystem::path& file, ResultWriter::Format format,
               std::uint64_t offset);
  /// Nothing at the end. Error: the file cannot be read.
  Result<std::optional<Row>> next();
  /// Where the next row begins.
  std::uint64_t offset() const { return offset_; }

 private:
  std::optional<Row> next_csv();
  std::filesystem::path path_;
  ResultWriter::Format format_;
  std::ifstream in_;
  std::uint64_t offset_;
};

/// The `.metadata` object next to a result: protobuf, fields as in the Athena reference 3.2.
std::string result_metadata(std::string_view execution_id, std::string_view update_type,
                            const std::vector<ColumnInfo>& columns);

}  // namespace weir::sql
