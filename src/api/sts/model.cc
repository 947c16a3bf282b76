// SPDX-License-Identifier: Apache-2.0
#include "api/sts/model.h"

namespace weir::api {

wire::ServiceModel sts_model() {
  wire::ServiceModel model;
  model.signing_name = "sts";
  model.api_version = "2011-06-15";
  model.xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/";
  model.validation_code = "ValidationError";
  model.protocols.query = true;
  return model;
}

}  // namespace weir::api
