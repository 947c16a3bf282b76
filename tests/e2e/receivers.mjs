// SPDX-License-Identifier: Apache-2.0
// What receivers of SNS run: AWS's own validator and another, unchanged and with their default rules for the certificate's
// host, and AWS's schemas. Arguments: package.json beside node_modules, port of the daemon, its certificate. Standard input:
// {"notifications": [...], "confirmations": [...], "queued": [...], "events": [...]}.
import assert from "node:assert/strict";
import fs from "node:fs";
import https from "node:https";
import tls from "node:tls";
import { createRequire } from "node:module";

const [manifest, port, certificate] = process.argv.slice(2);
const require = createRequire(manifest);
const OfAws = require("sns-validator");
const Other = require("sns-payload-validator");
const { SnsSchema, SnsSqsNotificationSchema } = require("@aws-lambda-powertools/parser/schemas");

// Name resolution leads sns.<region>.amazonaws.com to the daemon, as an installation's own would.
const agent = new https.Agent();
agent.createConnection = (options) =>
  tls.connect({ host: "127.0.0.1", port: Number(port), ca: fs.readFileSync(certificate), servername: options.host });
https.globalAgent = agent;

const ofAws = new OfAws();
const other = new Other({ requestAgent: agent });
const byAws = (message) =>
  new Promise((resolve, reject) =>
    ofAws.validate({ ...message }, (error, valid) => (error ? reject(error) : resolve(valid))));

const input = JSON.parse(fs.readFileSync(0, "utf8"));
let valid = 0;
for (const message of [...input.notifications, ...input.confirmations]) {
  // AWS's validator leaves the token out of an UnsubscribeConfirmation's text, AWS does not.
  if (message.Type !== "UnsubscribeConfirmation") await byAws(message);
  await other.validate({ ...message });
  for (const field of ["Message", "Timestamp", "MessageId", "TopicArn"]) {
    const forged = { ...message, [field]: message[field] + " " };
    await assert.rejects(byAws(forged), `forged ${field}`);
    await assert.rejects(other.validate(forged), `forged ${field}`);
  }
  valid++;
}
for (const event of input.events) {
  for (const record of SnsSchema.parse(event).Records) await byAws({ ...record.Sns });
}
for (const message of input.queued) SnsSqsNotificationSchema.parse(message);
console.log(JSON.stringify({ valid, events: input.events.length, queued: input.queued.length }));
agent.destroy();
