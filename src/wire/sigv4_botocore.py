# SPDX-License-Identifier: Apache-2.0
"""Signs odd requests with botocore, one JSON object a line, for sigv4_botocore_test.cc."""
import json
import random
import sys
from urllib.parse import quote

import botocore.auth as auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
rng = random.Random(int(sys.argv[1]))
ODD = "ab/cZ09-._~ +%&=?#:;,@!$'()*\"<>[]{}|\\^`\u00e9\u1234\U0001f600"


def odd_text(size):
    return "".join(rng.choice(ODD) for _ in range(rng.randint(0, size)))


def request(is_s3, has_body):
    path = "/" + quote("bucket/" + odd_text(20), safe="/~") if is_s3 else "/" + quote(odd_text(12), safe="/~")
    if not is_s3 and rng.random() < 0.5:
        path = "/"
    query = "&".join(quote(odd_text(6) or "x", safe="~") + "=" + quote(odd_text(6), safe="~")
                     for _ in range(rng.randint(0, 4)))
    method = rng.choice(["GET", "PUT", "POST"])
    body = odd_text(30).encode() if has_body and method != "GET" else b""
    headers = {"X-Amz-Meta-Odd": "a  b " + str(rng.randint(0, 9)), "Content-Type": "text/plain; charset=utf-8"}
    host = rng.choice(["localhost:4566", "bucket.s3.localhost:4566", "example.com"])
    url = "http://" + host + path + ("?" + query if query else "")
    made = AWSRequest(method=method, url=url, data=body, headers=headers)
    made.context = {"client_config": None, "signing": {}}
    return made


def emit(kind, made, is_s3):
    ready = made.prepare()
    target = "/" + ready.url.split("://", 1)[1].split("/", 1)[1]
    body = made.data or b""
    headers = dict(ready.headers.items())
    headers = {k: (v.decode() if isinstance(v, bytes) else v) for k, v in headers.items()}
    if kind == "presigned_v2":
        headers = {}  # an address is all that a browser has
    headers.setdefault("Host", ready.url.split("/")[2])
    print(json.dumps({"kind": kind, "s3": is_s3, "method": ready.method, "target": target,
                      "headers": headers, "body": body.decode()}))


for _ in range(int(sys.argv[2])):
    token = rng.choice([None, "token/with+odd=chars"])
    keys = Credentials(ACCESS, SECRET, token)
    for service, is_s3 in (("logs", False), ("sns", False), ("s3", True)):
        made = request(is_s3, True)
        (auth.S3SigV4Auth if is_s3 else auth.SigV4Auth)(keys, service, "eu-west-1").add_auth(made)
        emit("header", made, is_s3)
        made = request(is_s3, False)
        (auth.S3SigV4QueryAuth if is_s3 else auth.SigV4QueryAuth)(keys, service, "eu-west-1").add_auth(made)
        emit("presigned", made, is_s3)
    path = "/bucket/" + quote(odd_text(20), safe="/~")
    made = AWSRequest(method="GET", url="http://localhost:4566" + path + rng.choice(["", "?versionId=3&acl"]))
    auth.HmacV1QueryAuth(keys, expires=600).add_auth(made)
    emit("presigned_v2", made, True)
