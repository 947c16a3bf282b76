# SPDX-License-Identifier: Apache-2.0
"""What holds for all operations of CloudWatch Logs, over the list that the daemon itself has: each is called by a test,
misses what it needs, and refuses page tokens that were tampered with. Verified on AWS: no; the sentences of constraints
were recorded there."""

import functools
import pathlib
import re
import subprocess

import pytest

from conftest import BINARY, clean_environment, refused

TESTS = pathlib.Path(__file__).parent
GROUP = "g"
# Members that make a call complete where the page token alone is to be wrong.
COMPLETE = {
    "DescribeFieldIndexes": {"logGroupIdentifiers": [GROUP]},
    "DescribeIndexPolicies": {"logGroupIdentifiers": [GROUP]},
    "DescribeLogStreams": {"logGroupName": GROUP},
    "DescribeSubscriptionFilters": {"logGroupName": GROUP},
    "FilterLogEvents": {"logGroupName": GROUP},
    "GetLogEvents": {"logGroupName": GROUP, "logStreamName": "s"},
}
OF_A_QUERY = ("GetQueryResults", "ListLogGroupsForQuery")  # in test_logs_api.py
# Operations that answer with ValidationException where the older ones have InvalidParameterException.
VALIDATION = re.compile("Deliver|ConfigurationTemplates")


@functools.cache
def operations():
    """Name -> (input members, required ones, output members)."""
    text = subprocess.run([BINARY, "reference", "operations"], capture_output=True, text=True, check=True,
                          env=clean_environment()).stdout
    section = text.split("\n## logs\n")[1].split("\n## ")[0]
    found = {}
    for name, inputs, outputs in re.findall(r"^\| (\w+) \| (.*) \| (.*) \|$", section, re.M):
        if name != "operation":
            members = re.findall(r"`(\w+)`(\*?)", inputs)
            found[name] = ([m for m, _ in members], [m for m, star in members if star],
                           re.findall(r"`(\w+)`", outputs))
    return found


@pytest.fixture
def group(call):
    call("CreateLogGroup", logGroupName=GROUP)
    call("CreateLogStream", logGroupName=GROUP, logStreamName="s")


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_every_operation_is_called_by_a_test():
    texts = "".join(path.read_text() for path in TESTS.glob("test_*.py") if path.name != pathlib.Path(__file__).name)
    names = operations()
    assert len(names) > 50
    missing = [name for name in names
               if not re.search(rf"\.{snake(name)}\b|[\"']{name}[\"']|[\"']{snake(name)}[\"']|Logs_20140328\.{name}\b",
                                texts)]
    assert missing == []


def test_a_missing_member_is_named(call):
    wrong = {}
    for name, (_, required, _) in operations().items():
        if not required:
            continue
        code, text = refused(call, name)
        expected = "ValidationException" if VALIDATION.search(name) else "InvalidParameterException"
        parts = [f"Value null at '{member}' failed to satisfy constraint: Member must not be null"
                 for member in required]
        if code != expected or not all(part in text for part in parts):
            wrong[name] = (code, text)
    assert wrong == {}


def test_a_page_token_that_nobody_gave_is_refused(call, group):
    names = [name for name, (inputs, _, _) in operations().items()
             if "nextToken" in inputs and name not in OF_A_QUERY]
    assert len(names) > 10
    wrong = {}
    for name in names:
        for token in ("x", "eA==", "f/1", "\u00e9"):
            answer = refused(call, name, nextToken=token, **COMPLETE.get(name, {}))
            expected = "ValidationException" if VALIDATION.search(name) else "InvalidParameterException"
            if answer != (expected, "The specified nextToken is invalid."):
                wrong[name, token] = answer
        code, text = refused(call, name, nextToken="", **COMPLETE.get(name, {}))
        if "at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1" not in text:
            wrong[name, ""] = (code, text)
    assert wrong == {}


def test_page_sizes_have_bounds(call, group):
    bounds = {"DescribeDestinations": 50, "DescribeExportTasks": 50, "DescribeLogGroups": 50,
              "DescribeLogStreams": 50, "DescribeMetricFilters": 50, "DescribeResourcePolicies": 50,
              "DescribeSubscriptionFilters": 50, "FilterLogEvents": 10_000, "GetLogEvents": 10_000,
              "ListLogGroups": 1000}
    for name, most in bounds.items():
        members = COMPLETE.get(name, {})
        call(name, limit=most, **members)
        assert refused(call, name, limit=most + 1, **members) == (
            "InvalidParameterException", f"1 validation error detected: Value '{most + 1}' at 'limit' failed to satisfy "
            f"constraint: Member must have value less than or equal to {most}"), name  # recorded
        assert "at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1" in refused(
            call, name, limit=0, **members)[1], name


@pytest.mark.parametrize("member, most, bad", [
    ("logGroupName", 512, "a b"), ("logStreamName", 512, "a:b"), ("filterName", 512, "a*b")])
def test_names_have_a_length_and_an_alphabet(call, member, most, bad):
    names = [name for name, (inputs, _, _) in operations().items() if member in inputs]
    assert names
    good = {"logGroupName": "g", "logStreamName": "s", "filterName": "f"}
    for name in names:
        others = {m: good[m] for m in operations()[name][1] if m in good}
        text = refused(call, name, **{**others, member: "a" * (most + 1)})[1]
        # Recorded for CreateLogGroup, which has a sentence of its own.
        assert f"less than or equal to {most}" in text, (name, text)
        text = refused(call, name, **{**others, member: bad})[1]
        assert f"Value '{bad}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression " in (
            text), (name, text)


# Recorded: an empty body where there is no output; clients of Go, Java and JavaScript read the header of the error.
def test_answers_have_the_form_of_the_protocol(client):
    logs = client("logs")
    made = logs.create_log_group(logGroupName=GROUP)["ResponseMetadata"]
    assert made["HTTPHeaders"]["content-length"] == "0"
    assert made["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.1"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["HTTPHeaders"]["x-amzn-requestid"])
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException) as problem:
        logs.create_log_group(logGroupName=GROUP)
    told = problem.value.response["ResponseMetadata"]
    assert told["HTTPStatusCode"] == 400
    assert told["HTTPHeaders"]["x-amzn-errortype"] == "ResourceAlreadyExistsException"


def test_an_operation_that_aws_does_not_have(call):
    assert refused(call, "MakeCoffee")[0] == "UnknownOperationException"


def test_several_violations_are_one_sentence(call):
    code, text = refused(call, "PutRetentionPolicy", logGroupName="a b")
    assert code == "InvalidParameterException"
    assert text.startswith("2 validation errors detected: Value ") and "; Value " in text
