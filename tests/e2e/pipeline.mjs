// SPDX-License-Identifier: Apache-2.0
// The demo's API calls with the JavaScript SDK v3. Arguments: endpoint, package.json beside the SDK's node_modules.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [endpoint, manifest] = process.argv.slice(2);
const require = createRequire(manifest);
const { EC2 } = require("@aws-sdk/client-ec2");
const { CloudWatchLogs } = require("@aws-sdk/client-cloudwatch-logs");
const { CloudWatch } = require("@aws-sdk/client-cloudwatch");
const { SNS } = require("@aws-sdk/client-sns");
const { S3 } = require("@aws-sdk/client-s3");
const { Athena } = require("@aws-sdk/client-athena");
const { STS } = require("@aws-sdk/client-sts");
const { SmithyRpcV2CborProtocol } = require("@smithy/core/cbor");

const options = {
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "123456789012", secretAccessKey: "test" },
  maxAttempts: 1,
};
const group = "VPCFlowLogs";
const filterPattern =
  '[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, windowstart, ' +
  'windowend, action="REJECT", flowlogstatus]';

async function until(condition, what) {
  for (let i = 0; i < 500; i++) {
    const value = await condition();
    if (value) return value;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`did not happen: ${what}`);
}

const identity = await new STS(options).getCallerIdentity({});
assert.equal(identity.Account, "123456789012", "a 12-digit access key is the account");

const ec2 = new EC2(options);
const { Vpcs } = await ec2.describeVpcs({});
assert.equal(Vpcs[0].CidrBlock, "172.31.0.0/16");
const created = await ec2.createFlowLogs({
  ResourceType: "VPC", ResourceIds: [Vpcs[0].VpcId], TrafficType: "ALL", LogGroupName: group,
  DeliverLogsPermissionArn: "arn:aws:iam::123456789012:role/flow", MaxAggregationInterval: 60,
});
assert.equal(created.FlowLogIds.length, 1);
const { FlowLogs } = await ec2.describeFlowLogs({});
assert.equal(FlowLogs[0].FlowLogId, created.FlowLogIds[0]);
await assert.rejects(ec2.describeVpcs({ VpcIds: ["vpc-0123456789abcdef0"] }), { name: "InvalidVpcID.NotFound" });

const logs = new CloudWatchLogs(options);
await logs.createLogGroup({ logGroupName: group });
await assert.rejects(logs.createLogGroup({ logGroupName: group }), { name: "ResourceAlreadyExistsException" });
await logs.createLogStream({ logGroupName: group, logStreamName: "eni-1-all" });
await logs.putMetricFilter({
  logGroupName: group, filterName: "ssh", filterPattern,
  metricTransformations: [{ metricName: "SshRejects", metricNamespace: "VPC", metricValue: "1" }],
});

const sns = new SNS(options);
const { TopicArn } = await sns.createTopic({ Name: "alarms" });
await assert.rejects(sns.publish({ TopicArn: TopicArn + "x", Message: "m" }), (error) => /NotFound/.test(error.name));
assert.match((await sns.publish({ TopicArn, Message: "m", Subject: "s" })).MessageId, /^[0-9a-f-]{36}$/);

// CloudWatch in the SDK's own choice of protocol and in CBOR, both on the same state.
function watched(more) {
  const made = new CloudWatch({ ...options, ...more });
  made.middlewareStack.add(
    (next) => (args) => {
      made.contentType = args.request.headers["content-type"];
      return next(args);
    },
    { step: "finalizeRequest", name: "recordContentType" },
  );
  return made;
}
const cloudwatch = watched({});
const overCbor = watched({
  protocol: new SmithyRpcV2CborProtocol({ defaultNamespace: "com.amazonaws.cloudwatch" }),
});
await cloudwatch.putMetricAlarm({
  AlarmName: "ssh", Namespace: "VPC", MetricName: "SshRejects", Statistic: "Sum", Period: 60, EvaluationPeriods: 1,
  Threshold: 1, ComparisonOperator: "GreaterThanOrEqualToThreshold", AlarmActions: [TopicArn],
});
for (const each of [cloudwatch, overCbor]) {
  await each.putMetricData({
    Namespace: "Own", MetricData: [{ MetricName: "m", Value: 1.5, Unit: "Count", Timestamp: new Date() }],
  });
  await assert.rejects(
    each.setAlarmState({ AlarmName: "none", StateValue: "OK", StateReason: "r" }),
    (error) => /ResourceNotFound/.test(error.name),
  );
  console.log(`cloudwatch over ${each.contentType}`);
}

