// SPDX-License-Identifier: Apache-2.0
#include "api/athena/model.h"

namespace weir::api::athena {

wire::ServiceModel athena_model() {
  wire::ServiceModel model;
  model.signing_name = "athena";
  model.target_prefix = "AmazonAthena";
  model.api_version = "2017-05-18";
  model.validation_code = "InvalidRequestException";
  model.message_name = "Message";  // measured on AWS; clients take either
  model.protocols.json_1_1 = true;
  return model;
}

}  // namespace weir::api::athena
