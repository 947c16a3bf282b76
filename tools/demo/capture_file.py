# SPDX-License-Identifier: Apache-2.0
"""What can be shown without root: a port scan in a capture file that is made here becomes flow records."""

import pathlib
import struct
import subprocess
import tempfile

START = 1767603600  # 2026-01-05 09:00:00 UTC


def packet(at, source, destination, source_port, destination_port, flags):
    tcp = struct.pack("!HHIIBBHHH", source_port, destination_port, 0, 0, 0x50, flags, 64240, 0, 0)
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(map(int, source.split("."))),
                         bytes(map(int, destination.split("."))))
    frame = b"\x02" * 12 + b"\x08\x00" + header + tcp
    return struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame


def scan():
    """A scanner that tries 20 ports; the host answers on two of them."""
    packets = b""
    for number, port in enumerate((21, 22, 23, 25, 53, 80, 110, 135, 139, 143, 443, 445, 993, 1433, 3306, 3389, 5432,
                                   5900, 6379, 8080)):
        at = START + number * 0.05
        packets += packet(at, "198.51.100.66", "10.77.1.10", 50000, port, 0x02)
        packets += packet(at + 0.001, "10.77.1.10", "198.51.100.66", port, 50000, 0x12 if port in (80, 443) else 0x14)
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + packets


def play(binary):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "scan.pcap"
        file.write_bytes(scan())
        command = [str(binary), "capture", "--read", str(file), "--header"]
        print("$ weir capture --read scan.pcap --header")
        shown = subprocess.run(command, capture_output=True, text=True, check=False)
        print(shown.stdout, shown.stderr, sep="")
    records = shown.stdout.count(" OK\n")
    print(f"{records} flow records: each port that was tried, and each answer (a closed port answers RST).")
    return 0 if shown.returncode == 0 and records == 40 else 1
