# SPDX-License-Identifier: Apache-2.0
"""Contributor Insights through boto3 and aws-cli: rules, reports, errors, crashes.

Shapes and limits: CloudWatch API reference and service model. Verified on AWS: no."""

import configparser
import datetime
import json
import subprocess
import time

import botocore.exceptions
import pytest

from conftest import BINARY, Daemon, clean_environment, make_client

GROUP = "/vpc/flow"
OPTIONS = ("--capture", "false", "--enforce", "false")
FIELDS = {"3": "interface", "4": "srcaddr", "5": "dstaddr", "7": "dstport", "8": "protocol", "9": "packets",
          "10": "bytes", "13": "action"}


def definition(keys, value_of=None, filters=(), aggregate=None, group=GROUP + "*", **more):
    contribution = {"Keys": keys, "Filters": list(filters)}
    if value_of:
        contribution["ValueOf"] = value_of
    return json.dumps({"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": [group],
                       "LogFormat": "CLF", "Fields": FIELDS, "Contribution": contribution,
                       "AggregateOn": aggregate or ("Sum" if value_of else "Count"), **more})


# AWS's own samples for flow logs (CloudWatch User Guide, "Contributor Insights example rules").
BYTES_BY_PAIR = definition(["srcaddr", "dstaddr"], value_of="bytes")
RECEIVERS_443 = definition(["dstaddr"], value_of="packets", filters=[{"Match": "dstport", "EqualTo": 443}])
REJECTS = definition(["interface", "srcaddr"], aggregate="Sum",
                     filters=[{"Match": "protocol", "EqualTo": 6}, {"Match": "action", "In": ["REJECT"]}])


def record(source, destination, port=443, packets=1, size=100, action="ACCEPT", protocol=6):
    return (f"2 123456789010 eni-0a1b2c3d4e5f60718 {source} {destination} 50123 {port} {protocol} {packets} {size} "
            f"1767603600 1767603655 {action} OK")


class Rules:
    """The two services of one daemon that rules live on."""

    def __init__(self, endpoint):
        self.logs = make_client("logs", endpoint)
        self.cloudwatch = make_client("cloudwatch", endpoint)

    def prepare(self, group=GROUP):
        self.logs.create_log_group(logGroupName=group)
        self.logs.create_log_stream(logGroupName=group, logStreamName="eni-1")

    def put(self, lines, group=GROUP, ago_ms=0):
        now = int(time.time() * 1000) - ago_ms
        self.logs.put_log_events(logGroupName=group, logStreamName="eni-1",
                                 logEvents=[{"timestamp": now, "message": line} for line in lines])

    def rule(self, rule_definition=BYTES_BY_PAIR, name="r", **more):
        self.cloudwatch.put_insight_rule(RuleName=name, RuleDefinition=rule_definition, **more)

    def report(self, name="r", **more):
        now = datetime.datetime.now(datetime.timezone.utc)
        query = {"StartTime": now - datetime.timedelta(hours=1), "EndTime": now + datetime.timedelta(minutes=1),
                 "Period": 3660, **more}
        return self.cloudwatch.get_insight_rule_report(RuleName=name, **query)

    def top(self, name="r", **more):
        return [(*one["Keys"], one["ApproximateAggregateValue"]) for one in self.report(name, **more)["Contributors"]]


@pytest.fixture
def rules(daemon):
    made = Rules(daemon.endpoint)
    made.prepare()
    return made


INVALID = {"InvalidParameterValue", "InvalidParameterValueException"}  # Query of older clients; CBOR of newer ones
MISSING = {"MissingParameter", "MissingRequiredParameterException"}


def refused(codes, call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] in codes, caught.value
    return caught.value.response["Error"]["Message"]


def test_sample_rules_of_aws_on_flow_logs(rules):
    rules.rule(BYTES_BY_PAIR, "pairs")
    rules.rule(RECEIVERS_443, "receivers", RuleState="ENABLED")
    rules.rule(REJECTS, "rejects")
    rules.put([record("10.0.0.1", "10.0.0.9", size=1000, packets=3), record("10.0.0.1", "10.0.0.9", size=500),
               record("10.0.0.2", "10.0.0.9", port=22, size=70, action="REJECT"),
               record("10.0.0.2", "10.0.0.8", port=22, size=70, action="REJECT"),
               record("10.0.0.3", "10.0.0.9", protocol=17, port=53, action="REJECT"),
               "2 123456789010 eni-0a1b2c3d4e5f60718 - - - - - - - 1767603600 1767603655 - NODATA"])
    assert rules.top("pairs")[0] == ("10.0.0.1", "10.0.0.9", 1500)
    assert rules.top("receivers") == [("10.0.0.9", 4)]
    assert rules.top("rejects") == [("eni-0a1b2c3d4e5f60718", "10.0.0.2", 2)]


