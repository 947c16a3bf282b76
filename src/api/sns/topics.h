// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/shape.h"

namespace weir::api::sns {

/// A tag of a topic.
struct Tag {
  std::string key;
  std::string value;
  static Shape shape() {
    using S = Tag;
    static constexpr Member members[] = {
        required<&S::key>("Key"),
        required<&S::value>("Value"),
    };
    return {"Tag", members};
  }
};

/// Creates a topic, or answers the one that exists with these attributes and tags.
struct CreateTopic {
  static constexpr std::string_view name = "CreateTopic";
  struct Input {
    std::string topic_name;
    std::map<std::string, std::string> attributes;
    std::vector<Tag> tags;
    std::optional<std::string> data_protection_policy;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::topic_name>("Name"),
          optional<&S::attributes>("Attributes"),
          optional<&S::tags>("Tags"),
          optional<&S::data_protection_policy>("DataProtectionPolicy"),
      };
      return {"CreateTopicInput", members};
    }
  };
  struct Output {
    std::string topic_arn;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::topic_arn>("TopicArn"),
      };
      return {"CreateTopicResponse", members};
    }
  };
};

/// Deletes a topic and its subscriptions; succeeds if there is none.
struct DeleteTopic {
  static constexpr std::string_view name = "DeleteTopic";
  struct Input {
    std::string topic_arn;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::topic_arn>("TopicArn"),
      };
      return {"DeleteTopicInput", members};
    }
  };
  using Output = Empty;
};

/// A topic in a list.
struct TopicItem {
  std::string topic_arn;
  static Shape shape() {
    using S = TopicItem;
    static constexpr Member members[] = {
        required<&S::topic_arn>("TopicArn"),
    };
    return {"TopicItem", members};
  }
};

/// Lists topics, 100 at a time.
struct ListTopics {
  static constexpr std::string_view name = "ListTopics";
  struct Input {
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::next_token>("NextToken"),
      };
      return {"ListTopicsInput", members};
    }
  };
  struct Output {
    std::vector<TopicItem> topics;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::topics>("Topics"),
          optional<&S::next_token>("NextToken"),
      };
      return {"ListTopicsResponse", members};
    }
  };
};

/// Shows what is set and what follows from it.
struct GetTopicAttributes {
  static constexpr std::string_view name = "GetTopicAttributes";
  struct Input {
    std::string topic_arn;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::topic_arn>("TopicArn"),
      };
      return {"GetTopicAttributesInput", members};
    }
  };
  struct Output {
    std::map<std::string, std::string> attributes;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::attributes>("Attributes"),
      };
      return {"GetTopicAttributesResponse", members};
    }
  };
};

/// Sets one attribute.
struct SetTopicAttributes {
  static constexpr std::string_view name = "SetTopicAttributes";
  struct Input {
    std::string topic_arn;
    std::string attribute_name;
    std::optional<std::string> attribute_value;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::topic_arn>("TopicArn"),
          required<&S::attribute_name>("AttributeName"),
          optional<&S::attribute_value>("AttributeValue"),
      };
      return {"SetTopicAttributesInput", members};
    }
  };
  using Output = Empty;
};

/// Adds tags or replaces their values.
struct TagResource {
  static constexpr std::string_view name = "TagResource";
  struct Input {
    std::string resource_arn;
    std::vector<Tag> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceArn", length(1, 1011)),
          required<&S::tags>("Tags"),
      };
      return {"TagResourceInput", members};
    }
  };
  struct Output {
    static Shape shape() { return {"TagResourceResponse", {}}; }
  };
};

/// Removes tags by key.
struct UntagResource {
  static constexpr std::string_view name = "UntagResource";
  struct Input {
    std::string resource_arn;
    std::vector<std::string> tag_keys;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceArn", length(1, 1011)),
          required<&S::tag_keys>("TagKeys"),
      };
      return {"UntagResourceInput", members};
    }
  };
  struct Output {
    static Shape shape() { return {"UntagResourceResponse", {}}; }
  };
};

/// Lists the tags of a topic.
struct ListTagsForResource {
  static constexpr std::string_view name = "ListTagsForResource";
  struct Input {
    std::string resource_arn;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceArn", length(1, 1011)),
      };
      return {"ListTagsForResourceInput", members};
    }
  };
  struct Output {
    std::vector<Tag> tags;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::tags>("Tags"),
      };
      return {"ListTagsForResourceResponse", members};
    }
  };
};

}  // namespace weir::api::sns
