from importlib import import_module

import pytest

from gatecast_adapters._extras import requires_extra


def test_a_missing_module_names_the_extra_and_itself() -> None:
    with pytest.raises(ModuleNotFoundError) as caught, requires_extra("sse"):
        import_module("no_such_module")
    assert "No module named 'no_such_module'" in str(caught.value)
    assert "pip install 'gatecast[sse]'" in str(caught.value)
    assert caught.value.name == "no_such_module"


def test_another_import_error_is_left_alone() -> None:
    # A name that is missing from an installed module is a matter of versions, not of extras.
    too_old = ImportError("cannot import name 'Server'")
    with pytest.raises(ImportError) as caught, requires_extra("sse"):
        raise too_old
    assert caught.value is too_old


def test_what_is_imported_is_bound_after_the_block() -> None:
    with requires_extra("sse"):
        import json
    assert json.loads("1") == 1