def test_a_report_has_all_its_members(rules):
    rules.rule()
    rules.put([record("a", "b", size=10), record("a", "b", size=30), record("c", "d", size=15)])
    metrics = ["UniqueContributors", "MaxContributorValue", "SampleCount", "Sum", "Minimum", "Maximum", "Average"]
    report = rules.report(Metrics=metrics)
    assert report["KeyLabels"] == ["srcaddr", "dstaddr"]
    assert report["AggregationStatistic"] == "Sum"
    assert report["AggregateValue"] == 55
    assert report["ApproximateUniqueCount"] == 2
    assert report["Contributors"][0]["ApproximateAggregateValue"] == 40
    [point] = report["Contributors"][0]["Datapoints"]
    assert point["ApproximateValue"] == 40
    [metric] = report["MetricDatapoints"]
    assert metric.pop("Timestamp") == point["Timestamp"]
    assert metric == {"UniqueContributors": 2, "MaxContributorValue": 40, "SampleCount": 3, "Sum": 55, "Minimum": 10,
                      "Maximum": 30, "Average": pytest.approx(55 / 3)}
    assert set(rules.report(Metrics=["Sum"])["MetricDatapoints"][0]) == {"Timestamp", "Sum"}
    assert rules.report()["MetricDatapoints"] == []
    assert rules.top(MaxContributorCount=1) == [("a", "b", 40)]
    assert rules.top(OrderBy="Maximum")[0] == ("a", "b", 40)


def test_a_report_by_the_query_protocol_of_aws_cli(rules, aws):
    rules.rule()
    rules.put([record("a", "b", size=10)])
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
    start = end - datetime.timedelta(minutes=30)
    report = aws("cloudwatch", "get-insight-rule-report", "--rule-name", "r", "--start-time", start.isoformat(),
                 "--end-time", end.isoformat(), "--period", "60", "--metrics", "SampleCount", "Maximum")
    assert report["Contributors"][0]["Keys"] == ["a", "b"]
    assert report["MetricDatapoints"][0]["Maximum"] == 10


def test_only_events_accepted_while_enabled_count(rules):
    rules.put([record("before", "x")])
    rules.rule(RuleState="DISABLED")
    rules.put([record("disabled", "x")])
    assert rules.cloudwatch.enable_insight_rules(RuleNames=["r"])["Failures"] == []
    rules.put([record("enabled", "x", size=5)])
    assert rules.cloudwatch.disable_insight_rules(RuleNames=["r"])["Failures"] == []
    rules.put([record("again", "x")])
    assert rules.top() == [("enabled", "x", 5)]


def test_rules_are_described_page_by_page(rules):
    names = [f"rule-{i}" for i in range(5)]
    for name in reversed(names):
        rules.rule(name=name, RuleState="DISABLED" if name == "rule-3" else "ENABLED")
    first = rules.cloudwatch.describe_insight_rules(MaxResults=3)
    second = rules.cloudwatch.describe_insight_rules(MaxResults=3, NextToken=first["NextToken"])
    assert [rule["Name"] for rule in first["InsightRules"] + second["InsightRules"]] == names
    assert "NextToken" not in second
    shown = second["InsightRules"][0]
    shown.pop("ApplyOnTransformedLogs", None)  # older clients do not know it
    assert shown == {"Name": "rule-3", "State": "DISABLED", "Schema": '{"Name":"CloudWatchLogRule","Version":1}',
                     "Definition": BYTES_BY_PAIR, "ManagedRule": False}
    refused({"InvalidNextToken"}, rules.cloudwatch.describe_insight_rules, NextToken="x")
    refused({"ValidationError"}, rules.cloudwatch.describe_insight_rules, MaxResults=501)


