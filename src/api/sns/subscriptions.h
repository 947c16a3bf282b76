// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/shape.h"

namespace weir::api::sns {

/// Subscribes an endpoint; it must confirm unless it is a built-in function.
struct Subscribe {
  static constexpr std::string_view name = "Subscribe";
  struct Input {
    std::string topic_arn;
    std::string protocol;
    std::optional<std::string> endpoint;
    std::map<std::string, std::string> attributes;
    bool return_subscription_arn = false;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::topic_arn>("TopicArn"),
          required<&S::protocol>("Protocol"),
          optional<&S::endpoint>("Endpoint"),
          optional<&S::attributes>("Attributes"),
          optional<&S::return_subscription_arn>("ReturnSubscriptionArn"),
      };
      return {"SubscribeInput", members};
    }
  };
  struct Output {
    std::string subscription_arn;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::subscription_arn>("SubscriptionArn"),
      };
      return {"SubscribeResponse", members};
    }
  };
};

/// Confirms with the token that was sent to the endpoint. Also by an unsigned GET.
struct ConfirmSubscription {
  static constexpr std::string_view name = "ConfirmSubscription";
  struct Input {
    std::string topic_arn;
    std::string token;
    std::optional<std::string> authenticate_on_unsubscribe;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::topic_arn>("TopicArn"),
          required<&S::token>("Token"),
          optional<&S::authenticate_on_unsubscribe>("AuthenticateOnUnsubscribe"),
      };
      return {"ConfirmSubscriptionInput", members};
    }
  };
  struct Output {
    std::string subscription_arn;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::subscription_arn>("SubscriptionArn"),
      };
      return {"ConfirmSubscriptionResponse", members};
    }
  };
};

/// Deletes a subscription. Also by an unsigned GET.
struct Unsubscribe {
  static constexpr std::string_view name = "Unsubscribe";
  struct Input {
    std::string subscription_arn;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::subscription_arn>("SubscriptionArn"),
      };
      return {"UnsubscribeInput", members};
    }
  };
  using Output = Empty;
};

/// A subscription in a list.
struct SubscriptionItem {
  std::string subscription_arn;
  std::string owner;
  std::string protocol;
  std::string endpoint;
  std::string topic_arn;
  static Shape shape() {
    using S = SubscriptionItem;
    static constexpr Member members[] = {
        required<&S::subscription_arn>("SubscriptionArn"),
        required<&S::owner>("Owner"),
        required<&S::protocol>("Protocol"),
        required<&S::endpoint>("Endpoint"),
        required<&S::topic_arn>("TopicArn"),
    };
    return {"SubscriptionItem", members};
  }
};

/// Lists subscriptions, 100 at a time.
struct ListSubscriptions {
  static constexpr std::string_view name = "ListSubscriptions";
  struct Input {
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::next_token>("NextToken"),
      };
      return {"ListSubscriptionsInput", members};
    }
  };
  struct Output {
    std::vector<SubscriptionItem> subscriptions;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::subscriptions>("Subscriptions"),
          optional<&S::next_token>("NextToken"),
      };
      return {"ListSubscriptionsResponse", members};
    }
  };
};

/// Lists the subscriptions of a topic, 100 at a time.
struct ListSubscriptionsByTopic {
  static constexpr std::string_view name = "ListSubscriptionsByTopic";
  struct Input {
    std::string topic_arn;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::topic_arn>("TopicArn"),
          optional<&S::next_token>("NextToken"),
      };
      return {"ListSubscriptionsByTopicInput", members};
    }
  };
  struct Output {
    std::vector<SubscriptionItem> subscriptions;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::subscriptions>("Subscriptions"),
          optional<&S::next_token>("NextToken"),
      };
      return {"ListSubscriptionsByTopicResponse", members};
    }
  };
};

/// Shows what is set and what follows from it.
struct GetSubscriptionAttributes {
  static constexpr std::string_view name = "GetSubscriptionAttributes";
  struct Input {
    std::string subscription_arn;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::subscription_arn>("SubscriptionArn"),
      };
      return {"GetSubscriptionAttributesInput", members};
    }
  };
  struct Output {
    std::map<std::string, std::string> attributes;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::attributes>("Attributes"),
      };
      return {"GetSubscriptionAttributesResponse", members};
    }
  };
};

/// Sets one attribute.
struct SetSubscriptionAttributes {
  static constexpr std::string_view name = "SetSubscriptionAttributes";
  struct Input {
    std::string subscription_arn;
    std::string attribute_name;
    std::optional<std::string> attribute_value;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::subscription_arn>("SubscriptionArn"),
          required<&S::attribute_name>("AttributeName"),
          optional<&S::attribute_value>("AttributeValue"),
      };
      return {"SetSubscriptionAttributesInput", members};
    }
  };
  using Output = Empty;
};

}  // namespace weir::api::sns
