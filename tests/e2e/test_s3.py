# SPDX-License-Identifier: Apache-2.0
"""S3 with the clients that people use: aws-cli, boto3's transfer manager and rclone."""

import datetime
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import boto3.s3.transfer
import pytest

from conftest import Daemon, clean_environment, credentials_of, make_client, refused, wait_for

OPTIONS = ("--capture", "false", "--enforce", "false")
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    started = Daemon(*OPTIONS, data=tmp_path_factory.mktemp("s3"))
    started.data = started.command[-1]
    yield started
    started.stop()


@pytest.fixture
def keys(daemon):
    return credentials_of(daemon.data)


@pytest.fixture
def s3(daemon, keys):
    return make_client("s3", daemon.endpoint, *keys)


@pytest.fixture
def bucket(s3, request):
    name = "b-" + hashlib.sha256(request.node.name.encode()).hexdigest()[:20]
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def environment(keys):
    return {**clean_environment(), "AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1],
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}


def run(*command, env, check=True):
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in pathlib.Path(folder).rglob("*")
            if path.is_file()}


def test_aws_cli_copies_syncs_moves_removes_and_presigns(daemon, bucket, environment, tmp_path):
    aws = ("aws", "--endpoint-url", daemon.endpoint, "s3")
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "small.txt").write_text("small")
    (source / "deep" / "a b+ü.txt").write_text("odd name")
    (source / "large.bin").write_bytes(os.urandom(20 * MEGABYTE))
    run(*aws, "sync", str(source), f"s3://{bucket}/tree/", env=environment)
    run(*aws, "sync", f"s3://{bucket}/tree/", str(tmp_path / "back"), env=environment)
    assert files(tmp_path / "back") == files(source)
    assert "upload" not in run(*aws, "sync", str(source), f"s3://{bucket}/tree/", env=environment)
    run(*aws, "cp", f"s3://{bucket}/tree/large.bin", f"s3://{bucket}/copy.bin", env=environment)
    run(*aws, "mv", f"s3://{bucket}/copy.bin", str(tmp_path / "moved.bin"), env=environment)
    assert (tmp_path / "moved.bin").read_bytes() == (source / "large.bin").read_bytes()
    url = run(*aws, "presign", f"s3://{bucket}/tree/small.txt", env=environment).strip()
    assert urllib.request.urlopen(url, timeout=10).read() == b"small"
    run(*aws, "rm", "--recursive", f"s3://{bucket}/", env=environment)
    assert run(*aws, "ls", "--recursive", f"s3://{bucket}/", env=environment) == ""


def test_the_transfer_manager_moves_100_mb(s3, bucket, tmp_path):
    data = os.urandom(100 * MEGABYTE)
    (tmp_path / "up").write_bytes(data)
    config = boto3.s3.transfer.TransferConfig(multipart_threshold=8 * MEGABYTE, max_concurrency=8)
    s3.upload_file(str(tmp_path / "up"), bucket, "big", Config=config)
    assert s3.head_object(Bucket=bucket, Key="big")["ETag"].strip('"').endswith("-13")
    s3.download_file(bucket, "big", str(tmp_path / "down"), Config=config)
    assert (tmp_path / "down").read_bytes() == data


def test_rclone(daemon, bucket, environment, tmp_path):
    if not shutil.which("rclone"):
        pytest.skip("rclone is not installed")
    remote = {"RCLONE_CONFIG_WEIR_TYPE": "s3", "RCLONE_CONFIG_WEIR_PROVIDER": "Other",
              "RCLONE_CONFIG_WEIR_ENV_AUTH": "true", "RCLONE_CONFIG_WEIR_ENDPOINT": daemon.endpoint,
              "RCLONE_CONFIG": str(tmp_path / "none.conf")}
    source = tmp_path / "source"
    (source / "x" / "y").mkdir(parents=True)
    (source / "x" / "y" / "deep").write_text("1")
    (source / "x" / "file %20").write_text("2")
    (source / "big").write_bytes(os.urandom(12 * MEGABYTE))
    env = {**environment, **remote}
    run("rclone", "copy", "--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M", str(source),
        f"weir:{bucket}/r", env=env)
    run("rclone", "check", "--download", str(source), f"weir:{bucket}/r", env=env)
    run("rclone", "purge", f"weir:{bucket}/r", env=env)
    assert run("rclone", "lsf", "-R", f"weir:{bucket}", env=env) == ""


