// SPDX-License-Identifier: Apache-2.0
// Dashboards and a chart with the JavaScript SDK v3, over JSON and over CBOR. Arguments: endpoint, package.json beside
// the SDK's node_modules.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [endpoint, manifest] = process.argv.slice(2);
const require = createRequire(manifest);
const { CloudWatch } = require("@aws-sdk/client-cloudwatch");
const { SmithyRpcV2CborProtocol } = require("@smithy/core/cbor");

const options = {
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
};
const cbor = new SmithyRpcV2CborProtocol({ defaultNamespace: "com.amazonaws.cloudwatch" });

for (const client of [new CloudWatch(options), new CloudWatch({ ...options, protocol: cbor })]) {
  const body = JSON.stringify({ widgets: [] });
  const put = await client.putDashboard({ DashboardName: "js", DashboardBody: body, Tags: [{ Key: "a", Value: "1" }] });
  assert.deepEqual(put.DashboardValidationMessages, []);
  const got = await client.getDashboard({ DashboardName: "js" });
  assert.equal(got.DashboardBody, body);
  const tags = await client.listTagsForResource({ ResourceARN: got.DashboardArn });
  assert.deepEqual(tags.Tags, [{ Key: "a", Value: "1" }]);
  const listed = await client.listDashboards({ DashboardNamePrefix: "j" });
  assert.equal(listed.DashboardEntries[0].Size, body.length);
  assert.ok(listed.DashboardEntries[0].LastModified instanceof Date);
  await assert.rejects(client.putDashboard({ DashboardName: "js", DashboardBody: "{}" }), (error) => {
    assert.equal(error.name, "DashboardInvalidInputError");
    assert.equal(error.dashboardValidationMessages[0].Message, "Should have required property 'widgets'");
    return true;
  });
  await client.deleteDashboards({ DashboardNames: ["js"] });
  await assert.rejects(client.getDashboard({ DashboardName: "js" }), { name: /ResourceNotFound|DashboardNotFoundError/ });
  const image = await client.getMetricWidgetImage({ MetricWidget: JSON.stringify({ metrics: [["App", "m"]] }) });
  assert.deepEqual([...image.MetricWidgetImage.slice(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
}
