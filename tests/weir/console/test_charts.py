from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from weir.console.charts import HEIGHT, WIDTH, area, bars, curve

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
    ):
        ET.fromstring(drawn)
        assert "<script" not in drawn
