"""What an operator may say about converters: their licences, their costs, the profiles that requests may name."""

import pytest

from omnic_stream.cli.calibrate import lines
from omnic_stream.config import load
from omnic_stream.model.contracts import Command, Converter, Cost, Tool
from omnic_stream.model.errors import MisconfiguredError
from omnic_stream.service import allowed

GS = Tool("gs", licence="AGPL-3.0")
GPL = Tool("obabel", licence="GPL-2.0-only")
FREE = Tool("true")


def converter(id, *tools):
    return Converter(id=id, version=1, inputs=("PS",), outputs=("PDF",), run=Command(argv=("true",)), cost=Cost(ms=7), tools=tools)


ALL = (converter("a", GS), converter("b", GPL, FREE), converter("c", FREE))


@pytest.mark.parametrize(
    ("refused", "kept"),
    [([], "abc"), (["AGPL"], "bc"), (["agpl-3.0"], "bc"), (["GPL"], "ac"), (["AGPL", "GPL"], "c"), (["MIT"], "abc")],
)
def test_a_refused_licence_takes_its_converters_out(refused, kept):
    config = load({"refuse_licences": refused}, environment={})
    assert "".join(one.id for one in allowed(ALL, config)) == kept


def test_a_cost_of_the_settings_stands_for_the_declared_one(tmp_path):
    (tmp_path / "omnic.toml").write_text('[costs]\n"b" = { ms = 12.5, ms_per_mib = 3 }\n')
    costs = {one.id: one.cost for one in allowed(ALL, load(environment={}, folder=tmp_path))}
    assert costs == {"a": Cost(ms=7), "b": Cost(ms=12.5, ms_per_mib=3), "c": Cost(ms=7)}


def test_a_cost_of_nobody_is_a_mistake(tmp_path):
    (tmp_path / "omnic.toml").write_text('[costs]\n"nobody" = { ms = 1 }\n')
    with pytest.raises(MisconfiguredError, match="nobody"):
        allowed(ALL, load(environment={}, folder=tmp_path))


def test_what_calibrate_prints_is_what_the_settings_read(tmp_path):
    history = {"a": [(1000, 0.1)] * 4, "b": [(n << 20, 0.05 + 0.2 * n) for n in (1, 2, 4, 8, 16)], "gone": [(1, 1.0)] * 9}
    (tmp_path / "omnic.toml").write_text("[costs]\n" + "\n".join(lines(ALL, history)) + "\n")
    costs = {one.id: one.cost for one in allowed(ALL, load(environment={}, folder=tmp_path))}
    assert costs["a"] == costs["c"] == Cost(ms=7), "four runs say nothing yet"
    assert abs(costs["b"].ms - 50) < 0.2 and abs(costs["b"].ms_per_mib - 200) < 0.2
