// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/shape.h"

namespace weir::api::sns {

/// A typed value beside the message.
struct MessageAttributeValue {
  std::string data_type;
  std::optional<std::string> string_value;
  std::optional<Bytes> binary_value;
  static Shape shape() {
    using S = MessageAttributeValue;
    static constexpr Member members[] = {
        required<&S::data_type>("DataType"),
        optional<&S::string_value>("StringValue"),
        optional<&S::binary_value>("BinaryValue"),
    };
    return {"MessageAttributeValue", members};
  }
};

/// Publishes a message; answered when it is on disk.
struct Publish {
  static constexpr std::string_view name = "Publish";
  struct Input {
    std::optional<std::string> topic_arn;
    std::optional<std::string> target_arn;
    std::optional<std::string> phone_number;
    std::string message;
    std::optional<std::string> subject;
    std::optional<std::string> message_structure;
    std::map<std::string, MessageAttributeValue> message_attributes;
    std::optional<std::string> message_deduplication_id;
    std::optional<std::string> message_group_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::topic_arn>("TopicArn"),
          optional<&S::target_arn>("TargetArn"),
          optional<&S::phone_number>("PhoneNumber"),
          required<&S::message>("Message"),
          optional<&S::subject>("Subject"),
          optional<&S::message_structure>("MessageStructure"),
          optional<&S::message_attributes>("MessageAttributes"),
          optional<&S::message_deduplication_id>("MessageDeduplicationId"),
          optional<&S::message_group_id>("MessageGroupId"),
      };
      return {"PublishInput", members};
    }
  };
  struct Output {
    std::string message_id;
    std::optional<std::string> sequence_number;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::message_id>("MessageId"),
          optional<&S::sequence_number>("SequenceNumber"),
      };
      return {"PublishResponse", members};
    }
  };
};

/// One message of a batch.
struct PublishBatchRequestEntry {
  std::string id;
  std::string message;
  std::optional<std::string> subject;
  std::optional<std::string> message_structure;
  std::map<std::string, MessageAttributeValue> message_attributes;
  std::optional<std::string> message_deduplication_id;
  std::optional<std::string> message_group_id;
  static Shape shape() {
    using S = PublishBatchRequestEntry;
    static constexpr Member members[] = {
        required<&S::id>("Id"),
        required<&S::message>("Message"),
        optional<&S::subject>("Subject"),
        optional<&S::message_structure>("MessageStructure"),
        optional<&S::message_attributes>("MessageAttributes"),
        optional<&S::message_deduplication_id>("MessageDeduplicationId"),
        optional<&S::message_group_id>("MessageGroupId"),
    };
    return {"PublishBatchRequestEntry", members};
  }
};

/// A message of a batch that was accepted.
struct PublishBatchResultEntry {
  std::string id;
  std::string message_id;
  std::optional<std::string> sequence_number;
  static Shape shape() {
    using S = PublishBatchResultEntry;
    static constexpr Member members[] = {
        required<&S::id>("Id"),
        required<&S::message_id>("MessageId"),
        optional<&S::sequence_number>("SequenceNumber"),
    };
    return {"PublishBatchResultEntry", members};
  }
};

/// A message of a batch that was refused.
struct BatchResultErrorEntry {
  std::string id;
  std::string code;
  std::string message;
  bool sender_fault = true;
  static Shape shape() {
    using S = BatchResultErrorEntry;
    static constexpr Member members[] = {
        required<&S::id>("Id"),
        required<&S::code>("Code"),
        optional<&S::message>("Message"),
        required<&S::sender_fault>("SenderFault"),
    };
    return {"BatchResultErrorEntry", members};
  }
};

/// Publishes up to ten messages, each with an outcome of its own.
struct PublishBatch {
  static constexpr std::string_view name = "PublishBatch";
  struct Input {
    std::string topic_arn;
    std::vector<PublishBatchRequestEntry> entries;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::topic_arn>("TopicArn"),
          optional<&S::entries>("PublishBatchRequestEntries"),
      };
      return {"PublishBatchInput", members};
    }
  };
  struct Output {
    std::vector<PublishBatchResultEntry> successful;
    std::vector<BatchResultErrorEntry> failed;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::successful>("Successful"),
          optional<&S::failed>("Failed"),
      };
      return {"PublishBatchResponse", members};
    }
  };
};

}  // namespace weir::api::sns
