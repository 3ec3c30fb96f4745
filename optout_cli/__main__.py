"""Start the command line: `optout`, or `python -m optout_cli`."""

import sys


def main() -> None:
    """Run the command line, and answer Ctrl-C even while the first modules are imported."""
    try:
        from optout_cli.cli import main as run

        run()
    except KeyboardInterrupt:
        from optout_cli.errors import interruption

        is_json = not {"--json", "--ndjson"}.isdisjoint(sys.argv)
        sys.stderr.write(f"{interruption(as_json=is_json)}\n")
        sys.exit(130)  # 128 + SIGINT


if __name__ == "__main__":
    main()
