"""Start the command line: `optout`, or `python -m optout_cli`."""

import sys


def main() -> None:
    """Run the command line, and answer Ctrl-C even while the first modules are imported."""
    try:
        from optout_cli.cli import main as run

        run()
    except KeyboardInterrupt:
        message = "interrupted; no file is incomplete"
        if {"--json", "--ndjson"}.intersection(sys.argv):
            message = f'{{"schema":1,"note":null,"message":"{message}","requests":null}}'
        sys.stderr.write(f"{message}\n")
        sys.exit(130)  # 128 + SIGINT


if __name__ == "__main__":
    main()
