// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/shape.h"

namespace weir::api::logs {

/// Adds tags to a resource.
struct TagResource {
  static constexpr std::string_view name = "TagResource";
  struct Input {
    std::string resource_arn;
    std::map<std::string, std::string> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("resourceArn", length(1, 1011), pattern("[\\w+=/:,.@-]*")),
          required<&S::tags>("tags", items(1, 50)),
      };
      return {"TagResourceRequest", members};
    }
  };
  using Output = Empty;
};

/// Removes tags from a resource.
struct UntagResource {
  static constexpr std::string_view name = "UntagResource";
  struct Input {
    std::string resource_arn;
    std::vector<std::string> tag_keys;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("resourceArn", length(1, 1011), pattern("[\\w+=/:,.@-]*")),
          required<&S::tag_keys>("tagKeys", items(0, 50)),
      };
      return {"UntagResourceRequest", members};
    }
  };
  using Output = Empty;
};

/// Shows the tags of a resource.
struct ListTagsForResource {
  static constexpr std::string_view name = "ListTagsForResource";
  struct Input {
    std::string resource_arn;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("resourceArn", length(1, 1011), pattern("[\\w+=/:,.@-]*")),
      };
      return {"ListTagsForResourceRequest", members};
    }
  };
  struct Output {
    std::map<std::string, std::string> tags;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::tags>("tags"),
      };
      return {"ListTagsForResourceResponse", members};
    }
  };
};

/// Adds tags to a log group (the older way).
struct TagLogGroup {
  static constexpr std::string_view name = "TagLogGroup";
  struct Input {
    std::string log_group_name;
    std::map<std::string, std::string> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::tags>("tags", items(1, 50)),
      };
      return {"TagLogGroupRequest", members};
    }
  };
  using Output = Empty;
};

/// Removes tags from a log group (the older way).
struct UntagLogGroup {
  static constexpr std::string_view name = "UntagLogGroup";
  struct Input {
    std::string log_group_name;
    std::vector<std::string> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::tags>("tags", items(1, kUnbounded)),
      };
      return {"UntagLogGroupRequest", members};
    }
  };
  using Output = Empty;
};

/// Shows the tags of a log group (the older way).
struct ListTagsLogGroup {
  static constexpr std::string_view name = "ListTagsLogGroup";
  struct Input {
    std::string log_group_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
      };
      return {"ListTagsLogGroupRequest", members};
    }
  };
  struct Output {
    std::map<std::string, std::string> tags;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::tags>("tags"),
      };
      return {"ListTagsLogGroupResponse", members};
    }
  };
};

}  // namespace weir::api::logs