@pytest.fixture
def localhost_names(monkeypatch):
    """Names below localhost lead to this host (RFC 6761), also where the system's resolver does not say so."""
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: look_up(
        "127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **more))


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_both_addressing_styles(daemon, keys, bucket, style, localhost_names):
    endpoint = daemon.endpoint.replace("127.0.0.1", "s3.localhost")
    client = make_client("s3", endpoint, *keys, s3={"addressing_style": style})
    client.put_object(Bucket=bucket, Key="k", Body=b"styled")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"styled"


def test_presigned_urls_of_both_signatures(daemon, keys, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a b", Body=b"x")
    for version in ("s3", "s3v4"):
        client = make_client("s3", daemon.endpoint, *keys, signature_version=version)
        url = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b"})
        assert urllib.request.urlopen(url, timeout=10).read() == b"x"
        with pytest.raises(urllib.error.HTTPError) as problem:
            urllib.request.urlopen(url.replace("a%20b", "other"), timeout=10)
        assert problem.value.code == 403


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_kept_and_checked(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"data", ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Checksum" + algorithm] == put["Checksum" + algorithm]
    assert got["Body"].read() == b"data"
    wrong = {"Checksum" + algorithm: put["Checksum" + algorithm]}
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"other", **wrong)[0] == "BadDigest"


ODD_KEYS = ["a", "a/b", "a/b/", "../up", "./x", "a//b", "/lead", "%2e", "naïve", "nai\u0308ve", "\U0001f600", "x" * 1024,
            "ends.", ".hidden", "new\nline", "q?x=1&y", "a+b c", "tab\t"]


# Keys are bytes, not paths (S3 User Guide, "Object key names"): each is an object of its own.
def test_odd_keys_are_all_different_objects(s3, bucket):
    for number, key in enumerate(ODD_KEYS):
        s3.put_object(Bucket=bucket, Key=key, Body=str(number).encode())
    for number, key in enumerate(ODD_KEYS):
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == str(number).encode(), key
    listed = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == sorted(ODD_KEYS, key=lambda key: key.encode())
    assert refused(s3.put_object, Bucket=bucket, Key="x" * 1025, Body=b"")[0] == "KeyTooLongError"


def test_a_body_that_ends_early_stores_nothing(daemon, s3, bucket):
    url = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "short"})
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.putrequest("PUT", f"{parts.path}?{parts.query}")
    connection.putheader("Content-Length", "1000")
    connection.endheaders()
    connection.send(b"x" * 10)
    connection.close()
    assert refused(s3.head_object, Bucket=bucket, Key="short")[0] == "404"


def test_parts_out_of_order_and_too_small_are_refused(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    where = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    etags = {number: s3.upload_part(PartNumber=number, Body=b"x", **where)["ETag"] for number in (2, 1)}

    def complete(*numbers):
        parts = [{"PartNumber": number, "ETag": etags[number]} for number in numbers]
        return s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **where)

    assert refused(complete, 2, 1)[0] == "InvalidPartOrder"
    assert refused(complete, 1, 2)[0] == "EntityTooSmall"
    s3.abort_multipart_upload(**where)
    assert refused(s3.list_parts, **where)[0] == "NoSuchUpload"


