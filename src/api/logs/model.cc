// SPDX-License-Identifier: Apache-2.0
#include "api/logs/model.h"

namespace weir::api::logs {

wire::ServiceModel logs_model() {
  return {.signing_name = "logs",
          .target_prefix = "Logs_20140328",
          .api_version = "2014-03-28",
          .xml_namespace = {},
          .cbor_service = {},
          .validation_code = "InvalidParameterException",
          .protocols = {.json_1_1 = true},
          .error_names = {}};
}

}  // namespace weir::api::logs
