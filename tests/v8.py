"""The scripts of the pages, run from Python by V8 without a browser."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
import pytest

_LISTENS = """
import readline from "node:readline";
globalThis.raastof = {};
for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ found: (0, eval)(JSON.parse(line)) }));
}
"""


def find_deno():
    """Find Deno, which holds V8, out of its wheel; skip the test where it is not installed."""
    beside = Path(sys.executable).parent
    found = shutil.which("deno", path=str(beside)) or shutil.which("deno")
    if found is None:
        pytest.skip("Deno is not installed: pip install '.[test]'")
    return found


class V8:
    """Code is run one piece after the other; what a piece gives comes back as JSON."""

    def __init__(self, folder):
        script = folder / "listens.mjs"
        script.write_text(_LISTENS, encoding="utf-8")
        self.process = subprocess.Popen(
            [find_deno(), "run", "--no-config", "--no-remote", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={"DENO_DIR": str(folder / "deno"), "NO_COLOR": "1"},
        )

    def run(self, code):
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, code[:200]
        return json.loads(line).get("found")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