def test_versions_and_their_pages(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    ids = [s3.put_object(Bucket=bucket, Key="k", Body=str(i).encode())["VersionId"] for i in range(5)]
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"]
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    assert [v["VersionId"] for page in pages for v in page.get("Versions", [])] == ids[::-1]
    assert refused(s3.head_object, Bucket=bucket, Key="k")[0] == "404"
    everything = [{"Key": "k", "VersionId": version} for version in [*ids, marker["VersionId"]]]
    assert not s3.delete_objects(Bucket=bucket, Delete={"Objects": everything}).get("Errors")
    s3.delete_bucket(Bucket=bucket)


def test_compliance_holds_against_the_admin(s3):
    s3.create_bucket(Bucket="worm", ObjectLockEnabledForBucket=True)
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    put = s3.put_object(Bucket="worm", Key="k", Body=b"x", ObjectLockMode="COMPLIANCE",
                        ObjectLockRetainUntilDate=until, ChecksumAlgorithm="CRC32")
    version = {"Bucket": "worm", "Key": "k", "VersionId": put["VersionId"]}
    assert refused(s3.delete_object, BypassGovernanceRetention=True, **version)[0] == "AccessDenied"
    assert refused(s3.put_object_retention, BypassGovernanceRetention=True, Retention={
        "Mode": "COMPLIANCE", "RetainUntilDate": until - datetime.timedelta(hours=1)}, **version)[0] == "AccessDenied"
    assert s3.get_object_retention(**version)["Retention"]["Mode"] == "COMPLIANCE"


def test_events_reach_queues_and_topics(daemon, keys, s3, bucket):
    sqs = make_client("sqs", daemon.endpoint, *keys)
    sns = make_client("sns", daemon.endpoint, *keys)
    direct = sqs.create_queue(QueueName="direct")["QueueUrl"]
    behind = sqs.create_queue(QueueName="behind")["QueueUrl"]

    def arn(url):
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    topic = sns.create_topic(Name="bucket-events")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn(behind), Attributes={"RawMessageDelivery": "true"})
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "QueueConfigurations": [{"QueueArn": arn(direct), "Events": ["s3:ObjectCreated:*"], "Filter": {
            "Key": {"FilterRules": [{"Name": "suffix", "Value": ".gz"}]}}}],
        "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectRemoved:*"]}]})
    s3.put_object(Bucket=bucket, Key="logs/a b.gz", Body=b"12345")
    s3.put_object(Bucket=bucket, Key="logs/other", Body=b"12345")
    s3.delete_object(Bucket=bucket, Key="logs/a b.gz")

    def received(url, count):
        got = []

        def more():
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                got.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return len(got) >= count
        wait_for(more, f"{count} messages")
        return got

    test, created = received(direct, 2)
    assert test["Event"] == "s3:TestEvent"
    record = created["Records"][0]
    assert (record["eventName"], record["s3"]["object"]["key"], record["s3"]["object"]["size"]) == (
        "ObjectCreated:Put", "logs/a+b.gz", 5)
    names = [message.get("Event") or message["Records"][0]["eventName"] for message in received(behind, 2)]
    assert sorted(names) == ["ObjectRemoved:Delete", "s3:TestEvent"]
    missing = {"QueueConfigurations": [{"QueueArn": arn(direct) + "x", "Events": ["s3:ObjectCreated:*"]}]}
    assert refused(s3.put_bucket_notification_configuration, Bucket=bucket,
                   NotificationConfiguration=missing)[0] == "InvalidArgument"


def test_a_policy_opens_a_bucket_to_everybody(daemon, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"public")
    url = f"{daemon.endpoint}/{bucket}/k"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringLike": {"aws:UserAgent": "Python-urllib/*"}}}]})
    with pytest.raises(urllib.error.HTTPError) as problem:
        urllib.request.urlopen(url, timeout=10)
    assert problem.value.code == 403
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=policy)[0] == "AccessDenied"
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert urllib.request.urlopen(url, timeout=10).read() == b"public"
    other = urllib.request.Request(url, headers={"User-Agent": "other"})
    with pytest.raises(urllib.error.HTTPError) as problem:
        urllib.request.urlopen(other, timeout=10)
    assert problem.value.code == 403
    with pytest.raises(urllib.error.HTTPError) as problem:
        urllib.request.urlopen(urllib.request.Request(url, data=b"y", method="PUT"), timeout=10)
    assert problem.value.code == 403


# Everything is private until a policy says otherwise, and policies cannot while public access is blocked.
def test_strangers_see_nothing_by_default(daemon, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"secret")

    def status_of(method, path, body=None):
        connection = http.client.HTTPConnection(daemon.endpoint.split("://")[1], timeout=10)
        connection.request(method, path, body=body)
        return connection.getresponse().status
    requests = [("GET", f"/{bucket}/k"), ("HEAD", f"/{bucket}/k"), ("GET", f"/{bucket}"), ("GET", "/"), ("HEAD", f"/{bucket}"),
                ("DELETE", f"/{bucket}/k"), ("DELETE", f"/{bucket}"), ("GET", f"/{bucket}?policy"), ("GET", f"/{bucket}?acl"),
                ("GET", f"/{bucket}?versions"), ("GET", f"/{bucket}?uploads"), ("GET", f"/{bucket}/k?tagging"),
                ("PUT", "/stranger-bucket")]
    assert {(method, path): status_of(method, path) for method, path in requests} == dict.fromkeys(requests, 403)
    for method, path in (("PUT", f"/{bucket}/new"), ("PUT", f"/{bucket}?policy"), ("PUT", f"/{bucket}?publicAccessBlock"),
                         ("POST", f"/{bucket}/k?uploads"), ("PUT", f"/{bucket}?versioning")):
        assert status_of(method, path, b"x") == 403, (method, path)
    status_of("POST", f"/{bucket}?delete", b"<Delete><Object><Key>k</Key></Object></Delete>")  # an error for each key
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"
    open_to_all = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]}
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps(open_to_all))[0] == "AccessDenied"
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(open_to_all))
    assert status_of("GET", f"/{bucket}/k") == 200
    assert status_of("GET", f"/{bucket}") == 403 and status_of("PUT", f"/{bucket}/new", b"x") == 403
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"
