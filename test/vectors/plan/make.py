"""Writes the samples of this folder. The same each time: python3 test/vectors/plan/make.py"""
import gzip
import json
import math
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).parent
START = datetime(2026, 10, 8, 7, 30, tzinfo=timezone.utc)
# The lines of the specification.
OLD = "REPORT RequestId: 8f5c0000-0000-4000-8000-000000000000\tDuration: 469.40 ms\tBilled Duration: 500 ms\tMemory Size: 1024 MB\tMax Memory Used: 21 MB\tInit Duration: 100.99 ms\t"
PLATFORM = {"time": "2026-10-08T07:30:29.470Z", "type": "platform.report", "record": {"requestId": "79b5", "metrics": {"durationMs": 1233.96, "billedDurationMs": 1698, "memorySizeMB": 256, "maxMemoryUsedMB": 123, "initDurationMs": 463.512}, "status": "success"}}
RESTORED = "REPORT RequestId: 8f5c0000-0000-4000-8000-000000000001\tDuration: 121.32 ms\tBilled Duration: 346 ms\tMemory Size: 1024 MB\tMax Memory Used: 129 MB\tRestore Duration: 501.57 ms\tBilled Restore Duration: 224 ms\t"
TIMEOUT = "REPORT RequestId: 8f5c0000-0000-4000-8000-000000000002\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 1024 MB\tMax Memory Used: 40 MB\tStatus: timeout"
XRAY = "XRAY TraceId: 1-5bef4de7-ad49b0e87f6ef6c87fc2e700\tSegmentId: 0b8c2f6f\tSampled: true"
INIT = "INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: timeout"
BROKEN = "REPORT RequestId: 8f5c0000-0000-4000-8000-000000000003\tDuration: soon\tBilled Duration: 500 ms\tMemory Size: 1024 MB"

rng = random.Random(18)
at = START
calls = []
for number in range(24):
    at += timedelta(seconds=rng.expovariate(1))
    duration = round(rng.lognormvariate(math.log(590), 0.4), 2)
    calls.append((number, at, duration, round(rng.uniform(900, 2500), 2) if number % 12 == 0 else None))


def billed(duration, init):
    return math.ceil(duration + (init or 0))


def line(call):
    number, _, duration, init = call
    tail = "" if init is None else f"\tInit Duration: {init:.2f} ms"
    return f"REPORT RequestId: 8f5c0000-0000-4000-8000-1{number:011d}\tDuration: {duration:.2f} ms\tBilled Duration: {billed(duration, init)} ms\tMemory Size: 1024 MB\tMax Memory Used: 612 MB{tail}\t"


def platform(call):
    number, ended, duration, init = call
    metrics = {"durationMs": duration, "billedDurationMs": billed(duration, init), "memorySizeMB": 1024, "maxMemoryUsedMB": 612}
    if init is not None:
        metrics["initDurationMs"] = init
    return {"time": iso(ended), "type": "platform.report", "record": {"requestId": f"r{number}", "metrics": metrics, "status": "success"}}


def iso(time):
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write(name, lines):
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


STREAM = "2026/10/08/[$LATEST]79b5e0c1f0a94c3d8a7b6c5d4e3f2a1b"
report = [OLD, "START RequestId: 8f5c Version: $LATEST", *map(line, calls), RESTORED, TIMEOUT, XRAY, INIT, BROKEN]
write("report.log", report)
(HERE / "report.log.gz").write_bytes(gzip.compress((HERE / "report.log").read_bytes(), mtime=0))
write("tail.log", [f"{call[1].isoformat(timespec='microseconds')} {STREAM} {line(call)}" for call in calls] + [f"{iso(at)} {STREAM} {XRAY}"])
write("platform.jsonl", [json.dumps(PLATFORM), json.dumps({"time": iso(at), "type": "platform.start", "record": {}})]
      + [json.dumps(platform(call)) for call in calls]
      + [json.dumps({"time": iso(at), "type": "platform.initReport", "record": {"status": "error", "metrics": {"durationMs": 1236.04}}}),
         json.dumps({"time": iso(at), "type": "platform.report", "record": {}})])
write("tail-json.log", [f"{call[1].isoformat(timespec='microseconds')} {STREAM} {json.dumps(platform(call), indent=2)}" for call in calls])
events = [{"logStreamName": STREAM, "timestamp": int(call[1].timestamp() * 1000), "message": line(call) + "\n" + XRAY + "\n", "ingestionTime": int(call[1].timestamp() * 1000) + 900, "eventId": f"3{call[0]:04d}"} for call in calls]
events.append({"logStreamName": STREAM, "timestamp": int(at.timestamp() * 1000), "message": json.dumps(PLATFORM), "ingestionTime": 0, "eventId": "39999"})
events.append({"logStreamName": STREAM, "timestamp": int(at.timestamp() * 1000), "message": "a line of the function: {\"events\": [{\"a\": \"}\"}]}\n", "ingestionTime": 0, "eventId": "39998"})
(HERE / "events.json").write_text(json.dumps({"events": events, "searchedLogStreams": []}, indent=4) + "\n")


def insights(time):
    return time.strftime("%Y-%m-%d %H:%M:%S.") + f"{time.microsecond // 1000:03d}"


write("insights-message.csv", ["@timestamp,@message,@ptr"] + [f'{insights(call[1])},"{line(call)}",p{call[0]}' for call in calls])
write("insights-fields.csv", ["@timestamp,@requestId,@duration,@billedDuration,@memorySize,@initDuration"]
      + [f"{insights(call[1])},r{call[0]},{call[2]},{billed(call[2], call[3])},1.024E9,{call[3] or ''}" for call in calls]
      + [f"{insights(at)},r99,soon,1,1.024E9,"])
ALB = '"Mozilla/5.0 \\"quoted\\"" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 - "Root=1-58337262" "-" "-" 0'
write("alb.log", [f'https {iso(ended + timedelta(milliseconds=duration)).replace("Z", "000Z")} app/my-lb/50dc6c495c0c9188 192.0.2.7:{4000 + number} - 0.000 {duration / 1000:.3f} 0.000 {502 if number == 5 else 200} {502 if number == 5 else 200} 734 366 "POST https://example.com:443/v1/classify HTTP/1.1" {ALB} {iso(ended).replace("Z", "000Z")} "forward" "-" "-" "-" "-" "-" "-"'
                   for number, ended, duration, _ in calls]
      + ['https 2026-10-08T07:30:59.000000Z app/my-lb/50dc6c495c0c9188 192.0.2.7:4099 - 0.000 -1 -1 502 - 0 0 "GET https://example.com:443/ HTTP/1.1" "-" - -', "https is no entry"])
WORDS = "please find the notes of the meeting attached and see you at lunch".split()
texts = [" ".join(rng.choice(WORDS) for _ in range(max(1, round(rng.lognormvariate(3.4, 0.6))))) for _ in range(30)]
write("texts.jsonl", [json.dumps({"text": text, "time": iso(START + timedelta(seconds=2 * number))}) for number, text in enumerate(texts)]
      + ['{"text": ', json.dumps({"subject": "a field that is no text"}), json.dumps({"text": ["one of two", "two of two"]}), json.dumps({"inputs": {"text": "a pair", "text_pair": "of two"}})])
write("texts.csv", ["id,text,created_at"] + [f'{number},"{text}, he said: ""yes""\nand went",{iso(START + timedelta(seconds=number))}' for number, text in enumerate(texts)]
      + ['98,"",2026-10-08', "99,not a time,yesterday"])
