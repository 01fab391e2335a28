"""The rules of ARCHITECTURE.md and CONTRIBUTING.md that a look at the text of the code can check."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from operator import attrgetter
from typing import TypeGuard

from tests.house.tree import PACKAGE, modules, templates, texts
from watchbill import upgrade
from watchbill.domain.alerts import store as alerts_store
from watchbill.domain.audit.contract import VIAS
from watchbill.domain.escalation.actions import UNREACHED
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.paging import sending
from watchbill.doors.web.timeline import LOOKS
from watchbill.engine.handlers import LAST_RESORTS, build_handlers

LINES_MAX = 400
FUNCTION_LINES_MAX = 70

# One failure must not stop what stands beside it: these catch everything, log and count it, and go on.
BULKHEADS = {
    "engine/loop.py",
    "engine/sender.py",
    "engine/errands.py",
    "engine/watchdog.py",
    "doors/callbacks/listening.py",
}

# Where a clock other than `ground/clock.py` may be read, and why.
CLOCKS = {
    "ground/clock.py": "the clock",
    "domain/alerts/store.py": "what is due now is due by the clock of the engine, whatever the web host's says",
    "domain/timers/actions.py": "the same, for what people do there",
    "domain/timers/store.py": "the same, for what they bring forward",
    "domain/paging/actions.py": "the same, for pages that are made there",
    "ground/ids.py": "identifiers sort by the time they were made; nothing is decided by it",
    "ground/postgres.py": "how long a start of the embedded server may take",
    "supervisor.py": "restarts and stops of processes, before there is a database to ask",
    "doors/api/auth.py": "how many requests a caller made lately, in this process",
    "doors/web/guards.py": "how many requests a caller made lately, in this process",
    "doors/status_page/screens.py": "how many subscriptions a network asked for lately, in this process",
    "engine/main.py": "how long ago this process came round",
    "engine/watchdog.py": "how long ago this process came round, and how long a look took",
    "demo/phones.py": "a demo phone is a device of its own",
    "demo/play.py": "how long the demo waits",
    "demo/story.py": "how long the demo waits",
}
_CLOCK = re.compile(
    r"(datetime|date)(\.datetime|\.date)?\.(now|utcnow|today)"
    r"|timezone\.now|(time\.)(time|time_ns|monotonic|monotonic_ns|perf_counter|localtime|gmtime)"
)
_SQL_CLOCK = re.compile(r"\b(now\(\)|clock_timestamp\(\)|current_timestamp|statement_timestamp\(\))", re.IGNORECASE)
_ABOUT_ALERTS = re.compile(r"(alert|escalation|page)\.[a-z_]+")
_DOTTED = re.compile(r"'([a-z_]+\.[a-z_]+)'")


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for where, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield where, node


def test_modules_fit_on_a_few_screens() -> None:
    lengths = {where: len((PACKAGE / where).read_text(encoding="utf-8").splitlines()) for where in modules()}
    assert {where: length for where, length in lengths.items() if length > LINES_MAX} == {}


def test_functions_fit_on_one_screen() -> None:
    long = {
        f"{where}: {node.name}": length
        for where, node in functions()
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert long == {}


def test_no_function_imports() -> None:
    found = {
        f"{where}: {node.name}"
        for where, node in functions()
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    }
    assert found == set()


def test_everything_is_caught_only_at_the_bulkheads() -> None:
    found = set()
    for where, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                caught = {"everything"} if node.type is None else {one.id for one in _names(node.type)}
                if caught & {"everything", "Exception", "BaseException"}:
                    found.add(where)
    assert found == BULKHEADS


def test_whatever_is_caught_at_a_bulkhead_is_logged_and_counted() -> None:
    silent = set()
    for where in BULKHEADS:
        for node in ast.walk(modules()[where]):
            if isinstance(node, ast.ExceptHandler) and node.type is not None and ast.unparse(node.type) == "Exception":
                body = "\n".join(ast.unparse(one) for one in node.body)
                if ".inc()" not in body or "log.exception(" not in body:
                    silent.add(f"{where}:{node.lineno}")
    assert silent == set()


def _names(tree: ast.AST) -> list[ast.Name]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name)]


def test_clocks_are_read_where_they_may_be() -> None:
    found = set()
    for where, tree in modules().items():
        for node in ast.walk(tree):
            is_called = isinstance(node, ast.Call) and _CLOCK.fullmatch(ast.unparse(node.func))
            is_asked = isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL_CLOCK.search(node.value)
            if is_called or is_asked:
                found.add(where)
    assert found == CLOCKS.keys()


def test_contacts_change_only_where_their_person_is_told() -> None:
    telling = "domain/paging/contact_changes.py"
    silent = re.compile(r"contact_actions\.(add|change|remove)_contact")
    taken = {"add_contact", "change_contact", "remove_contact"}
    found = set()
    for where, tree in modules().items():
        for node in ast.walk(tree):
            imports = isinstance(node, ast.ImportFrom) and (node.module or "").endswith("people.contact_actions")
            if (isinstance(node, ast.Attribute) and silent.fullmatch(ast.unparse(node))) or (
                imports and taken & {one.name for one in node.names}
            ):
                found.add(where)
    assert found == {telling}


def test_a_verb_that_a_comment_names_in_another_room_is_there() -> None:
    named = {
        name
        for where in modules()
        for name in re.findall(r"`([a-z_]+\.[a-z_]+\.[a-z_]+)`", (PACKAGE / where).read_text(encoding="utf-8"))
    }
    assert len(named) > 3
    gone = set()
    for name in named:
        room, drawer, verb = name.split(".")
        module = PACKAGE / "domain" / room / f"{drawer}.py"
        if not module.exists() or not hasattr(import_module(f"watchbill.domain.{room}.{drawer}"), verb):
            gone.add(name)
    assert gone == set()


def test_every_kind_of_timer_has_a_handler() -> None:
    handled = set(build_handlers(lambda: Ways(families={}, defaults={})))
    assert set(_kinds_set()) == handled
    assert set(LAST_RESORTS) <= handled
    assert sending.UNREACHED == UNREACHED  # paging stands below escalation and cannot import it


def _kinds_set() -> Iterator[str]:
    for where, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "NewTimer":
                [kind] = [one.value for one in node.keywords if one.arg == "kind"]
                yield attrgetter(ast.unparse(kind))(import_module(_module_name(where)))
    statement = alerts_store._WRITE
    assert "INSERT INTO timers_timer" in statement
    yield from _DOTTED.findall(statement.partition("INSERT INTO timers_timer")[2].partition("FROM fresh")[0])


def test_all_that_is_written_about_an_alert_has_words_and_an_icon_on_its_timeline() -> None:
    rooms = ("domain/heartbeats/", "domain/alerts/", "domain/escalation/", "domain/paging/")
    not_entries = set(build_handlers(lambda: Ways(families={}, defaults={})))
    written = set(_DOTTED.findall(alerts_store._WRITE + alerts_store._RAISE)) - not_entries
    for where, tree in modules().items():
        if where.startswith(rooms):
            logged = {id(one.args[0]) for one in ast.walk(tree) if _is_log(one) and one.args}
            written |= {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant)
                and id(node) not in logged
                and _ABOUT_ALERTS.fullmatch(str(node.value))
            } - not_entries
    assert len(written) > 10
    assert written == set(LOOKS)


def _is_log(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")


def _module_name(where: str) -> str:
    return "watchbill." + where.removesuffix(".py").replace("/", ".")


def test_a_migration_that_has_to_wait_gives_way() -> None:
    """`upgrade` sets both time-outs for all of them; none may leave the transaction in which they hold."""
    steps = (PACKAGE / "upgrade.py").read_text(encoding="utf-8")
    order = ("transaction.atomic()", "SET LOCAL lock_timeout", "SET LOCAL statement_timeout", "super().apply_migration")
    places = [steps.index(step) for step in order]
    assert places == sorted(places)
    assert (upgrade._LOCK_TIMEOUT, upgrade._STATEMENT_TIMEOUT) == ("4s", "60s")
    own = {path.name: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("migrations/[0-9]*.py")}
    assert own
    leaving = re.compile(r"atomic\s*=\s*False|RESET|_timeout\s*=\s*'?0|CONCURRENTLY", re.IGNORECASE)
    assert {name for name, text in own.items() if leaving.search(text)} == set()


def test_nothing_of_a_database_session_is_relied_on() -> None:
    """A pooler may give each transaction another one: decision record 23."""
    of_a_session = re.compile(
        r"\b(pg_(try_)?advisory_(lock|unlock)|LISTEN \{|SET SESSION|SET (?!LOCAL|NULL|NOT|DEFAULT)[a-z_]+ (=|TO) |"
        r"CREATE TEMP|WITH HOLD|set_config\()"
    )
    updates = re.compile(r"\bUPDATE\b")
    found = {
        where
        for where, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if of_a_session.search(node.value) and not updates.search(node.value)
    }
    assert found == {"ground/wakeup.py"}  # its own connection, which leads past every pooler


def test_templates_trust_nothing_and_hold_no_script_or_style_of_their_own() -> None:
    forbidden = (
        re.compile(r"\|\s*safe\b|\bautoescape off\b"),
        re.compile(r"<script(?![^>]*(\bsrc=|type=\"application/json\"))", re.IGNORECASE),
        re.compile(r"<style\b", re.IGNORECASE),
        re.compile(r"<[^>]*\s(style|on[a-z]+)\s*=", re.IGNORECASE),
        re.compile(r"javascript:", re.IGNORECASE),
    )
    found = {f"{where}: {one.pattern}" for where, text in templates().items() for one in forbidden if one.search(text)}
    assert found == set()


def test_every_class_of_the_style_sheet_is_used() -> None:
    sheet = (PACKAGE / "doors/web/static/watchbill.css").read_text(encoding="utf-8")
    rules = re.sub(r"/\*.*?\*/|{[^{}]*}", " ", sheet, flags=re.DOTALL)
    classes = set(re.findall(r"\.(-?[a-zA-Z][\w-]*)", rules))
    assert len(classes) > 100
    asked = "\n".join(
        text for where, text in texts() if where.startswith("src/watchbill/doors/web/") and not where.endswith(".css")
    )
    words = set(re.findall(r"[\w-]+", asked))
    put_together = {"severity-", "status-"}  # with the value that is shown
    by_django = {"errorlist"}
    unused = {name for name in classes - words - by_django if not name.startswith(tuple(put_together))}
    assert unused == set()


def test_python_marks_no_text_as_safe_by_itself() -> None:
    marking = {
        where
        for where, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("mark_safe", "SafeString")
    }
    assert marking == {"doors/web/icons.py"}  # drawings that are constants of that file


def test_every_way_by_which_somebody_acts_can_be_asked_for_in_the_record() -> None:
    """Chat tools add their own words, which the register of tools knows."""
    named = {
        keyword.value.value
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Actor"
        for keyword in node.keywords
        if keyword.arg == "via" and isinstance(keyword.value, ast.Constant)
    }
    assert named == set(VIAS)