def test_rules_that_are_missing_are_listed_as_failures(rules):
    rules.rule()
    for call in (rules.cloudwatch.enable_insight_rules, rules.cloudwatch.disable_insight_rules,
                 rules.cloudwatch.delete_insight_rules):
        [failure] = call(RuleNames=["nothing", "r"])["Failures"]
        assert failure["FailureResource"] == "nothing"
        assert failure["ExceptionType"] == "ResourceNotFoundException"
        assert failure["FailureCode"] == "404"
        assert "nothing does not exist" in failure["FailureDescription"]
    assert rules.cloudwatch.describe_insight_rules()["InsightRules"] == []


@pytest.mark.parametrize("text, words", [
    ("{", "no JSON"),
    (definition([]), "Contribution.Keys"),
    (definition(["1", "2", "3", "4", "5"]), "1 to 4"),
    (definition(["nothing"]), "neither among Fields"),
    (definition(["1"], aggregate="Max"), "AggregateOn must be Count or Sum"),
    (definition(["1"], filters=[{"Match": "1", "EqualTo": "x"}]), "EqualTo must be a number"),
    (definition(["1"], filters=[{"Match": "1", "EqualTo": 1}] * 5), "at most 4 filters"),
    (definition(["1"], LogFormat="XML"), "JSON or CLF"),
    (definition(["1"], LogGroupARNs=["arn:aws:logs:us-east-1:000000000000:log-group:a"]), "either LogGroupNames"),
    (definition(["1"], Typo=1), "unknown member Typo"),
])
def test_definitions_that_do_not_read_are_refused(rules, text, words):
    message = refused(INVALID, rules.cloudwatch.put_insight_rule, RuleName="r",
                      RuleDefinition=text)
    assert words in message
    assert rules.cloudwatch.describe_insight_rules()["InsightRules"] == []


def test_errors_of_the_parameters(rules, client):
    rules.rule()
    put = rules.cloudwatch.put_insight_rule
    assert "RuleState" in refused(INVALID, put, RuleName="r", RuleDefinition=BYTES_BY_PAIR,
                                  RuleState="PAUSED")
    refused({"ValidationError"}, put, RuleName="ü", RuleDefinition=BYTES_BY_PAIR)
    refused({"ValidationError"}, put, RuleName="r", RuleDefinition="x" * 8193)
    bare = make_client("cloudwatch", rules.cloudwatch.meta.endpoint_url, parameter_validation=False)
    for call, missing in ((bare.put_insight_rule, "RuleName"), (bare.delete_insight_rules, "RuleNames"),
                          (bare.get_insight_rule_report, "RuleName"), (bare.put_managed_insight_rules, "ManagedRules"),
                          (bare.list_managed_insight_rules, "ResourceARN")):
        assert missing in refused(MISSING, call)


@pytest.mark.parametrize("arguments, words", [
    ({"Period": 90}, "Period"),
    ({"Period": 30}, "Period"),
    ({"MaxContributorCount": 101}, "MaxContributorCount"),
    ({"MaxContributorCount": 0}, "MaxContributorCount"),
    ({"Metrics": ["Total"]}, "Metrics"),
    ({"OrderBy": "Average"}, "OrderBy"),
    ({"StartTime": datetime.datetime.now() - datetime.timedelta(hours=25)}, "24 hours"),
    ({"StartTime": datetime.datetime.now() + datetime.timedelta(hours=1)}, "StartTime"),
    ({"StartTime": datetime.datetime.now() - datetime.timedelta(days=16),
      "EndTime": datetime.datetime.now() - datetime.timedelta(days=15, hours=23)}, "15 days"),
])
def test_reports_of_odd_shape_are_refused(rules, arguments, words):
    rules.rule()
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        rules.report(**arguments)
    assert caught.value.response["Error"]["Code"] in INVALID
    assert words in caught.value.response["Error"]["Message"]


def test_a_report_of_no_rule(rules):
    with pytest.raises(rules.cloudwatch.exceptions.ResourceNotFoundException) as caught:
        rules.report("nothing")
    assert caught.value.response["ResourceId"] == "nothing"


