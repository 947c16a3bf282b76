// SPDX-License-Identifier: Apache-2.0
#include "api/sqs/model.h"

namespace weir::api::sqs {

wire::ServiceModel sqs_model() {
  wire::ServiceModel model;
  model.signing_name = "sqs";
  model.target_prefix = "AmazonSQS";
  model.api_version = "2012-11-05";
  model.xml_namespace = "http://queue.amazonaws.com/doc/2012-11-05/";
  model.validation_code = "MissingParameter";
  model.protocols.query = true;
  model.protocols.json_1_0 = true;
  model.error_namespace = "com.amazonaws.sqs";
  model.path_parameter = "QueueUrl";
  // Service model: the error shapes and their awsQueryError codes.
  model.error_names = {
      {"AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "BatchEntryIdsNotDistinct"},
      {"AWS.SimpleQueueService.BatchRequestTooLong", "BatchRequestTooLong"},
      {"AWS.SimpleQueueService.EmptyBatchRequest", "EmptyBatchRequest"},
      {"AWS.SimpleQueueService.InvalidBatchEntryId", "InvalidBatchEntryId"},
      {"AWS.SimpleQueueService.MessageNotInflight", "MessageNotInflight"},
      {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"},
      {"AWS.SimpleQueueService.PurgeQueueInProgress", "PurgeQueueInProgress"},
      {"AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "TooManyEntriesInBatchRequest"},
      {"AWS.SimpleQueueService.UnsupportedOperation", "UnsupportedOperation"},
      {"InvalidAttributeName", "InvalidAttributeName"},
      {"InvalidAttributeValue", "InvalidAttributeValue"},
      {"InvalidMessageContents", "InvalidMessageContents"},
      {"InvalidParameterValue", "InvalidParameterValueException"},
      {"MissingParameter", "MissingRequiredParameterException"},
      {"OverLimit", "OverLimit"},
      {"QueueAlreadyExists", "QueueNameExists"},
      {"ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"},
  };
  return model;
}

}  // namespace weir::api::sqs
