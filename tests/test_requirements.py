import pytest

from tests.requirements import require


def test_what_was_found_is_returned() -> None:
    assert require("/usr/bin/chromium", "no browser") == "/usr/bin/chromium"


def test_a_missing_requirement_skips_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        require(None, "no browser")


def test_a_missing_requirement_fails_the_test_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no browser"):
        require(None, "no browser")
