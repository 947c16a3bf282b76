# SPDX-License-Identifier: Apache-2.0
"""PutLogEvents with what it must not take: each limit of a batch just met and just missed, old and future events,
texts that are no UTF-8. Texts as in the reference (those marked "recorded" were seen on AWS)."""

import gzip
import json
import time

import pytest

from conftest import REGION, make_client, refused, signed_call

HOUR = 3_600_000
DAY = 24 * HOUR
EVENT_OVERHEAD = 26
BATCH_MAX = 1_048_576


@pytest.fixture
def logs(client):
    logs = client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    return logs


def now_ms():
    return int(time.time() * 1000)


def put(logs, *events, group="g"):
    return logs.put_log_events(logGroupName=group, logStreamName="s",
                               logEvents=[{"timestamp": t, "message": m} for t, m in events])


def messages(logs, group="g"):
    return [e["message"] for e in logs.filter_log_events(logGroupName=group)["events"]]


def stored(logs, group="g"):
    return logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["storedBytes"]


def test_a_batch_of_exactly_one_mebibyte(logs):
    now = now_ms()
    half = BATCH_MAX // 2 - EVENT_OVERHEAD
    put(logs, (now, "x" * half), (now, "y" * half))
    assert stored(logs) == BATCH_MAX
    assert refused(put, logs, (now, "x" * half), (now, "y" * (half + 1))) == (
        "InvalidParameterException", "Upload too large: 1048577 bytes exceeds limit of 1048576")
    assert stored(logs) == BATCH_MAX


