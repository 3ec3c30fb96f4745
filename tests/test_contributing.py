"""CONTRIBUTING.md names the packages and modules that exist, each package above those it uses."""

import re
import tomllib

from conftest import ROOT
from read_docs import PAGES

PACKAGE = ROOT / "optout_cli"
MAP = re.findall(r"^\| `(\w+)/` \|.*\| `([\w/]+\.py)` \|$", PAGES["CONTRIBUTING.md"], re.MULTILINE)


def test_every_package_has_its_line_in_the_map() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert sorted(package for package, _ in MAP) == sorted(packages)


def test_the_first_module_to_read_is_in_its_package() -> None:
    assert [module for package, module in MAP if not module.startswith(f"{package}/")] == []


def test_every_module_that_is_named_exists() -> None:
    named = set(re.findall(r"`(?:optout_cli/)?([\w/]+\.py)`", PAGES["CONTRIBUTING.md"]))
    folders = (PACKAGE, PACKAGE / "exporters", ROOT)
    lost = [name for name in named if not any((folder / name).is_file() for folder in folders)]
    assert lost == []


def test_the_packages_are_in_the_order_of_the_import_rule() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (layers,) = [rule["layers"] for rule in settings["contracts"] if rule["type"] == "layers"]
    names = re.findall(r"optout_cli\.(\w+)", " ".join(layers))
    packages = [package for package, _ in MAP]
    assert packages == [name for name in names if name in packages]
