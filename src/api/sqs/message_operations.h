// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/shape.h"

namespace weir::api::sqs {

/// A typed value beside the body.
struct MessageAttributeValue {
  std::string data_type;
  std::optional<std::string> string_value;
  std::optional<Bytes> binary_value;
  static Shape shape() {
    using S = MessageAttributeValue;
    static constexpr Member members[] = {
        optional<&S::data_type>("DataType"),
        optional<&S::string_value>("StringValue"),
        optional<&S::binary_value>("BinaryValue"),
    };
    return {"MessageAttributeValue", members};
  }
};

/// A message as it is received.
struct Message {
  std::string message_id;
  std::string receipt_handle;
  std::string md5_of_body;
  std::string body;
  std::optional<std::map<std::string, std::string>> attributes;
  std::optional<std::string> md5_of_message_attributes;
  std::optional<std::map<std::string, MessageAttributeValue>> message_attributes;
  static Shape shape() {
    using S = Message;
    static constexpr Member members[] = {
        optional<&S::message_id>("MessageId"),
        optional<&S::receipt_handle>("ReceiptHandle"),
        optional<&S::md5_of_body>("MD5OfBody"),
        optional<&S::body>("Body"),
        optional<&S::attributes>("Attributes").flattened_as("Attribute", "Name", "Value"),
        optional<&S::md5_of_message_attributes>("MD5OfMessageAttributes"),
        optional<&S::message_attributes>("MessageAttributes")
            .flattened_as("MessageAttribute", "Name", "Value"),
    };
    return {"Message", members};
  }
};

/// Sends a message; answered when it is on disk.
struct SendMessage {
  static constexpr std::string_view name = "SendMessage";
  struct Input {
    std::string queue_url;
    std::string message_body;
    std::optional<int> delay_seconds;
    std::map<std::string, MessageAttributeValue> message_attributes;
    std::map<std::string, MessageAttributeValue> message_system_attributes;
    std::optional<std::string> message_deduplication_id;
    std::optional<std::string> message_group_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::message_body>("MessageBody"),
          optional<&S::delay_seconds>("DelaySeconds"),
          optional<&S::message_attributes>("MessageAttributes")
              .flattened_as("MessageAttribute", "Name", "Value"),
          optional<&S::message_system_attributes>("MessageSystemAttributes")
              .flattened_as("MessageSystemAttribute", "Name", "Value"),
          optional<&S::message_deduplication_id>("MessageDeduplicationId"),
          optional<&S::message_group_id>("MessageGroupId"),
      };
      return {"SendMessageRequest", members};
    }
  };
  struct Output {
    std::string message_id;
    std::string md5_of_message_body;
    std::optional<std::string> md5_of_message_attributes;
    std::optional<std::string> md5_of_message_system_attributes;
    std::optional<std::string> sequence_number;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::message_id>("MessageId"),
          optional<&S::md5_of_message_body>("MD5OfMessageBody"),
          optional<&S::md5_of_message_attributes>("MD5OfMessageAttributes"),
          optional<&S::md5_of_message_system_attributes>("MD5OfMessageSystemAttributes"),
          optional<&S::sequence_number>("SequenceNumber"),
      };
      return {"SendMessageResult", members};
    }
  };
};

/// Receives up to ten messages, waiting for them if asked to.
struct ReceiveMessage {
  static constexpr std::string_view name = "ReceiveMessage";
  static constexpr std::string_view partial =
      "ReceiveRequestAttemptId is accepted and has no effect";
  struct Input {
    std::string queue_url;
    std::vector<std::string> attribute_names;
    std::vector<std::string> message_system_attribute_names;
    std::vector<std::string> message_attribute_names;
    std::optional<int> max_number_of_messages;
    std::optional<int> visibility_timeout;
    std::optional<int> wait_time_seconds;
    std::optional<std::string> receive_request_attempt_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::attribute_names>("AttributeNames").flattened_as("AttributeName"),
          optional<&S::message_system_attribute_names>("MessageSystemAttributeNames")
              .flattened_as("MessageSystemAttributeName"),
          optional<&S::message_attribute_names>("MessageAttributeNames")
              .flattened_as("MessageAttributeName"),
          optional<&S::max_number_of_messages>("MaxNumberOfMessages"),
          optional<&S::visibility_timeout>("VisibilityTimeout"),
          optional<&S::wait_time_seconds>("WaitTimeSeconds"),
          optional<&S::receive_request_attempt_id>("ReceiveRequestAttemptId"),
      };
      return {"ReceiveMessageRequest", members};
    }
  };
  struct Output {
    std::optional<std::vector<Message>> messages;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::messages>("Messages").flattened_as("Message"),
      };
      return {"ReceiveMessageResult", members};
    }
  };
};

/// Deletes a received message.
struct DeleteMessage {
  static constexpr std::string_view name = "DeleteMessage";
  struct Input {
    std::string queue_url;
    std::string receipt_handle;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::receipt_handle>("ReceiptHandle"),
      };
      return {"DeleteMessageRequest", members};
    }
  };
  using Output = Empty;
};

/// Changes how long a received message stays hidden.
struct ChangeMessageVisibility {
  static constexpr std::string_view name = "ChangeMessageVisibility";
  struct Input {
    std::string queue_url;
    std::string receipt_handle;
    std::optional<int> visibility_timeout;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::receipt_handle>("ReceiptHandle"),
          optional<&S::visibility_timeout>("VisibilityTimeout"),
      };
      return {"ChangeMessageVisibilityRequest", members};
    }
  };
  using Output = Empty;
};

}  // namespace weir::api::sqs
