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

/// Operations on partitions.
namespace weir::api::glue {

struct CreatePartition {
  static constexpr std::string_view name = "CreatePartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    Document partition_input;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::partition_input>("PartitionInput"),
      };
      return {"CreatePartitionRequest", members};
    }
  };
  using Output = Empty;
};

struct GetPartition {
  static constexpr std::string_view name = "GetPartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<std::string> values;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::values>("PartitionValues"),
      };
      return {"GetPartitionRequest", members};
    }
  };
  struct Output {
    Document partition;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::partition>("Partition"),
      };
      return {"GetPartitionResponse", members};
    }
  };
};

struct Segment {
  int number{};
  int total{};
  static Shape shape() {
    using S = Segment;
    static constexpr Member members[] = {
        required<&S::number>("SegmentNumber", range(0, 9)),
        required<&S::total>("TotalSegments", range(1, 10)),
    };
    return {"Segment", members};
  }
};

struct GetPartitions {
  static constexpr std::string_view name = "GetPartitions";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::optional<std::string> expression;
    std::optional<std::string> next_token;
    std::optional<Segment> segment;
    std::optional<int> max_results;
    std::optional<bool> exclude_column_schema;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          optional<&S::expression>("Expression", length(0, 2048)),
          optional<&S::next_token>("NextToken"),
          optional<&S::segment>("Segment"),
          optional<&S::max_results>("MaxResults", range(1, 1000)),
          optional<&S::exclude_column_schema>("ExcludeColumnSchema"),
      };
      return {"GetPartitionsRequest", members};
    }
  };
  struct Output {
    std::vector<Document> partitions;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::partitions>("Partitions"),
          optional<&S::next_token>("NextToken"),
      };
      return {"GetPartitionsResponse", members};
    }
  };
};

struct UpdatePartition {
  static constexpr std::string_view name = "UpdatePartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<std::string> values;
    Document partition_input;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::values>("PartitionValueList", items(0, 100)),
          required<&S::partition_input>("PartitionInput"),
      };
      return {"UpdatePartitionRequest", members};
    }
  };
  using Output = Empty;
};

struct DeletePartition {
  static constexpr std::string_view name = "DeletePartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<std::string> values;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::values>("PartitionValues"),
      };
      return {"DeletePartitionRequest", members};
    }
  };
  using Output = Empty;
};

}  // namespace weir::api::glue
