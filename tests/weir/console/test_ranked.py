from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from weir.console.charts import WIDTH
from weir.console.ranked import RankedBar, ranked

numbers = st.none() | st.floats(0, 1e12)


@given(
    st.lists(st.builds(RankedBar, st.text('a<&"é ', max_size=9), numbers, numbers, numbers), max_size=20), st.booleans()
)
def test_bars_are_well_formed_and_within_the_picture_whatever_is_counted(rows: list[RankedBar], is_share: bool) -> None:  # noqa: FBT001 -- drawn
    drawn = ET.fromstring(ranked(rows, "Sessions", is_share=is_share))
    _, _, _, height = map(float, drawn.attrib["viewBox"].split())
    for bar in drawn.iter("rect"):
        assert 0 <= float(bar.attrib["y"]) <= height
        assert float(bar.attrib["x"]) + float(bar.attrib["width"]) <= WIDTH
    assert len(list(drawn.iter("g"))) == len(rows)


def test_a_chart_of_shares_tells_values_and_intervals() -> None:
    drawn = ET.fromstring(
        ranked([RankedBar("flagged", 1 / 6, 0.03, 0.563), RankedBar("none", None)], "Bought", is_share=True)
    )
    assert drawn.attrib["aria-label"] == "Bought: flagged 17% (3.0% to 56%); none without a value"
    assert len(list(drawn.iter("path"))) == 1
    assert len(list(drawn.iter("rect"))) == 1


def test_a_chart_of_counts_has_no_interval() -> None:
    drawn = ET.fromstring(ranked([RankedBar("scan", 2), RankedBar("m1", 1)], "Blocked"))
    assert drawn.attrib["aria-label"] == "Blocked: scan 2; m1 1"
    assert not list(drawn.iter("path"))
    first, second = drawn.iter("rect")
    assert float(first.attrib["width"]) > float(second.attrib["width"])


def test_labels_are_inert() -> None:
    drawn = ranked([RankedBar('"><script>x</script>', 1.0)], '"><script>')
    ET.fromstring(drawn)
    assert "<script" not in drawn
