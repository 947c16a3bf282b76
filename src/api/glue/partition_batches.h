// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/glue/common.h"
#include "base/document.h"
#include "base/shape.h"

/// Operations on several partitions.
namespace weir::api::glue {

struct PartitionError {
  std::vector<std::string> values;
  ErrorDetail detail;
  static Shape shape() {
    using S = PartitionError;
    static constexpr Member members[] = {
        required<&S::values>("PartitionValues"),
        required<&S::detail>("ErrorDetail"),
    };
    return {"PartitionError", members};
  }
};

struct BatchCreatePartition {
  static constexpr std::string_view name = "BatchCreatePartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<Document> partitions;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::partitions>("PartitionInputList", items(0, 100)),
      };
      return {"BatchCreatePartitionRequest", members};
    }
  };
  struct Output {
    std::vector<PartitionError> errors;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::errors>("Errors"),
      };
      return {"BatchCreatePartitionResponse", members};
    }
  };
};

struct PartitionUpdate {
  std::vector<std::string> values;
  Document partition_input;
  static Shape shape() {
    using S = PartitionUpdate;
    static constexpr Member members[] = {
        required<&S::values>("PartitionValueList", items(0, 100)),
        required<&S::partition_input>("PartitionInput"),
    };
    return {"BatchUpdatePartitionRequestEntry", members};
  }
};

struct PartitionUpdateError {
  std::vector<std::string> values;
  ErrorDetail detail;
  static Shape shape() {
    using S = PartitionUpdateError;
    static constexpr Member members[] = {
        required<&S::values>("PartitionValueList"),
        required<&S::detail>("ErrorDetail"),
    };
    return {"BatchUpdatePartitionFailureEntry", members};
  }
};

struct BatchUpdatePartition {
  static constexpr std::string_view name = "BatchUpdatePartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<PartitionUpdate> entries;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::entries>("Entries", items(1, 100)),
      };
      return {"BatchUpdatePartitionRequest", members};
    }
  };
  struct Output {
    std::vector<PartitionUpdateError> errors;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::errors>("Errors"),
      };
      return {"BatchUpdatePartitionResponse", members};
    }
  };
};

struct PartitionValues {
  std::vector<std::string> values;
  static Shape shape() {
    using S = PartitionValues;
    static constexpr Member members[] = {
        required<&S::values>("Values"),
    };
    return {"PartitionValueList", members};
  }
};

struct BatchGetPartition {
  static constexpr std::string_view name = "BatchGetPartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<PartitionValues> partitions;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::partitions>("PartitionsToGet", items(0, 1000)),
      };
      return {"BatchGetPartitionRequest", members};
    }
  };
  struct Output {
    std::vector<Document> partitions;
    std::vector<PartitionValues> unprocessed_keys;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::partitions>("Partitions"),
          required<&S::unprocessed_keys>("UnprocessedKeys"),
      };
      return {"BatchGetPartitionResponse", members};
    }
  };
};

struct BatchDeletePartition {
  static constexpr std::string_view name = "BatchDeletePartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<PartitionValues> partitions;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::partitions>("PartitionsToDelete", items(0, 25)),
      };
      return {"BatchDeletePartitionRequest", members};
    }
  };
  struct Output {
    std::vector<PartitionError> errors;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::errors>("Errors"),
      };
      return {"BatchDeletePartitionResponse", members};
    }
  };
};

}  // namespace weir::api::glue
