// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/athena/executions.h"
#include "base/shape.h"
#include "sql/execution.h"

/// Operations on work groups.
namespace weir::api::athena {

struct CreateWorkGroup {
  static constexpr std::string_view name = "CreateWorkGroup";
  static constexpr std::string_view partial = "tags, scan cutoff and metrics are ignored";
  struct Input {
    std::string group;
    std::optional<sql::WorkGroupConfiguration> configuration;
    std::optional<std::string> description;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::group>("Name", kGroupPattern),
          optional<&S::configuration>("Configuration"),
          optional<&S::description>("Description", length(0, 1024)),
      };
      return {"CreateWorkGroupInput", members};
    }
  };
  using Output = Empty;
};

struct WorkGroupInput {
  std::string group;
  static Shape shape() {
    using S = WorkGroupInput;
    static constexpr Member members[] = {required<&S::group>("WorkGroup", kGroupPattern)};
    return {"GetWorkGroupInput", members};
  }
};

struct GetWorkGroup {
  static constexpr std::string_view name = "GetWorkGroup";
  using Input = WorkGroupInput;
  struct Output {
    sql::WorkGroup group;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::group>("WorkGroup")};
      return {"GetWorkGroupOutput", members};
    }
  };
};

struct ResultConfigurationUpdates {
  std::optional<std::string> output_location;
  std::optional<bool> remove_output_location;
  static Shape shape() {
    using S = ResultConfigurationUpdates;
    static constexpr Member members[] = {
        optional<&S::output_location>("OutputLocation"),
        optional<&S::remove_output_location>("RemoveOutputLocation")};
    return {"ResultConfigurationUpdates", members};
  }
};

struct WorkGroupConfigurationUpdates {
  std::optional<bool> enforce;
  std::optional<ResultConfigurationUpdates> result;
  std::optional<bool> publish_metrics;
  std::optional<std::int64_t> scanned_bytes_max;
  std::optional<bool> remove_scanned_bytes_max;
  std::optional<bool> requester_pays;
  static Shape shape() {
    using S = WorkGroupConfigurationUpdates;
    static constexpr Member members[] = {
        optional<&S::enforce>("EnforceWorkGroupConfiguration"),
        optional<&S::result>("ResultConfigurationUpdates"),
        optional<&S::publish_metrics>("PublishCloudWatchMetricsEnabled"),
        optional<&S::scanned_bytes_max>("BytesScannedCutoffPerQuery",
                                        range(10'000'000, kUnbounded)),
        optional<&S::remove_scanned_bytes_max>("RemoveBytesScannedCutoffPerQuery"),
        optional<&S::requester_pays>("RequesterPaysEnabled"),
    };
    return {"WorkGroupConfigurationUpdates", members};
  }
};

inline constexpr std::string_view kWorkGroupStates[] = {"ENABLED", "DISABLED"};

struct UpdateWorkGroup {
  static constexpr std::string_view name = "UpdateWorkGroup";
  static constexpr std::string_view partial = "tags, scan cutoff and metrics are ignored";
  struct Input {
    std::string group;
    std::optional<std::string> description;
    std::optional<WorkGroupConfigurationUpdates> updates;
    std::optional<std::string> state;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::group>("WorkGroup", kGroupPattern),
          optional<&S::description>("Description", length(0, 1024)),
          optional<&S::updates>("ConfigurationUpdates"),
          optional<&S::state>("State", one_of(kWorkGroupStates)),
      };
      return {"UpdateWorkGroupInput", members};
    }
  };
  using Output = Empty;
};

struct DeleteWorkGroup {
  static constexpr std::string_view name = "DeleteWorkGroup";
  struct Input {
    std::string group;
    std::optional<bool> recursive;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {required<&S::group>("WorkGroup", kGroupPattern),
                                           optional<&S::recursive>("RecursiveDeleteOption")};
      return {"DeleteWorkGroupInput", members};
    }
  };
  using Output = Empty;
};

struct WorkGroupSummary {
  std::string group;
  std::string state;
  std::string description;
  Time created;
  sql::EngineVersion engine;
  static Shape shape() {
    using S = WorkGroupSummary;
    static constexpr Member members[] = {required<&S::group>("Name"), required<&S::state>("State"),
                                         required<&S::description>("Description"),
                                         required<&S::created>("CreationTime"),
                                         required<&S::engine>("EngineVersion")};
    return {"WorkGroupSummary", members};
  }
};

struct ListWorkGroups {
  static constexpr std::string_view name = "ListWorkGroups";
  using Input = ListInput;
  struct Output {
    std::vector<WorkGroupSummary> groups;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::groups>("WorkGroups"),
                                           optional<&S::next_token>("NextToken")};
      return {"ListWorkGroupsOutput", members};
    }
  };
};

}  // namespace weir::api::athena
