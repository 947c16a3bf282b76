// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/alarm.h"
#include "base/shape.h"
#include "contributors/contributors.h"

namespace weir::api::cloudwatch {

inline constexpr std::string_view kRuleNamePattern = "[\\x20-\\x7E]+";

/// Creates or replaces a Contributor Insights rule.
struct PutInsightRule {
  static constexpr std::string_view name = "PutInsightRule";
  struct Input {
    std::optional<std::string> rule_name;
    std::optional<std::string> rule_state;
    std::optional<std::string> rule_definition;
    std::vector<alarms::Tag> tags;
    bool apply_on_transformed_logs = false;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::rule_name>("RuleName", length(1, 128), pattern(kRuleNamePattern)),
          optional<&S::rule_state>("RuleState", length(1, 32), pattern(kRuleNamePattern)),
          optional<&S::rule_definition>("RuleDefinition", length(1, 8192),
                                        pattern("[\\x00-\\x7F]+")),
          optional<&S::tags>("Tags"),
          optional<&S::apply_on_transformed_logs>("ApplyOnTransformedLogs"),
      };
      return {"PutInsightRuleInput", members};
    }
  };
  struct Output {
    static Shape shape() { return {"PutInsightRuleOutput", {}}; }
  };
};

/// A rule as it is shown.
struct InsightRule {
  std::string name;
  std::string state;
  std::string schema;
  std::string definition;
  bool managed_rule = false;
  bool apply_on_transformed_logs = false;
  static Shape shape() {
    using S = InsightRule;
    static constexpr Member members[] = {
        required<&S::name>("Name"),
        required<&S::state>("State"),
        required<&S::schema>("Schema"),
        required<&S::definition>("Definition"),
        optional<&S::managed_rule>("ManagedRule"),
        optional<&S::apply_on_transformed_logs>("ApplyOnTransformedLogs"),
    };
    return {"InsightRule", members};
  }
};

struct DescribeInsightRules {
  static constexpr std::string_view name = "DescribeInsightRules";
  struct Input {
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::next_token>("NextToken"),
          optional<&S::max_results>("MaxResults", range(1, 500)),
      };
      return {"DescribeInsightRulesInput", members};
    }
  };
  struct Output {
    std::optional<std::string> next_token;
    std::vector<InsightRule> insight_rules;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::next_token>("NextToken"),
          optional<&S::insight_rules>("InsightRules"),
      };
      return {"DescribeInsightRulesOutput", members};
    }
  };
};

/// API type PartialFailure: one of several rules that an operation could not change.
struct PartialFailure {
  std::string failure_resource;
  std::string exception_type;
  std::string failure_code;
  std::string failure_description;
  static Shape shape() {
    using S = PartialFailure;
    static constexpr Member members[] = {
        optional<&S::failure_resource>("FailureResource"),
        optional<&S::exception_type>("ExceptionType"),
        optional<&S::failure_code>("FailureCode"),
        optional<&S::failure_description>("FailureDescription"),
    };
    return {"PartialFailure", members};
  }
};

/// The input of operations on several rules by name.
struct InsightRuleNames {
  std::optional<std::vector<std::string>> rule_names;
  static Shape shape() {
    using S = InsightRuleNames;
    static constexpr Member members[] = {
        optional<&S::rule_names>("RuleNames", items(0, contributors::Contributors::kRuleNamesMax)),
    };
    return {"InsightRuleNames", members};
  }
};

/// Their output.
struct PartialFailures {
  std::vector<PartialFailure> failures;
  static Shape shape() {
    using S = PartialFailures;
    static constexpr Member members[] = {optional<&S::failures>("Failures")};
    return {"PartialFailures", members};
  }
};

struct EnableInsightRules {
  static constexpr std::string_view name = "EnableInsightRules";
  using Input = InsightRuleNames;
  using Output = PartialFailures;
};

struct DisableInsightRules {
  static constexpr std::string_view name = "DisableInsightRules";
  using Input = InsightRuleNames;
  using Output = PartialFailures;
};

struct DeleteInsightRules {
  static constexpr std::string_view name = "DeleteInsightRules";
  using Input = InsightRuleNames;
  using Output = PartialFailures;
};

/// Top contributors and metrics of a rule over a time.
struct GetInsightRuleReport {
  static constexpr std::string_view name = "GetInsightRuleReport";
  struct Input {
    std::optional<std::string> rule_name;
    std::optional<Time> start_time;
    std::optional<Time> end_time;
    std::optional<int> period_s;
    std::optional<int> max_contributor_count;
    std::vector<std::string> metrics;
    std::optional<std::string> order_by;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::rule_name>("RuleName", length(1, 128), pattern(kRuleNamePattern)),
          optional<&S::start_time>("StartTime"),
          optional<&S::end_time>("EndTime"),
          optional<&S::period_s>("Period", range(1, kUnbounded)),
          optional<&S::max_contributor_count>("MaxContributorCount"),
          optional<&S::metrics>("Metrics", items(0, 100)),
          optional<&S::order_by>("OrderBy", length(1, 32), pattern(kRuleNamePattern)),
      };
      return {"GetInsightRuleReportInput", members};
    }
  };
  using Output = contributors::Report;
};

/// API type ManagedRule: a template of AWS for one of its resources.
struct ManagedRule {
  std::string template_name;
  std::string resource_arn;
  std::vector<alarms::Tag> tags;
  static Shape shape() {
    using S = ManagedRule;
    static constexpr Member members[] = {
        required<&S::template_name>("TemplateName", length(1, 128),
                                    pattern("[0-9A-Za-z][\\-\\.\\_0-9A-Za-z]{0,126}[0-9A-Za-z]")),
        required<&S::resource_arn>("ResourceARN", length(1, 1024)),
        optional<&S::tags>("Tags"),
    };
    return {"ManagedRule", members};
  }
};

/// Templates are AWS's for resources such as VPC endpoint services. There are none here, so each
/// rule is a failure.
struct PutManagedInsightRules {
  static constexpr std::string_view name = "PutManagedInsightRules";
  static constexpr std::string_view partial =
      "AWS's templates are not there: each rule is in `Failures`, the list is empty";
  struct Input {
    std::optional<std::vector<ManagedRule>> managed_rules;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::managed_rules>("ManagedRules",
                                      items(0, contributors::Contributors::kRuleNamesMax)),
      };
      return {"PutManagedInsightRulesInput", members};
    }
  };
  using Output = PartialFailures;
};

/// Always empty, see PutManagedInsightRules.
struct ListManagedInsightRules {
  static constexpr std::string_view name = "ListManagedInsightRules";
  static constexpr std::string_view partial = PutManagedInsightRules::partial;
  struct Input {
    std::optional<std::string> resource_arn;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::resource_arn>("ResourceARN", length(1, 1024)),
          optional<&S::next_token>("NextToken"),
          optional<&S::max_results>("MaxResults", range(1, 500)),
      };
      return {"ListManagedInsightRulesInput", members};
    }
  };
  struct Output {
    std::vector<Empty> managed_rules;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {optional<&S::managed_rules>("ManagedRules")};
      return {"ListManagedInsightRulesOutput", members};
    }
  };
};

}  // namespace weir::api::cloudwatch
