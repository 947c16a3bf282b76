// SPDX-License-Identifier: Apache-2.0
#include "api/sns/model.h"

namespace weir::api::sns {

wire::ServiceModel sns_model() {
  wire::ServiceModel model;
  model.signing_name = "sns";
  model.api_version = "2010-03-31";
  model.xml_namespace = "http://sns.amazonaws.com/doc/2010-03-31/";
  model.validation_code = "ValidationError";
  model.protocols.query = true;
  return model;
}

}  // namespace weir::api::sns