def test_sizes_count_bytes_and_not_characters(logs):
    euro = "\u20ac" * ((BATCH_MAX - EVENT_OVERHEAD) // 3)
    put(logs, (now_ms(), euro))
    assert messages(logs) == [euro]
    assert refused(put, logs, (now_ms(), euro + "\u20ac")) == (
        "InvalidParameterException", "Log event too large: 1048577 bytes exceeds limit of 1048576")


def test_events_between_256_kb_and_1_mb_are_taken(logs):  # 256 KB was the limit until 2025
    put(logs, (now_ms(), "z" * 300_000))
    assert [len(m) for m in messages(logs)] == [300_000]


def test_ten_thousand_events_are_a_batch_and_one_more_is_not(logs):
    now = now_ms()
    put(logs, *[(now, str(i)) for i in range(10_000)])
    assert messages(logs) == [str(i) for i in range(10_000)]
    code, text = refused(put, logs, *[(now, "m")] * 10_001)
    assert code == "InvalidParameterException"
    assert "at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to 10000" in text


def test_an_empty_batch_and_an_empty_message(call, logs):
    place = {"logGroupName": "g", "logStreamName": "s"}
    assert refused(call, "PutLogEvents", logEvents=[], **place) == (  # recorded
        "InvalidParameterException", "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy "
        "constraint: Member must have length greater than or equal to 1")
    assert refused(call, "PutLogEvents", logEvents=[{"timestamp": now_ms(), "message": ""}], **place) == (
        "InvalidParameterException", "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to "
        "satisfy constraint: Member must have length greater than or equal to 1")
    code, text = refused(call, "PutLogEvents", logEvents=[{"timestamp": -1, "message": "m"}], **place)
    assert code == "InvalidParameterException"
    assert "at 'logEvents.1.member.timestamp' failed to satisfy constraint: Member must have value greater than or " in text
    code, text = refused(call, "PutLogEvents", logEvents=[{"message": "m"}], **place)
    assert "Value null at 'logEvents.1.member.timestamp' failed to satisfy constraint: Member must not be null" in text


def test_a_batch_spans_at_most_24_hours(logs):
    now = now_ms()
    put(logs, (now - DAY, "a"), (now, "b"))
    assert refused(put, logs, (now - DAY - 1, "a"), (now, "b")) == (
        "InvalidParameterException",
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    # Only events that are kept count for the span.
    answer = put(logs, (now - 15 * DAY, "old"), (now, "c"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}


def test_the_order_is_checked_before_the_span(logs):
    now = now_ms()
    order = "Log events in a single PutLogEvents request must be in chronological order."
    assert refused(put, logs, (now, "a"), (now - 2 * DAY, "b")) == ("InvalidParameterException", order)  # recorded
    put(logs, (now, "a"), (now, "b"))  # equal is fine
    assert messages(logs) == ["a", "b"]


def test_old_and_future_events_are_left_out_and_told(logs):
    now = now_ms()
    answer = put(logs, (now - 14 * DAY - HOUR, "too old"), (now - 14 * DAY + HOUR, "old"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    answer = put(logs, (now, "now"), (now + 2 * HOUR - 60_000, "ahead"), (now + 2 * HOUR + 60_000, "too new"),
                 (now + 3 * HOUR, "far too new"))
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 2}
    assert messages(logs) == ["old", "now", "ahead"]


def test_a_batch_of_which_nothing_is_kept_succeeds(logs):
    answer = put(logs, (0, "a"), (1, "b"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 2}
    assert len(answer["nextSequenceToken"]) == 56 and answer["nextSequenceToken"].startswith("49")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert messages(logs) == []


def test_events_beyond_the_retention_are_left_out(logs):
    logs.put_retention_policy(logGroupName="g", retentionInDays=3)
    now = now_ms()
    answer = put(logs, (now - 3 * DAY - HOUR, "expired"), (now - 3 * DAY + HOUR, "kept"))
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    answer = put(logs, (now - 15 * DAY, "too old"), (now - 5 * DAY, "expired"), (now, "kept"), (now + 3 * HOUR, "new"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 2,
                                               "tooNewLogEventStartIndex": 3}
    assert messages(logs) == ["kept", "kept"]


def test_nothing_is_said_where_nothing_was_rejected(logs):
    assert "rejectedLogEventsInfo" not in put(logs, (now_ms(), "m"))


def test_sequence_tokens_are_ignored(logs):
    events = [{"timestamp": now_ms(), "message": "m"}]
    for token in ("1", "49" + "0" * 54):
        logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events, sequenceToken=token)
    assert messages(logs) == ["m", "m"]


def test_texts_come_back_as_they_were(logs):
    texts = ["a\nb\n", "\t", "\u20ac \U0001f680 \u0000x", '{"a":"\\u00e9"}', " "]
    put(logs, *[(now_ms(), text) for text in texts])
    assert messages(logs) == texts


# Verified on AWS: no. RFC 8259: JSON text is UTF-8.
@pytest.mark.parametrize("text", [b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"])
def test_invalid_utf_8_is_refused(daemon, logs, text):
    body = (b'{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":%d,"message":"a%sb"}]}'
            % (now_ms(), text))
    code, _ = refused(signed_call, daemon.endpoint, "logs", "Logs_20140328.PutLogEvents", body)
    assert code == "SerializationException"
    assert messages(logs) == []


def test_a_lone_surrogate_is_refused_or_replaced(daemon, logs):
    body = json.dumps({"logGroupName": "g", "logStreamName": "s",
                       "logEvents": [{"timestamp": now_ms(), "message": "a@b"}]}).replace("@", "\\ud800").encode()
    code, _ = refused(signed_call, daemon.endpoint, "logs", "Logs_20140328.PutLogEvents", body)
    assert code == "SerializationException"


def test_a_compressed_batch_is_taken_and_a_broken_one_is_not(daemon, logs):
    body = gzip.compress(json.dumps({"logGroupName": "g", "logStreamName": "s", "logEvents": [
        {"timestamp": now_ms(), "message": "packed"}]}).encode())
    packed = {"headers": {"Content-Encoding": "gzip"}}
    signed_call(daemon.endpoint, "logs", "Logs_20140328.PutLogEvents", body, **packed)
    assert messages(logs) == ["packed"]
    for broken in (body[:-9], b"plain", body[:20] + b"xxxx" + body[24:]):
        assert refused(signed_call, daemon.endpoint, "logs", "Logs_20140328.PutLogEvents", broken, **packed)[0] == (
            "MalformedHttpRequestException")
    assert messages(logs) == ["packed"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"logGroupName":', b'{"logGroupName":1}', b"null", b"\x00"])
def test_what_is_no_request_is_refused(daemon, logs, body):
    code, _ = refused(signed_call, daemon.endpoint, "logs", "Logs_20140328.PutLogEvents", body)
    assert code in ("SerializationException", "InvalidParameterException")


def test_a_body_of_many_mebibytes_is_refused_and_the_daemon_goes_on(daemon, logs):
    body = b'{"logGroupName":"' + b"a" * (40 << 20) + b'"}'
    try:
        code, _ = refused(signed_call, daemon.endpoint, "logs", "Logs_20140328.PutLogEvents", body)
        assert code in ("RequestEntityTooLarge", "InvalidParameterException", "RequestEntityTooLargeException")
    except OSError:
        pass  # the connection is closed before all is sent
    put(logs, (now_ms(), "m"))
    assert messages(logs) == ["m"]


def test_a_missing_place_and_another_region(daemon, logs):
    events = [{"timestamp": now_ms(), "message": "m"}]
    assert refused(logs.put_log_events, logGroupName="g", logStreamName="x", logEvents=events) == (
        "ResourceNotFoundException", "The specified log stream does not exist.")  # recorded
    elsewhere = make_client("logs", daemon.endpoint, region="eu-west-1")
    assert REGION != "eu-west-1"
    assert refused(elsewhere.put_log_events, logGroupName="g", logStreamName="s", logEvents=events) == (
        "ResourceNotFoundException", "The specified log group does not exist.")  # recorded
