import pytest

from watchbill.domain.verification.models import CheckResult
from watchbill.doors.web.charts import HEIGHT, WIDTH, Chart, chart_of

END = 1_772_449_000.0


def drawn(*curves: list[tuple[float, float]], limit: str = "< 10", series: int = 0) -> Chart:
    """Each curve: minutes before the end, and the value."""
    found = [["", [[END - 60 * minutes, value] for minutes, value in curve]] for curve in curves]
    rows = [["", "1"]] * (series or len(curves))
    chart = chart_of(CheckResult(name="errors", healthy_when=limit, unit="%", curves=found, series=rows))
    assert chart is not None
    return chart


def points(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (one.split(",") for one in line.split())]


def test_time_goes_from_left_to_right_and_more_is_higher() -> None:
    chart = drawn([(60, 0), (59, 0), (58, 0), (2, 10), (1, 20), (0, 20)])
    first, last = points(chart.lines[0]), points(chart.lines[-1])
    assert first[0][0] == 0
    assert last[-1][0] == WIDTH
    assert first[0][1] > float(chart.limit_y) > last[-1][1]
    assert all(0 <= y <= HEIGHT for _, y in first + last)


def test_where_there_was_no_number_the_line_has_a_gap() -> None:
    assert len(drawn([(5, 1), (4, 1), (1, 1), (0, 1)]).lines) == 2


@pytest.mark.parametrize(
    ("limit", "where"), [("< 10", "above"), ("<= 10", "above"), ("> 10", "below"), (">= 10", "below"), ("== 10", "")]
)
def test_the_side_that_is_not_healthy_is_tinted(limit: str, where: str) -> None:
    chart = drawn([(1, 0), (0, 20)], limit=limit)
    edge, top, height = float(chart.limit_y), float(chart.bad_top), float(chart.bad_height)
    assert (top, height) == {"above": (0, edge), "below": (edge, HEIGHT - edge), "": (0, 0)}[where]


def test_it_says_the_same_in_words() -> None:
    assert drawn([(1, 2), (0, 2)]).words == "The last hour: stayed at 2 %. Healthy when < 10 %."
    chart = drawn([(1, 2), (0, 3)], [(1, 4), (0, 5)], series=9)
    assert chart.words == "The last hour: between 2 % and 5 %, 2 series (7 more are not drawn). Healthy when < 10 %."


def test_what_cannot_be_drawn_is_left_out() -> None:
    assert chart_of(CheckResult(healthy_when="< 1", curves=[])) is None
    assert chart_of(CheckResult(healthy_when="< 1", curves=[["", []], ["", [[END, float("nan")]]]])) is None
    chart = drawn([(1, -1.7e308), (0, 1.7e308)])
    assert [y for _, y in points(chart.lines[0])] == [94, 6]
    assert points(drawn([(0, 10)]).lines[0]) == [(WIDTH, HEIGHT / 2)]
