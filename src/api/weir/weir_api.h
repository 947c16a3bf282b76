// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alarms/alarms.h"
#include "base/shape.h"
#include "logs/logs.h"
#include "logs/types.h"
#include "wire/operation.h"

/// Operations that AWS does not have, spoken as AWS would: JSON 1.1, signed for the service `weir`,
/// `X-Amz-Target: Weir_20261101.<operation>`. Made for `weir import` and `weir alarms`.
namespace weir::api {

wire::ServiceModel weir_model();

/// Stores log events of any age together with how far their source has come; see
/// weir::logs::Logs::import_events(). Creates group and streams.
struct ImportLogEvents {
  static constexpr std::string_view name = "ImportLogEvents";
  struct Input {
    std::string log_group_name;
    std::string source;
    std::string version;
    std::int64_t from = 0;
    std::int64_t position = 0;
    bool is_complete = false;
    std::vector<weir::logs::ImportStream> streams;
    std::optional<std::string> grown_from;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", length(1, 512),
                                       pattern("[\\.\\-_/#A-Za-z0-9]+")),
          required<&S::source>("source", length(1, 4096)),
          required<&S::version>("version", length(0, 512)),
          required<&S::from>("from", range(0, kUnbounded)),
          required<&S::position>("position", range(0, kUnbounded)),
          required<&S::is_complete>("isComplete"),
          required<&S::streams>("streams", items(0, 10000)),
          optional<&S::grown_from>("grownFrom", length(1, 512)),
      };
      return {"ImportLogEventsRequest", members};
    }
  };
  struct Output {
    std::int64_t position = 0;
    std::int64_t stored = 0;
    std::int64_t expired = 0;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::position>("position"),
          required<&S::stored>("stored"),
          required<&S::expired>("expired"),
      };
      return {"ImportLogEventsResponse", members};
    }
  };
};

/// The sources that were imported into a group, in the order of their names.
struct ListImports {
  static constexpr std::string_view name = "ListImports";
  struct Input {
    std::string log_group_name;
    std::optional<std::string> source_prefix;
    std::optional<std::string> next_token;
    std::optional<int> limit;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", length(1, 512),
                                       pattern("[\\.\\-_/#A-Za-z0-9]+")),
          optional<&S::source_prefix>("sourcePrefix", length(0, 4096)),
          optional<&S::next_token>("nextToken", length(1, 4096)),
          optional<&S::limit>("limit", range(1, 1000)),
      };
      return {"ListImportsRequest", members};
    }
  };
  struct Output {
    std::vector<weir::logs::ImportPosition> imports;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::imports>("imports"),
          optional<&S::next_token>("nextToken"),
      };
      return {"ListImportsResponse", members};
    }
  };
};

/// Why an alarm is in its state; see weir::alarms::Alarms::explain(). Made for `weir alarms`.
struct ExplainAlarm {
  static constexpr std::string_view name = "ExplainAlarm";
  struct Input {
    std::string alarm_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::alarm_name>("alarmName", length(1, 255)),
      };
      return {"ExplainAlarmRequest", members};
    }
  };
  struct Output {
    Document explanation;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {optional<&S::explanation>("explanation")};
      return {"ExplainAlarmResponse", members};
    }
  };
};

/// Threads: as the domains behind it.
class WeirApi {
 public:
  WeirApi(weir::logs::Logs& logs, weir::alarms::Alarms& alarms) : logs_(logs), alarms_(alarms) {}
  /// `table` stands for weir_model() and must not outlive this object.
  void add_to(wire::OperationTable& table);

 private:
  Result<ImportLogEvents::Output> import_events(const wire::Request& request,
                                                const ImportLogEvents::Input& in);
  Result<ListImports::Output> list_imports(const wire::Request& request,
                                           const ListImports::Input& in);

  Result<ExplainAlarm::Output> explain_alarm(const wire::Request& request,
                                             const ExplainAlarm::Input& in);

  weir::logs::Logs& logs_;
  weir::alarms::Alarms& alarms_;
};

}  // namespace weir::api
