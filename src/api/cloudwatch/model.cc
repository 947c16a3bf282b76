// SPDX-License-Identifier: Apache-2.0
#include "api/cloudwatch/model.h"

#include "base/document.h"
#include "dashboards/dashboards.h"

namespace weir::api::cloudwatch {

namespace {

/// What is wrong with a dashboard is a list, not a text.
bool dashboard_members(const Error& error, Document& body) {
  constexpr std::string_view kName = dashboards::Dashboards::kMessagesDetail;
  if (error.details.empty() || error.details.front().first != kName) return false;
  if (auto messages = parse_json(error.details.front().second)) body[kName] = *std::move(messages);
  return true;
}

}  // namespace

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
      {"InvalidParameterInput", "DashboardInvalidInputError"},
  };
  model.error_members = &dashboard_members;
  return model;
}

}  // namespace weir::api::cloudwatch
