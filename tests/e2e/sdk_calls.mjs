// SPDX-License-Identifier: Apache-2.0
// Calls operations with the JavaScript SDK v3: reads {"service", "operation", "input"} a line, answers {"output"} or
// {"error": {"name", "code", "message"}}. Arguments: endpoint, package.json beside the SDK's node_modules.
import { createRequire } from "node:module";
import readline from "node:readline";

const [endpoint, manifest] = process.argv.slice(2);
const require = createRequire(manifest);
const { SNS } = require("@aws-sdk/client-sns");
const { SQS } = require("@aws-sdk/client-sqs");
const options = {
  endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" }, maxAttempts: 1,
};
const clients = { sns: new SNS(options), sqs: new SQS(options) };

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { service, operation, input } = JSON.parse(line);
  try {
    const method = operation[0].toLowerCase() + operation.slice(1);
    const { $metadata, ...output } = await clients[service][method](input);
    console.log(JSON.stringify({ output }));
  } catch (error) {
    console.log(JSON.stringify({ error: { name: error.name, code: error.Code ?? error.name, message: error.message } }));
  }
}
