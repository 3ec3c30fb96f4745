"""Import a script of tools/, to compare what it made with what it makes today."""

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from conftest import ROOT


def tool(name: str) -> ModuleType:
    """Import a script of tools/ by its name."""
    spec = spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
