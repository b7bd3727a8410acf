"""The operator's page: who gets it, and what it tells."""

import json
from base64 import b64encode

import pytest

from omnic_stream.cli.serve import admin_of
from omnic_stream.config import Config
from omnic_stream.model.contracts import Command, Converter, Cost, Loss, Tool
from omnic_stream.model.graph import ConversionGraph
from omnic_stream.web.admin import COLUMNS, Admin
from web.http_support import FORMATS, house

TOKEN = "a-token-of-more-than-sixteen"


def converter(id, source, target, ms, loss=Loss.REENCODES, tools=()):
    return Converter(
        id=id, version=1, inputs=(source,), outputs=(target,), run=Command(argv=("true",)), cost=Cost(ms=ms), loss=loss, tools=tools
    )


GRAPH = ConversionGraph(
    FORMATS,
    [converter("a.b", "DOCX", "PDF", 100, Loss.NONE), converter("b.c", "PDF", "PNG", 50, Loss.RASTERISES)],
    unavailable=[converter("a.c", "DOCX", "PNG", 10, tools=(Tool("magic", debian="magic-tools"),))],
)


def basic(password):
    return f"Authorization: Basic {b64encode(f'me:{password}'.encode()).decode()}"


@pytest.mark.parametrize("path", ["/admin/", "/admin/matrix", "/admin/roads?from=DOCX&to=PDF", "/admin/nothing"])
async def test_without_an_admin_there_is_nothing(tmp_path, path):
    async with house(tmp_path) as home:
        answer = await home.ask(path)
        assert (answer.status, json.loads(answer.body)["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "header", [None, basic("wrong"), basic(""), basic(TOKEN[:-1]), f"Authorization: Bearer {TOKEN}", "Authorization: Basic %%%"]
)
@pytest.mark.parametrize("path", ["/admin/", "/admin/matrix"])
async def test_a_token_is_asked_for(tmp_path, path, header):
    async with house(tmp_path, admin=Admin(graph=GRAPH, token=TOKEN)) as home:
        answer = await home.ask(path, *([header] if header else []))
        assert answer.status == 401 and answer["www-authenticate"].startswith("Basic realm=")
        assert json.loads(answer.body)["code"] == "refused" and TOKEN.encode() not in answer.body
        assert (await home.ask(path, basic(TOKEN))).status == 200


async def test_roads_say_which_is_taken_and_what_a_tool_would_open(tmp_path):
    async with house(tmp_path, admin=Admin(graph=GRAPH)) as home:
        told = json.loads((await home.ask("/admin/roads?from=docx&to=PNG")).body)
        [plan] = told["plans"]
        assert [step["converter"] for step in plan["steps"]] == ["a.b", "b.c"] and (plan["loss"], plan["ms"]) == (4, 150)
        assert told["opened"]["missing"] == ["magic-tools"] and told["opened"]["loss"] == 1
        for query, status in (("from=nope&to=PNG", 400), ("from=DOCX&to=nope", 400), ("from=PNG&to=DOCX", 415), ("", 400)):
            answer = await home.ask(f"/admin/roads?{query}")
            assert answer.status == status and answer["content-type"] == "application/problem+json"


async def test_the_matrix_holds_every_format_of_a_file(tmp_path):
    async with house(tmp_path, admin=Admin(graph=GRAPH, zoo={"right": 1, "all": 2, "outcomes": []})) as home:
        told = json.loads((await home.ask("/admin/matrix")).body)
        rows = {row["format"]: row["cells"] for row in told["rows"]}
        assert told["columns"] == list(COLUMNS) and told["zoo"]["all"] == 2
        assert rows["DOCX"]["PNG"] == {"steps": 2, "loss": 4, "ms": 150} and rows["DOCX"]["PDF"]["steps"] == 1
        assert rows["PNG"]["PNG"]["steps"] == 0 and rows["PNG"]["PDF"] is None
        assert not {"thumb.png", "view", "metadata.json", "EMPTY"} & rows.keys()


async def test_the_matrix_is_made_once(tmp_path):
    """Its searches are more than the graph keeps: they would take seconds each time, and push out those of every day."""
    asked = []

    class Counting(ConversionGraph):
        def plan(self, source, target, **how):
            asked.append(source)
            return super().plan(source, target, **how)

    graph = Counting(GRAPH.formats, GRAPH.converters)
    async with house(tmp_path, admin=Admin(graph=graph)) as home:
        first = await home.ask("/admin/matrix")
        before = len(asked)
        second = await home.ask("/admin/matrix")
    assert before > 0 and len(asked) == before
    assert second.body == first.body and second["content-length"] == str(len(first.body))


async def test_nothing_is_changed_by_it(tmp_path):
    async with house(tmp_path, admin=Admin(graph=GRAPH)) as home:
        for method in ("POST", "PUT", "DELETE"):
            assert (await home.ask("/admin/", method=method)).status == 405
        page = await home.ask("/admin/")
        assert "frame-ancestors 'none'" in page["content-security-policy"] and "unsafe" not in page["content-security-policy"]


class FakeService:
    graph = GRAPH


@pytest.mark.parametrize(
    ("bind", "token", "there"),
    [("127.0.0.1:1", "", True), ("0.0.0.0:1", "", False), ("0.0.0.0:1", TOKEN, True), ("127.0.0.1:1", TOKEN, True)],
)
def test_who_has_no_token_has_it_on_loopback_only(bind, token, there):
    made = admin_of(FakeService(), Config(bind=bind, admin_token=token, allow_unsigned=True))
    assert (made is not None) is there and (made is None or made.token == token)


@pytest.mark.parametrize("settings", [{"signing_keys": {"k": "s" * 20}}, {"public_url": "https://media.example"}])
def test_behind_a_proxy_loopback_is_no_door(settings):
    assert admin_of(FakeService(), Config(**settings)) is None
    assert admin_of(FakeService(), Config(admin_token=TOKEN, **settings)) is not None
