"""`watchbill demo --no-wait`: real processes, pages to the demo phones; exit code 0 says that every step happened."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

from tests.harness.instances import command_environment


def test_alert_page_no_answer_next_level_acknowledge_resolve(tmp_path: Path) -> None:
    played = subprocess.run(
        [sys.executable, "-m", "watchbill.cli.main", "demo", "--no-wait", "--data-dir", str(tmp_path / "demo")],
        env=command_environment(tmp_path / "demo"),
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    log = tmp_path / "demo" / "demo.log"
    assert played.returncode == 0, played.stdout + played.stderr + (log.read_text() if log.exists() else "")
    told = played.stdout
    steps = [
        "sends an alert",
        "the phone rings",
        "Nobody answers",
        "The next level",
        "Acknowledge",
        "resolved",
        "the phones are silent",
    ]
    places = [told.index(step) for step in steps]
    assert places == sorted(places)
    assert "engineering-manager@example.org" in told
    [line] = [line.strip() for line in told.splitlines() if "curl" in line]
    command = shlex.split(line)
    assert command[-1].endswith("/v2/enqueue")
    assert json.loads(command[command.index("-d") + 1])["payload"]["summary"] == "My own alert"
    assert '"level": "error"' not in log.read_text()
