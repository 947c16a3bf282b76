// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/shape.h"

namespace weir::api::sqs {

/// Creates a queue, or answers the one that exists with these attributes.
struct CreateQueue {
  static constexpr std::string_view name = "CreateQueue";
  struct Input {
    std::string queue_name;
    std::map<std::string, std::string> attributes;
    std::map<std::string, std::string> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_name>("QueueName"),
          optional<&S::attributes>("Attributes").flattened_as("Attribute", "Name", "Value"),
          optional<&S::tags>("tags").flattened_as("Tag", "Key", "Value"),
      };
      return {"CreateQueueRequest", members};
    }
  };
  struct Output {
    std::string queue_url;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
      };
      return {"CreateQueueResult", members};
    }
  };
};

/// Deletes a queue with its messages.
struct DeleteQueue {
  static constexpr std::string_view name = "DeleteQueue";
  struct Input {
    std::string queue_url;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
      };
      return {"DeleteQueueRequest", members};
    }
  };
  using Output = Empty;
};

/// The URL of a queue.
struct GetQueueUrl {
  static constexpr std::string_view name = "GetQueueUrl";
  struct Input {
    std::string queue_name;
    std::optional<std::string> owner;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_name>("QueueName"),
          optional<&S::owner>("QueueOwnerAWSAccountId"),
      };
      return {"GetQueueUrlRequest", members};
    }
  };
  struct Output {
    std::string queue_url;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
      };
      return {"GetQueueUrlResult", members};
    }
  };
};

/// Queues whose name begins with a prefix.
struct ListQueues {
  static constexpr std::string_view name = "ListQueues";
  struct Input {
    std::optional<std::string> prefix;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::prefix>("QueueNamePrefix"),
          optional<&S::next_token>("NextToken"),
          optional<&S::max_results>("MaxResults"),
      };
      return {"ListQueuesRequest", members};
    }
  };
  struct Output {
    std::optional<std::vector<std::string>> queue_urls;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::queue_urls>("QueueUrls").flattened_as("QueueUrl"),
          optional<&S::next_token>("NextToken"),
      };
      return {"ListQueuesResult", members};
    }
  };
};

/// Queues whose dead letters go to this one.
struct ListDeadLetterSourceQueues {
  static constexpr std::string_view name = "ListDeadLetterSourceQueues";
  struct Input {
    std::string queue_url;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::next_token>("NextToken"),
          optional<&S::max_results>("MaxResults"),
      };
      return {"ListDeadLetterSourceQueuesRequest", members};
    }
  };
  struct Output {
    std::vector<std::string> queue_urls;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::queue_urls>("queueUrls").flattened_as("QueueUrl"),
          optional<&S::next_token>("NextToken"),
      };
      return {"ListDeadLetterSourceQueuesResult", members};
    }
  };
};

/// Shows what is set and what follows from it.
struct GetQueueAttributes {
  static constexpr std::string_view name = "GetQueueAttributes";
  struct Input {
    std::string queue_url;
    std::vector<std::string> attribute_names;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::attribute_names>("AttributeNames").flattened_as("AttributeName"),
      };
      return {"GetQueueAttributesRequest", members};
    }
  };
  struct Output {
    std::optional<std::map<std::string, std::string>> attributes;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::attributes>("Attributes").flattened_as("Attribute", "Name", "Value"),
      };
      return {"GetQueueAttributesResult", members};
    }
  };
};

/// Sets attributes.
struct SetQueueAttributes {
  static constexpr std::string_view name = "SetQueueAttributes";
  struct Input {
    std::string queue_url;
    std::map<std::string, std::string> attributes;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::attributes>("Attributes").flattened_as("Attribute", "Name", "Value"),
      };
      return {"SetQueueAttributesRequest", members};
    }
  };
  using Output = Empty;
};

/// Deletes all messages of a queue.
struct PurgeQueue {
  static constexpr std::string_view name = "PurgeQueue";
  struct Input {
    std::string queue_url;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
      };
      return {"PurgeQueueRequest", members};
    }
  };
  using Output = Empty;
};

/// Adds tags.
struct TagQueue {
  static constexpr std::string_view name = "TagQueue";
  struct Input {
    std::string queue_url;
    std::map<std::string, std::string> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::tags>("Tags").flattened_as("Tag", "Key", "Value"),
      };
      return {"TagQueueRequest", members};
    }
  };
  using Output = Empty;
};

/// Removes tags.
struct UntagQueue {
  static constexpr std::string_view name = "UntagQueue";
  struct Input {
    std::string queue_url;
    std::vector<std::string> tag_keys;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::tag_keys>("TagKeys").flattened_as("TagKey"),
      };
      return {"UntagQueueRequest", members};
    }
  };
  using Output = Empty;
};

/// Shows tags.
struct ListQueueTags {
  static constexpr std::string_view name = "ListQueueTags";
  struct Input {
    std::string queue_url;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
      };
      return {"ListQueueTagsRequest", members};
    }
  };
  struct Output {
    std::optional<std::map<std::string, std::string>> tags;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::tags>("Tags").flattened_as("Tag", "Key", "Value"),
      };
      return {"ListQueueTagsResult", members};
    }
  };
};

}  // namespace weir::api::sqs
