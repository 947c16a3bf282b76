// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <duckdb.h>

#include "base/result.h"
#include "sql/types.h"

/// What the duckdb_*.cc files share. Only they include this: the library's types stay with them.
namespace weir::sql {

/// Functions, casts and the type ipaddress, known to every connection of the database afterwards.
Result<void> register_functions(duckdb_connection connection);

/// An engine error in the words of Trino.
Error engine_error(std::string_view text);

/// Trino's type of a column of the engine.
SqlType type_of_column(duckdb_logical_type type);

/// Reads a column of a chunk as text.
class ColumnReader {
 public:
  ColumnReader(duckdb_vector vector, duckdb_logical_type type, const SqlType& shown);
  bool is_null(idx_t row) const;
  /// NULL inside of a nested value is `null`.
  void append(std::string& out, idx_t row) const;

 private:
  void append_number(std::string& out, idx_t row) const;
  void append_decimal(std::string& out, idx_t row) const;
  void append_moment(std::string& out, idx_t row) const;
  void append_nested(std::string& out, idx_t row) const;
  void append_child(std::string& out, std::size_t child, idx_t row) const;
  template <class T>
  T at(idx_t row) const {
    return static_cast<const T*>(data_)[row];
  }

  duckdb_type type_;
  duckdb_type decimal_storage_ = DUCKDB_TYPE_INVALID;
  int scale_ = 0;
  SqlType shown_;
  void* data_;
  uint64_t* validity_;
  std::vector<ColumnReader> children_;
  std::vector<std::string> names_;
};

/// Frees what the C API hands out.
template <class T, void (*Destroy)(T*)>
class Owned {
 public:
  explicit Owned(T value = nullptr) : value_(value) {}
  ~Owned() { Destroy(&value_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  T get() const { return value_; }
  T* out() { return &value_; }

 private:
  T value_;
};
using OwnedType = Owned<duckdb_logical_type, duckdb_destroy_logical_type>;

/// 128-bit form of an address: IPv4 as ::ffff:a.b.c.d. Nothing if it is none.
std::optional<duckdb_uhugeint> parse_ipaddress(std::string_view text);
std::string ipaddress_text(duckdb_uhugeint address);

}  // namespace weir::sql
