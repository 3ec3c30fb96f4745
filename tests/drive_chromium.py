"""Open a page in a headless Chromium, press its keys and ask it questions, through two pipes."""

import json
import os
import subprocess
import time
from base64 import b64decode
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from types import TracebackType
from typing import Any, Self

PROGRAM = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), None)
_OPTIONS = (  # without a sandbox, it also starts as root; the pages are our own
    "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run",
    "--disable-sync", "--disable-background-networking", "--disable-component-update",
    "--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
_PATIENCE = 60  # seconds
_HIGH = 10  # file descriptors above those that the browser wants


class Chromium:
    """A browser with one page of the size that `resize` gives it, open in a `with` block."""

    def __init__(self, profile: Path) -> None:
        import fcntl  # not on Windows

        assert PROGRAM
        (own_in, its_out), (its_in, own_out) = os.pipe(), os.pipe()
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, _HIGH) for end in (its_in, its_out)]
        options = [*_OPTIONS, f"--user-data-dir={profile}"]
        # It reads commands from descriptor 3, and writes answers to 4.
        script = f'exec "$@" 3</dev/fd/{high[0]} 4>/dev/fd/{high[1]}'
        self._process = subprocess.Popen(
            ["sh", "-c", script, "sh", PROGRAM, *options],
            pass_fds=high,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (its_in, its_out, *high):
            os.close(end)
        self._answers, self._commands = os.fdopen(own_in, "rb"), os.fdopen(own_out, "wb")
        self._number = 0
        self._session: dict[str, str] = {}
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._commands.close()
        self._answers.close()

    def resize(self, width: int, height: int) -> None:
        """Give the page another size in CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < height}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def open(self, path: Path) -> None:
        """Open a file, and wait until it is loaded."""
        self._call("Page.navigate", url=path.resolve().as_uri())
        end = time.monotonic() + _PATIENCE
        ready = "document.readyState === 'complete' && location.protocol === 'file:'"
        while not self.ask(ready):
            assert time.monotonic() < end
            time.sleep(0.02)

    # Any: whatever the expression gives, as JSON has it.
    def ask(self, expression: str) -> Any:
        """Return the value of an expression in JavaScript."""
        found = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other: `a`, `Enter`, `ArrowRight`."""
        for key in keys:
            own = {"key": key} | ({"text": key} if len(key) == 1 else {})
            self._call("Input.dispatchKeyEvent", type="keyDown", **own)
            self._call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def print_media(self) -> None:
        """Show the page as on paper."""
        self._call("Emulation.setEmulatedMedia", media="print")

    def print(self) -> bytes:
        """Return the page as a PDF on US Letter paper."""
        return b64decode(self._call("Page.printToPDF", printBackground=True)["data"])

    def faults(self) -> list[str]:
        """Return what axe-core finds that shuts people out, by its rules' names."""
        spec = find_spec("axe_core_python")
        assert spec
        assert spec.submodule_search_locations
        script = Path(spec.submodule_search_locations[0]) / "axe.min.js"
        self.ask(script.read_text("utf-8") + "; 0")
        found = self.ask("axe.run().then((result) => result.violations.map((it) => it.id))")
        return list(found)

    # Any: as the protocol has it.
    def _call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **self._session}
        self._commands.write(json.dumps(message).encode() + b"\0")
        self._commands.flush()
        while True:
            text = bytearray()
            while (byte := self._answers.read(1)) not in (b"\0", b""):
                text += byte
            assert text, f"the browser ended at {method}"
            answer = json.loads(text)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
