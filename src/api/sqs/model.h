// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/operation.h"

namespace weir::api::sqs {

/// SQS as its clients know it: JSON 1.0 with target AmazonSQS, and AWS Query, version 2012-11-05.
wire::ServiceModel sqs_model();

}  // namespace weir::api::sqs
