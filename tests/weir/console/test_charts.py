from __future__ import annotations

from datetime import date
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from weir.console.charts import HEIGHT, WIDTH, area, bars, by_day, curve

HOSTILE = '"><script>x</script>'
numbers = st.floats(0, 1e12)


@given(
    st.dictionaries(
        st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=20),
        st.lists(numbers, min_size=3, max_size=3),
        max_size=4,
    )
)
def test_bars_are_well_formed_and_within_the_picture_whatever_is_counted(series: dict[str, list[float]]) -> None:
    drawn = ET.fromstring(bars(series, ["a", "b", "c"], "Flags"))
    for bar in drawn.iter("rect"):
        assert -0.1 <= float(bar.attrib["y"]) <= HEIGHT
        assert 0 <= float(bar.attrib["x"]) <= WIDTH


def test_a_chart_tells_its_numbers_to_those_who_cant_see_it() -> None:
    drawn = ET.fromstring(bars({"block": [1, 2], "review": [0, 1]}, ["09:00", "09:01"], "Flags by verdict"))
    assert drawn.attrib["aria-label"] == "Flags by verdict: block 3, review 1"
    assert "09:01: block 2, review 1" in "".join(drawn.itertext())


def test_names_are_inert_in_charts() -> None:
    for drawn in (
        bars({HOSTILE: [1]}, [HOSTILE], HOSTILE),
        area([1.0], [HOSTILE], HOSTILE),
        curve({HOSTILE: [(0.5, 0.5)]}, HOSTILE),
        by_day({HOSTILE: [0.5]}, [date(2023, 11, 15)], HOSTILE),
    ):
        ET.fromstring(drawn)
        assert "<script" not in drawn


def test_days_lie_at_their_true_distances() -> None:
    days = [date(2023, 11, day) for day in (15, 16, 19)]
    drawn = by_day({"visitors": [6, 3, 1]}, days, "Visitors by day")
    first, second, last = (float(dot.attrib["cx"]) for dot in ET.fromstring(drawn).iter("circle"))
    assert abs((last - first) - 4 * (second - first)) < 0.5
    assert "Visitors by day: visitors at last 1" in drawn
    assert ">2023-11-17</text>" in drawn  # the middle, though the day has no row
    assert ">2023-11-16</text>" not in by_day({"visitors": [6, 1]}, [date(2023, 11, 15), date(2023, 11, 18)], "")
    ET.fromstring(by_day({}, [], "Nothing"))
