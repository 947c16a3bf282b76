// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "columnar/parquet_reader.h"
#include "import/readers.h"

namespace weir::import {

Result<FileSummary> read_parquet(const std::filesystem::path& file, Visitor& visitor) {
  WEIR_TRY(const auto names, columnar::ParquetRows::columns(file));
  std::vector<std::string> columns;
  std::vector<flow::Field> fields;
  for (const std::string& name : names) {
    const flow::FieldInfo* known = flow::find_field(name);
    if (known == nullptr || std::ranges::find(fields, known->field) != fields.end()) continue;
    columns.push_back(name);
    fields.push_back(known->field);
  }
  if (columns.empty()) {
    return Error{ErrorKind::invalid, "NoFlowLog",
                 "no column of the Parquet file is a field of flow logs"};
  }
  WEIR_TRY(flow::Format format, flow::Format::from_fields(std::move(fields)));
  BatchReader records(std::move(format), visitor);
  std::uint64_t number = 0;
  std::vector<std::string_view> values;
  WEIR_CHECK(columnar::ParquetRows::read(
      file, columns, [&](std::span<const std::string_view> cells) -> Result<void> {
        ++number;
        values.assign(cells.begin(), cells.end());
        for (std::string_view& value : values) {
          if (value.empty()) value = "-";
          if (std::ranges::any_of(value,
                                  [](char c) { return static_cast<unsigned char>(c) <= 0x20; })) {
            records.damage(number, "a value holds a blank", value);
            return {};
          }
        }
        return records.values(values, number);
      }));
  WEIR_CHECK(records.flush());
  return FileSummary{.kind = FileKind::parquet, .format = records.format()->text()};
}

}  // namespace weir::import
