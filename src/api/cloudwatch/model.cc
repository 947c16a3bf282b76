// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/model.h"

namespace weir::api::cloudwatch {

wire::ServiceModel cloudwatch_model() {
  wire::ServiceModel model;
  model.signing_name = "monitoring";
  model.target_prefix = "GraniteServiceVersion20100801";
  model.api_version = "2010-08-01";
  model.xml_namespace = "http://monitoring.amazonaws.com/doc/2010-08-01/";
  model.cbor_service = "GraniteServiceVersion20100801";
  model.validation_code = "ValidationError";
  model.error_namespace = "com.amazonaws.cloudwatch.v2010_08_01";
  model.protocols.query = true;
  model.protocols.json_1_0 = true;
  model.protocols.cbor = true;
  // Service model: the error shapes and their awsQueryError codes.
  model.error_names = {
      {"InvalidParameterValue", "InvalidParameterValueException"},
      {"InvalidParameterCombination", "InvalidParameterCombinationException"},
      {"MissingParameter", "MissingRequiredParameterException"},
      {"InternalServiceError", "InternalServiceFault"},
      {"LimitExceeded", "LimitExceededFault"},
      {"LimitExceededException", "LimitExceededException"},
      {"ResourceNotFound", "ResourceNotFound"},
      {"ResourceNotFoundException", "ResourceNotFoundException"},
      {"InvalidFormat", "InvalidFormatFault"},
      {"InvalidNextToken", "InvalidNextToken"},
      {"ConcurrentModificationException", "ConcurrentModificationException"},
  };
  return model;
}

}  // namespace weir::api::cloudwatch
