"""docs/operate/settings.md is written from `Config`, and every setting says what it is for."""

from tools.settings_page import PAGE, page

from watchbill.config import Config


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tools/settings_page.py"


def test_every_setting_is_described() -> None:
    assert [name for name, field in Config.model_fields.items() if not field.description] == []
