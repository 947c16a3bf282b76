// SPDX-License-Identifier: Apache-2.0
#include "logs/vended_deliveries.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::logs {
namespace {

using ::testing::SizeIs;

struct DeliveriesWorld {
  DeliverySource source(const std::string& name = "s", const std::string& log_type = "LOGS") const {
    DeliverySource made;
    made.name = name;
    made.resource_arn = "arn:aws:bedrock:us-east-1:000000000000:knowledge-base/K";
    made.log_type = log_type;
    return made;
  }
  DeliveryDestination bucket(const std::string& name = "d") const {
    DeliveryDestination made;
    made.name = name;
    made.resource_arn = "arn:aws:s3:::bucket";
    return made;
  }
  SimulatedRuntime runtime{7};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope;
  VendedDeliveries deliveries{runtime, *store};
};

TEST(VendedDeliveries, TypeAndServiceFollowFromTheArns) {
  DeliveriesWorld world;
  EXPECT_EQ(world.deliveries.put_source(world.scope, world.source())->service, "bedrock");
  EXPECT_EQ(world.deliveries.put_destination(world.scope, world.bucket())->type, "S3");
}

TEST(VendedDeliveries, AResourceHasOneSourceForEachLogType) {
  DeliveriesWorld world;
  ASSERT_TRUE(world.deliveries.put_source(world.scope, world.source("a")));
  EXPECT_EQ(world.deliveries.put_source(world.scope, world.source("b")).error().code,
            "ConflictException");
  EXPECT_TRUE(world.deliveries.put_source(world.scope, world.source("b", "OTHER")));
}

TEST(VendedDeliveries, WhatADeliveryUsesStays) {
  DeliveriesWorld world;
  ASSERT_TRUE(world.deliveries.put_source(world.scope, world.source()));
  ASSERT_TRUE(world.deliveries.put_destination(world.scope, world.bucket()));
  VendedDelivery wanted;
  wanted.source_name = "s";
  wanted.destination_name = "d";
  const auto made = world.deliveries.create(world.scope, wanted);
  ASSERT_TRUE(made);
  EXPECT_THAT(made->name, SizeIs(16));
  EXPECT_EQ(world.deliveries.remove_source(world.scope, "s").error().code, "ConflictException");
  EXPECT_EQ(world.deliveries.remove_destination(world.scope, "d").error().code,
            "ConflictException");
  ASSERT_TRUE(world.deliveries.remove_delivery(world.scope, made->name));
  EXPECT_TRUE(world.deliveries.remove_source(world.scope, "s"));
  EXPECT_TRUE(world.deliveries.remove_destination(world.scope, "d"));
}

TEST(VendedDeliveries, AThousandOfAKindAreTheQuota) {
  DeliveriesWorld world;
  for (std::size_t i = 0; i < VendedDeliveries::kResourcesMax; ++i) {
    DeliveryDestination made = world.bucket("d" + std::to_string(i));
    made.type = "S3";
    ASSERT_TRUE(world.deliveries.destinations().put(world.scope, made));
  }
  EXPECT_EQ(world.deliveries.put_destination(world.scope, world.bucket("more")).error().code,
            "ServiceQuotaExceededException");
  EXPECT_TRUE(world.deliveries.put_destination(world.scope, world.bucket("d7")));
}

}  // namespace
}  // namespace weir::logs
