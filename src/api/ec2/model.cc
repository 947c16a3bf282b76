// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/model.h"

namespace weir::api {

wire::ServiceModel ec2_model() {
  wire::ServiceModel model;
  model.signing_name = "ec2";
  model.api_version = "2016-11-15";
  model.xml_namespace = "http://ec2.amazonaws.com/doc/2016-11-15/";
  model.validation_code = "InvalidParameterValue";
  model.protocols.ec2_query = true;
  return model;
}

}  // namespace weir::api