const start = Math.floor(Date.now() / 1000);
const message = `2 123456789012 eni-1 198.51.100.66 172.31.0.10 40000 22 6 1 60 ${start} ${start} REJECT OK`;
await logs.putLogEvents({ logGroupName: group, logStreamName: "eni-1-all", logEvents: [{ timestamp: Date.now(), message }] });
const found = await logs.filterLogEvents({ logGroupName: group, filterPattern });
assert.equal(found.events[0].message, message);
const alarm = await until(async () => {
  const { MetricAlarms } = await cloudwatch.describeAlarms({ AlarmNames: ["ssh"] });
  return MetricAlarms[0].StateValue === "ALARM" && MetricAlarms[0];
}, "the alarm");
assert.ok(alarm.StateUpdatedTimestamp instanceof Date);
for (const each of [cloudwatch, overCbor]) {
  const data = await each.getMetricData({
    StartTime: new Date(Date.now() - 3600_000), EndTime: new Date(Date.now() + 60_000),
    MetricDataQueries: [
      { Id: "q", MetricStat: { Metric: { Namespace: "Own", MetricName: "m" }, Period: 7200, Stat: "Sum" } },
    ],
  });
  assert.deepEqual(data.MetricDataResults[0].Values, [3]);
  assert.ok(data.MetricDataResults[0].Timestamps[0] instanceof Date);
}

const s3 = new S3({ ...options, forcePathStyle: true });
await s3.createBucket({ Bucket: "archive-js" });
await s3.putObject({ Bucket: "archive-js", Key: "a b/ü.txt", Body: "body" });
const object = await s3.getObject({ Bucket: "archive-js", Key: "a b/ü.txt" });
assert.equal(await object.Body.transformToString(), "body");
const listed = await s3.listObjectsV2({ Bucket: "archive-js" });
assert.equal(listed.Contents[0].Key, "a b/ü.txt");
await assert.rejects(s3.getObject({ Bucket: "archive-js", Key: "none" }), { name: "NoSuchKey" });

const athena = new Athena(options);
const { QueryExecutionId } = await athena.startQueryExecution({
  QueryString: "SELECT 7 / 2 AS half, 'x' || 'y' AS text", ResultConfiguration: { OutputLocation: "s3://archive-js/results/" },
});
await until(async () => {
  const { QueryExecution } = await athena.getQueryExecution({ QueryExecutionId });
  assert.notEqual(QueryExecution.Status.State, "FAILED", QueryExecution.Status.StateChangeReason);
  return QueryExecution.Status.State === "SUCCEEDED";
}, "the query");
const results = await athena.getQueryResults({ QueryExecutionId });
assert.deepEqual(results.ResultSet.Rows[1].Data.map((d) => d.VarCharValue), ["3", "xy"]);

const acl = (await ec2.describeNetworkAcls({})).NetworkAcls[0].NetworkAclId;
const entry = { NetworkAclId: acl, RuleNumber: 90, Egress: false };
await ec2.createNetworkAclEntry({
  ...entry, Protocol: "6", PortRange: { From: 22, To: 22 }, CidrBlock: "0.0.0.0/0", RuleAction: "deny",
});
await ec2.deleteNetworkAclEntry(entry);
await ec2.deleteFlowLogs({ FlowLogIds: created.FlowLogIds });
console.log("done");