def test_tags_of_a_rule(rules):
    rules.rule(Tags=[{"Key": "team", "Value": "net"}])
    arn = "arn:aws:cloudwatch:us-east-1:000000000000:insight-rule/r"
    rules.cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "cost", "Value": "1"}])
    assert rules.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
        {"Key": "cost", "Value": "1"}, {"Key": "team", "Value": "net"}]
    rules.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert [tag["Key"] for tag in rules.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]] == ["cost"]
    refused({"ResourceNotFoundException"}, rules.cloudwatch.list_tags_for_resource, ResourceARN=arn + "x")


def test_there_are_no_managed_rules(rules):
    arn = "arn:aws:ec2:us-east-1:000000000000:vpc-endpoint-service/vpce-svc-1"
    assert rules.cloudwatch.list_managed_insight_rules(ResourceARN=arn)["ManagedRules"] == []
    [failure] = rules.cloudwatch.put_managed_insight_rules(ManagedRules=[
        {"TemplateName": "VpcEndpointService-BytesByEndpointId-v1", "ResourceARN": arn}])["Failures"]
    assert failure["ExceptionType"] == "InvalidParameterValue"
    assert failure["FailureResource"] == "VpcEndpointService-BytesByEndpointId-v1"


# Goal: each event counts exactly once, whatever happens to the process.
# Method: kill -9 between puts and reports; what was counted must be what was acknowledged.
def test_counts_are_exact_over_kill_9(tmp_path):
    daemon = Daemon(*OPTIONS, data=tmp_path)
    listen = daemon.endpoint.removeprefix("http://")
    keys = configparser.ConfigParser()
    keys.read(tmp_path / "credentials")
    key = keys["default"]
    credentials = {"access_key": key["aws_access_key_id"], "secret": key["aws_secret_access_key"]}
    logs = make_client("logs", daemon.endpoint, **credentials)
    cloudwatch = make_client("cloudwatch", daemon.endpoint, **credentials)
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="eni-1")
    cloudwatch.put_insight_rule(RuleName="r", RuleDefinition=BYTES_BY_PAIR)

    def report():
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
        return cloudwatch.get_insight_rule_report(RuleName="r", StartTime=end - datetime.timedelta(hours=1),
                                                  EndTime=end, Period=60, MaxContributorCount=100)

    expected = 0
    for round_number in range(6):
        for _ in range(5):
            now = int(time.time() * 1000)
            logs.put_log_events(logGroupName=GROUP, logStreamName="eni-1", logEvents=[
                {"timestamp": now, "message": record(f"10.0.0.{i % 50}", "10.0.1.1", size=1)} for i in range(200)])
            expected += 200
            if round_number % 2 == 0:
                assert report()["AggregateValue"] == expected
        daemon.kill()
        daemon = Daemon(*OPTIONS, data=tmp_path, listen=listen)
    counted = report()
    assert counted["AggregateValue"] == expected
    assert counted["ApproximateUniqueCount"] == 50
    assert {one["ApproximateAggregateValue"] for one in counted["Contributors"]} == {expected / 50}
    daemon.stop()


def test_weir_top_prints_a_table(rules, daemon):
    rules.rule()
    rules.put([record("10.0.0.1", "10.0.0.9", size=750), record("10.0.0.2", "10.0.0.9", size=250)])

    def top(*arguments):
        listen = daemon.endpoint.removeprefix("http://")
        return subprocess.run([str(BINARY), "top", "--ephemeral", "--listen", listen, *arguments], capture_output=True,
                              text=True, env=clean_environment(), timeout=60, check=False)

    done = top("--rule", "r")
    assert done.returncode == 0, done.stderr
    title, first, second, total = done.stdout.splitlines()
    assert title.split() == ["srcaddr", "dstaddr", "SUM", "SHARE"]
    assert first.split()[:4] == ["10.0.0.1", "10.0.0.9", "750", "75.0%"]
    assert second.split()[:4] == ["10.0.0.2", "10.0.0.9", "250", "25.0%"]
    assert first.count("█") == 18 and second.count("█") == 6
    assert total == "about 2 contributors, in all 1000, in the last 1h"
    assert json.loads(top("--rule", "r", "--json", "--limit", "1").stdout)["AggregateValue"] == 1000
    missing = top("--rule", "nothing")
    assert missing.returncode == 1 and "nothing does not exist" in missing.stderr
    assert "time span" in top("--rule", "r", "--since", "2 days").stderr
