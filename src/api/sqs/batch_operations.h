// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/sqs/message_operations.h"
#include "base/shape.h"

namespace weir::api::sqs {

/// An entry of a batch that was refused.
struct BatchResultErrorEntry {
  std::string id;
  bool sender_fault;
  std::string code;
  std::optional<std::string> message;
  static Shape shape() {
    using S = BatchResultErrorEntry;
    static constexpr Member members[] = {
        optional<&S::id>("Id"),
        optional<&S::sender_fault>("SenderFault"),
        optional<&S::code>("Code"),
        optional<&S::message>("Message"),
    };
    return {"BatchResultErrorEntry", members};
  }
};

/// An entry of a batch that was done.
struct BatchResultEntry {
  std::string id;
  static Shape shape() {
    using S = BatchResultEntry;
    static constexpr Member members[] = {
        optional<&S::id>("Id"),
    };
    return {"BatchResultEntry", members};
  }
};

/// One message of a batch.
struct SendMessageBatchRequestEntry {
  std::string id;
  std::string message_body;
  std::optional<int> delay_seconds;
  std::map<std::string, MessageAttributeValue> message_attributes;
  std::map<std::string, MessageAttributeValue> message_system_attributes;
  std::optional<std::string> message_deduplication_id;
  std::optional<std::string> message_group_id;
  static Shape shape() {
    using S = SendMessageBatchRequestEntry;
    static constexpr Member members[] = {
        optional<&S::id>("Id"),
        optional<&S::message_body>("MessageBody"),
        optional<&S::delay_seconds>("DelaySeconds"),
        optional<&S::message_attributes>("MessageAttributes")
            .flattened_as("MessageAttribute", "Name", "Value"),
        optional<&S::message_system_attributes>("MessageSystemAttributes")
            .flattened_as("MessageSystemAttribute", "Name", "Value"),
        optional<&S::message_deduplication_id>("MessageDeduplicationId"),
        optional<&S::message_group_id>("MessageGroupId"),
    };
    return {"SendMessageBatchRequestEntry", members};
  }
};

/// A message of a batch that was accepted.
struct SendMessageBatchResultEntry {
  std::string id;
  std::string message_id;
  std::string md5_of_message_body;
  std::optional<std::string> md5_of_message_attributes;
  std::optional<std::string> md5_of_message_system_attributes;
  std::optional<std::string> sequence_number;
  static Shape shape() {
    using S = SendMessageBatchResultEntry;
    static constexpr Member members[] = {
        optional<&S::id>("Id"),
        optional<&S::message_id>("MessageId"),
        optional<&S::md5_of_message_body>("MD5OfMessageBody"),
        optional<&S::md5_of_message_attributes>("MD5OfMessageAttributes"),
        optional<&S::md5_of_message_system_attributes>("MD5OfMessageSystemAttributes"),
        optional<&S::sequence_number>("SequenceNumber"),
    };
    return {"SendMessageBatchResultEntry", members};
  }
};

/// One message to delete.
struct DeleteMessageBatchRequestEntry {
  std::string id;
  std::string receipt_handle;
  static Shape shape() {
    using S = DeleteMessageBatchRequestEntry;
    static constexpr Member members[] = {
        optional<&S::id>("Id"),
        optional<&S::receipt_handle>("ReceiptHandle"),
    };
    return {"DeleteMessageBatchRequestEntry", members};
  }
};

/// One message to hide or show.
struct ChangeMessageVisibilityBatchRequestEntry {
  std::string id;
  std::string receipt_handle;
  std::optional<int> visibility_timeout;
  static Shape shape() {
    using S = ChangeMessageVisibilityBatchRequestEntry;
    static constexpr Member members[] = {
        optional<&S::id>("Id"),
        optional<&S::receipt_handle>("ReceiptHandle"),
        optional<&S::visibility_timeout>("VisibilityTimeout"),
    };
    return {"ChangeMessageVisibilityBatchRequestEntry", members};
  }
};

/// Sends up to ten messages.
struct SendMessageBatch {
  static constexpr std::string_view name = "SendMessageBatch";
  struct Input {
    std::string queue_url;
    std::vector<SendMessageBatchRequestEntry> entries;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::entries>("Entries").flattened_as("SendMessageBatchRequestEntry"),
      };
      return {"SendMessageBatchRequest", members};
    }
  };
  struct Output {
    std::vector<SendMessageBatchResultEntry> successful;
    std::vector<BatchResultErrorEntry> failed;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::successful>("Successful").flattened_as("SendMessageBatchResultEntry"),
          optional<&S::failed>("Failed").flattened_as("BatchResultErrorEntry"),
      };
      return {"SendMessageBatchResult", members};
    }
  };
};

/// Deletes up to ten received messages.
struct DeleteMessageBatch {
  static constexpr std::string_view name = "DeleteMessageBatch";
  struct Input {
    std::string queue_url;
    std::vector<DeleteMessageBatchRequestEntry> entries;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::entries>("Entries").flattened_as("DeleteMessageBatchRequestEntry"),
      };
      return {"DeleteMessageBatchRequest", members};
    }
  };
  struct Output {
    std::vector<BatchResultEntry> successful;
    std::vector<BatchResultErrorEntry> failed;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::successful>("Successful").flattened_as("DeleteMessageBatchResultEntry"),
          optional<&S::failed>("Failed").flattened_as("BatchResultErrorEntry"),
      };
      return {"DeleteMessageBatchResult", members};
    }
  };
};

/// Changes the visibility of up to ten received messages.
struct ChangeMessageVisibilityBatch {
  static constexpr std::string_view name = "ChangeMessageVisibilityBatch";
  struct Input {
    std::string queue_url;
    std::vector<ChangeMessageVisibilityBatchRequestEntry> entries;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::entries>("Entries").flattened_as("ChangeMessageVisibilityBatchRequestEntry"),
      };
      return {"ChangeMessageVisibilityBatchRequest", members};
    }
  };
  struct Output {
    std::vector<BatchResultEntry> successful;
    std::vector<BatchResultErrorEntry> failed;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::successful>("Successful")
              .flattened_as("ChangeMessageVisibilityBatchResultEntry"),
          optional<&S::failed>("Failed").flattened_as("BatchResultErrorEntry"),
      };
      return {"ChangeMessageVisibilityBatchResult", members};
    }
  };
};

}  // namespace weir::api::sqs
