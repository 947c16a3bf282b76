// SPDX-License-Identifier: Apache-2.0
#include "api/glue/model.h"

namespace weir::api::glue {

wire::ServiceModel glue_model() {
  wire::ServiceModel model;
  model.signing_name = "glue";
  model.target_prefix = "AWSGlue";
  model.api_version = "2017-03-31";
  model.validation_code = "InvalidInputException";
  model.message_name = "Message";
  model.protocols.json_1_1 = true;
  return model;
}

}  // namespace weir::api::glue
