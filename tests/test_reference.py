import pytest

from tests.packages import ROOT, public_modules

REFERENCE = "".join(page.read_text() for page in (ROOT / "docs" / "reference").glob("*.md"))


@pytest.mark.parametrize("module", public_modules("gatecast"))
def test_the_reference_has_every_module_of_the_core(module: str) -> None:
    # The pages on adapters and contracts take all submodules by themselves.
    assert f"::: {module}\n" in REFERENCE
