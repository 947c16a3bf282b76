# SPDX-License-Identifier: Apache-2.0
"""A real daemon and real clients. Each test gets a fresh state from `POST /_weir/reset`; nothing sleeps: what takes
time in the pipeline is passed over with `POST /_weir/clock`."""

import configparser
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = TOP / os.environ.get("WEIR", "build/release/weir")
START_SECONDS_MAX = 60  # a sanitizer build on a busy machine; the time itself is a benchmark's business
REGION = "us-east-1"


def clean_environment():
    """Without what would be settings of `weir` or of AWS clients."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("WEIR_", "AWS_"))}


class Daemon:
    """A `weir serve` process on a free port."""

    def __init__(self, *arguments, data=None, prefix=(), listen="127.0.0.1:0"):
        self.command = [*prefix, str(BINARY), "serve", "--listen", listen, "--log-level", "warn", *arguments]
        if data is not None:
            self.command += ["--data", str(data)]
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env=clean_environment())
        line = self.process.stdout.readline()
        match = re.search(r"ready at (\S+)", line)
        if not match:
            self.process.wait(START_SECONDS_MAX)
            raise AssertionError(f"{' '.join(self.command)} did not start: {line}{self.errors()}")
        self.endpoint = match.group(1)

    def errors(self):
        self.log.seek(0)
        return self.log.read()

    def post(self, path, body=None):
        data = json.dumps(body or {}).encode()
        request = urllib.request.Request(self.endpoint + path, data=data, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def get(self, path):
        with urllib.request.urlopen(self.endpoint + path, timeout=60) as answer:
            return answer.read().decode()

    def advance(self, seconds):
        self.post("/_weir/clock", {"advanceSeconds": seconds})

    def stop(self):
        """Asks it to end and fails on a crash or a sanitizer report."""
        self.process.terminate()
        code = self.process.wait(60)
        errors = self.errors()
        assert code == 0, f"exit code {code}\n{errors}"
        assert "Sanitizer" not in errors, errors

    def kill(self):
        self.process.kill()
        self.process.wait(60)


def make_client(service, endpoint, access_key="test", secret="test", region=REGION, **config):
    settings = {"retries": {"max_attempts": 0}, "connect_timeout": 5, "read_timeout": 60, **config}
    if service == "s3":
        settings.setdefault("s3", {"addressing_style": "path"})
    return boto3.client(service, endpoint_url=endpoint, region_name=region, aws_access_key_id=access_key,
                        aws_secret_access_key=secret, config=botocore.config.Config(**settings))


def credentials_of(data):
    """The admin key that the daemon made in its data folder."""
    profile = configparser.ConfigParser()
    profile.read(pathlib.Path(data) / "credentials")
    return profile["default"]["aws_access_key_id"], profile["default"]["aws_secret_access_key"]


def signed_call(endpoint, service, target, body, **options):
    """POSTs a signed AWS JSON 1.1 request, for what the boto3 of this machine does not know or would not send; `body`
    may be bytes that are no JSON. Returns the answer, or raises a ClientError as boto3 does."""
    with signed_open(endpoint, service, target, body, **options) as answer:
        return json.loads(answer.read() or b"{}")


def signed_open(endpoint, service, target, body, access_key="test", secret="test", region=REGION, headers=None):
    """signed_call() whose answer is still to be read."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = botocore.awsrequest.AWSRequest(
        "POST", endpoint + "/", data=data,
        headers={"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1", **(headers or {})})
    credentials = botocore.credentials.Credentials(access_key, secret)
    botocore.auth.SigV4Auth(credentials, service, region).add_auth(request)
    plain = urllib.request.Request(request.url, data=data, headers=dict(request.headers.items()))
    try:
        return urllib.request.urlopen(plain, timeout=60)
    except urllib.error.HTTPError as problem:
        told = json.loads(problem.read())
        error = {"Code": told["__type"], "Message": told.get("message", "")}
        raise botocore.exceptions.ClientError({"Error": error, "Body": told}, target.split(".")[1]) from None


def refused(call, *arguments, **members):
    """The code and text of the error that a call must end with."""
    with pytest.raises(botocore.exceptions.ClientError) as problem:
        call(*arguments, **members)
    error = problem.value.response["Error"]
    return error["Code"], error["Message"]


def wait_for(condition, what, seconds=30):
    """For what another process does; the daemon's own time is advanced instead."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


@pytest.fixture(scope="session")
def shared_daemon():
    # The loopback device stands for a network interface, so that flow records and blocks have one to belong to.
    daemon = Daemon("--ephemeral", "--respond-block", "true", "--interfaces", "lo", "--capture", "false")
    yield daemon
    daemon.stop()


@pytest.fixture
def daemon(shared_daemon):
    shared_daemon.post("/_weir/reset")
    return shared_daemon


@pytest.fixture
def client(daemon):
    return lambda service, **options: make_client(service, daemon.endpoint, **options)


@pytest.fixture
def call(daemon):
    """Any operation of CloudWatch Logs with any members."""
    return lambda operation, **members: signed_call(daemon.endpoint, "logs", "Logs_20140328." + operation, members)


@pytest.fixture
def aws(daemon):
    """Runs aws-cli; returns its JSON answer, or None where it prints nothing."""
    program = shutil.which("aws", path="/usr/bin:/usr/local/bin:" + os.environ.get("PATH", ""))
    if program is None:
        pytest.skip("aws-cli is not installed")

    def run(*arguments, output="json", check=True):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                       "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}
        command = [program, "--endpoint-url", daemon.endpoint, "--output", output, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        if check:
            assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}\n{daemon.errors()}"
        else:
            return done
        return json.loads(done.stdout) if output == "json" and done.stdout.strip() else done.stdout

    return run


class Webhook:
    """An HTTP server that keeps what it was sent, in a thread of this process."""

    def __init__(self):
        import http.server
        import threading

        received = self.received = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((dict(self.headers), body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def messages(self, kind):
        return [json.loads(body) for headers, body in list(self.received)
                if headers.get("x-amz-sns-message-type") == kind]

    def wait(self, kind, count=1):
        return wait_for(lambda: len(self.messages(kind)) >= count and self.messages(kind), f"{count} x {kind}")

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def webhook():
    hook = Webhook()
    yield hook
    hook.close()
