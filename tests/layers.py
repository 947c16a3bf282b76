#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every include of src/ against the module list in cmake/modules.cmake, keeps third-party headers out of
our headers and in the modules that own them, keeps clocks and random numbers in base/runtime.cc, and sees to it that
each header compiles alone: a source or test that includes its own header first shows that whenever it is built; the
other headers are compiled here, and again only when they or what they include have changed (build/layers.json)."""

import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
SRC = TOP / "src"
COMPILED = TOP / "build/layers.json"
# -w: "#pragma once in main file" is the only warning that a header compiled alone gives and others do not.
COMPILER = ["g++", "-std=c++20", "-fsyntax-only", "-w", f"-I{SRC}", f"-I{TOP}/third_party/duckdb", "-x", "c++"]

# Third-party header prefixes and the modules whose .cc files may include them.
OWNERS = {
    "rocksdb/": {"store"},
    "duckdb": {"sql", "columnar"},
    "boost/asio": {"server", "client", "daemon"},
    "boost/beast": {"server", "client", "daemon"},
    "boost/json": {"base", "logs"},
    "simdjson": {"base", "logs"},
    "pcap": {"capture"},
    "libnetfilter_log/": {"capture"},
    "libmnl/": {"capture", "vpc"},
    "curl/": {"client", "cli"},
    "openssl/": {"insights", "server", "wire", "notify", "objects", "queues"},
    "spdlog/": {"base"},
    "yaml-cpp/": {"base"},
    "re2/": {"api/glue", "base", "insights", "logs", "sql"},
    "pugixml": {"wire", "api/s3"},
    "CLI/": {"cli"},
    "zlib.h": {"wire", "columnar"},
    "libdeflate": {"columnar"},
    "zstd": {"logs", "columnar"},
    "isa-l": {"columnar"},
}
# Time and chance come from Runtime, so that the whole pipeline runs on simulated time; only its own file reads them.
CLOCKS = re.compile(r"(system_clock|steady_clock|high_resolution_clock)::now|\brandom_device\b|\bmt19937|\bgetrandom\("
                    r"|\bgettimeofday\(|\bclock_gettime\(|(?<![\w.>])time\((nullptr|NULL|0)\)|\bstd::rand\b")
CLOCK_OWNER = "base/runtime.cc"
# The lock is a temporary that ends before the loop's first round (until C++23).
UNLOCKED_LOOP = re.compile(r"for \([^;{]*:[^;{]*\.lock\(\)\)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def modules():
    text = re.sub(r"#.*", "", (TOP / "cmake/modules.cmake").read_text())
    found = {}
    for body in re.findall(r"weir_module\(([^)]*)\)", text):
        words = body.split()
        deps, into = [], None
        for word in words[1:]:
            if word in ("DEPS", "LIBS"):
                into = word
            elif into == "DEPS":
                deps.append(word)
        found[words[0]] = deps
    return found


def reachable(name, table, seen=()):
    if name in seen:
        raise SystemExit(f"modules.cmake: a cycle through {name}")
    result = set()
    for dep in table[name]:
        if dep not in table:
            raise SystemExit(f"modules.cmake: {name} depends on unknown module {dep}")
        result |= {dep} | reachable(dep, table, (*seen, name))
    return result


def module_of(path, table):
    parts = path.split("/")
    for length in (2, 1):
        name = "/".join(parts[:length])
        if name in table:
            return name
    return None


def is_private(path):
    """Shared by the .cc files of one module only; may name the types of the library that they wrap."""
    return path.stem.endswith("_internal")


def include_errors(path, table, allowed):
    name = module_of(path.relative_to(SRC).as_posix(), table)
    if name is None:
        return [f"{path}: belongs to no module of cmake/modules.cmake"]
    errors = []
    is_test = path.stem.endswith(("_test", "_bench", "_fuzz")) or path.stem.startswith("test_")
    if not is_test and path.relative_to(SRC).as_posix() != CLOCK_OWNER and (found := CLOCKS.search(path.read_text())):
        errors.append(f"{path}: {found.group(0)}: take time and chance from Runtime")
    if found := UNLOCKED_LOOP.search(path.read_text()):
        errors.append(f"{path}: {found.group(0)}: name the lock before the loop, it would end before the first round")
    for kind, target in INCLUDE.findall(path.read_text()):
        ours = kind == '"' and module_of(target, table)
        if ours and ours != name and target.endswith("_internal.h"):
            errors.append(f"{path}: {target} is private to {ours}")
        if ours and ours != name and ours not in allowed[name]:
            errors.append(f"{path}: {name} may not include {target} (add {ours} to its DEPS or turn the dependency round)")
        for prefix, owners in OWNERS.items():
            if not ours and target.startswith(prefix):
                if path.suffix == ".h" and not is_private(path):
                    errors.append(f"{path}: third-party header {target} in a header")
                elif name not in owners and not is_test:
                    errors.append(f"{path}: {target} belongs to {', '.join(sorted(owners))}")
    return errors


def shown_by_build(sources):
    """The headers that a source or test of every build includes before anything else."""
    shown = set()
    for path in sources:
        if path.suffix == ".cc" and not path.stem.endswith(("_bench", "_fuzz")):
            first = INCLUDE.search(path.read_text())
            if first and first.group(1) == '"':
                shown.add(SRC / first.group(2))
    return shown


@functools.cache
def digest(path):
    try:
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    except OSError:
        return None  # gone: unlike every digest that was kept


def compile_alone(header):
    """The error, and the files that were read with their digests."""
    with tempfile.NamedTemporaryFile() as dependencies:
        done = subprocess.run([*COMPILER, "-MD", "-MF", dependencies.name, str(header)], capture_output=True, text=True,
                              check=False)
        if done.returncode:
            return f"{header}: does not compile alone\n{done.stderr}", None
        files = pathlib.Path(dependencies.name).read_text().partition(":")[2].replace("\\\n", " ").split()
    return None, {file: digest(file) for file in files}


def compile_errors(headers):
    """Compiles those that are not known to compile as they are; the number of them and their errors."""
    compiler = " ".join(COMPILER) + subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True).stdout
    known = json.loads(COMPILED.read_text()) if COMPILED.exists() else {}
    if known.get("compiler") != compiler:
        known = {"compiler": compiler, "headers": {}}
    good = {name: files for name, files in known["headers"].items()
            if all(digest(file) == kept for file, kept in files.items())}
    due = [header for header in headers if str(header) not in good]
    errors = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, (error, files) in zip(due, pool.map(compile_alone, due)):
            if error:
                errors.append(error)
            else:
                good[str(header)] = files
    COMPILED.parent.mkdir(exist_ok=True)
    COMPILED.write_text(json.dumps({"compiler": compiler, "headers": good}))
    return len(due), errors


def main():
    table = modules()
    allowed = {name: reachable(name, table) for name in table}
    sources = sorted([*SRC.rglob("*.h"), *SRC.rglob("*.cc")])
    errors = [error for path in sources for error in include_errors(path, table, allowed)]
    headers = [path for path in sources if path.suffix == ".h"]
    shown = shown_by_build(sources)
    compiled, found = compile_errors([path for path in headers if path not in shown])
    errors += found
    for error in errors:
        print(error, file=sys.stderr)
    print(f"layers: {len(sources)} files of {len(table)} modules; of {len(headers)} headers {len(shown & set(headers))} are "
          f"shown by the build to compile alone, {compiled} were compiled now; {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
