"""What is handed to people and programs, opened by readers that are not ours: workbooks by openpyxl, JSON against the
published schema by jsonschema, pages by Python's own HTML parser, event logs by pm4py, a process-mining tool.

The ledgers are those of the demo, filled by the command that PLEDGEBOOK_BIN names.
"""

import csv
import datetime
import html.parser
import io
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import openpyxl
import pm4py
import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARY = pathlib.Path(os.environ.get("PLEDGEBOOK_BIN", ROOT / "target/debug/pledgebook"))
LEDGERS = ("improvement-service", "northmoor-council")
EXAMPLE = "EXAMPLE DATA: the activity in this ledger is invented."
# Nothing of the demo is later than this, so the reports do not change from day to day.
AS_AT = "2026-03-31"


def run(*arguments: object) -> str:
    """Runs the command, and returns what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLEDGEBOOK_")}
    done = subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, env=environment, timeout=300, check=False
    )
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module", name="data")
def _data(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    data = tmp_path_factory.mktemp("outputs") / "demo"
    run("demo", "--data", data)
    return data


@pytest.fixture(scope="module", name="schema")
def _schema() -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / "docs/report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def report(data: pathlib.Path, what: str, ledger: str = LEDGERS[0], *more: object) -> str:
    return run("report", what, "--data", data, "--ledger", ledger, "--as-at", AS_AT, *more)


def every(data: pathlib.Path, ledger: str = LEDGERS[0]) -> list[dict]:
    return json.loads(report(data, "all", ledger, "--json"))["reports"]


# Workbooks.


def workbook(data: pathlib.Path, folder: pathlib.Path, what: str, ledger: str) -> openpyxl.Workbook:
    file = folder / f"{what}.xlsx"
    report(data, what, ledger, "--format", "xlsx", "--out", file)
    book = openpyxl.load_workbook(file)
    again = folder / "again.xlsx"
    report(data, what, ledger, "--format", "xlsx", "--out", again)
    assert file.read_bytes() == again.read_bytes(), "the same report gives the same bytes"
    return book


def is_day(text: str) -> datetime.date | None:
    """The day of a text that is one, as a report prints it: `3 Feb 2026`."""
    if not re.fullmatch(r"[1-9][0-9]? [A-Z][a-z]{2} [0-9]{4}", text):
        return None
    return datetime.datetime.strptime(text, "%d %b %Y").date()


def printed(figure: dict) -> str:
    mark = {"GIVEN": "", "SUPPRESSED": "[c]", "NOT_AVAILABLE": "[x]", "NOT_APPLICABLE": "[z]"}[figure["status"]]
    return f"{mark} {figure['text']}".strip()


def frames(sheet) -> list[list[list[object]]]:
    """The tables of a sheet, from the top, each as its header and its rows."""
    areas = sorted((frame.ref for frame in sheet.tables.values()), key=lambda ref: sheet[ref][0][0].row)
    return [[[cell.value for cell in row] for row in sheet[ref]] for ref in areas]


@pytest.mark.parametrize("ledger", LEDGERS)
def test_given_a_workbook_when_another_reader_opens_it_then_every_value_is_the_reports(data, tmp_path, ledger):
    book = workbook(data, tmp_path, "all", ledger)
    reports = every(data, ledger)
    assert book.sheetnames[:2] == ["Cover", "Contents"] and book.sheetnames[-2:] == ["Notes", "Definitions"]
    assert len(book.sheetnames) == 4 + len(reports) == 16
    compared = 0
    for report_, name in zip(reports, book.sheetnames[2:-2]):
        assert name.startswith(report_["code"] + " ")
        sheet = book[name]
        expected = ([("figures", report_["figures"])] if report_["figures"] else []) + [
            (table["title"], table["rows"]) for table in report_["tables"] if table["rows"]
        ]
        found = frames(sheet)
        assert len(found) == len(expected), name
        for (_, rows), frame in zip(expected, found):
            header, *body = frame
            assert len(body) == len(rows) and len(set(map(str.lower, header))) == len(header)
            assert all(value is not None for row in body for value in row[:-1]), f"{name}: a blank"
            for row, cells in zip(rows, body):
                figures = row["cells"] if "cells" in row else [row]
                for figure in figures:
                    compared += 1
                    said = is_day(printed(figure))
                    texts = [value for value in cells if isinstance(value, str)]
                    numbers = [value for value in cells if isinstance(value, (int, float))]
                    days = [value.date() for value in cells if isinstance(value, datetime.datetime)]
                    if figure["number"] is not None:
                        assert any(abs(number - figure["number"]) < 1e-9 for number in numbers), (name, figure)
                    if said:
                        assert said in days, (name, figure)
                    elif figure["number"] is None or str(figure["number"]).removesuffix(".0") != figure["text"]:
                        assert printed(figure) in texts, (name, figure)
    assert compared > 200


def test_given_a_workbook_when_it_is_looked_at_then_it_says_what_it_is_and_computes_nothing(data, tmp_path):
    book = workbook(data, tmp_path, "all", LEDGERS[0])
    reports = every(data)
    first = reports[0]
    cover = {row[0].value: row[1].value for row in book["Cover"].iter_rows(min_row=1, max_col=2)}
    assert EXAMPLE in cover and cover["Root hash"] == first["root_hash"] and cover["Ledger"] == first["ledger"]
    assert f"--as-known {first['as_known']}" in cover["How to check"] and "[c]" in cover["Marks"]
    assert cover["As known"].startswith(f"{first['as_known']} events")
    assert book.properties.title == "Reports R1 to R12" and book.properties.creator == first["organisation"]
    known = datetime.datetime.fromisoformat(first["known_until"]).replace(tzinfo=None, microsecond=0)
    assert book.properties.created.replace(tzinfo=None) == known == book.properties.modified.replace(tzinfo=None)
    links = [cell.hyperlink.location for (cell,) in book["Contents"].iter_rows(max_col=1) if cell.hyperlink]
    assert [link.split("!")[0].strip("'") for link in links] == book.sheetnames[2:]
    for sheet in book:
        assert sheet["A1"].value == EXAMPLE and EXAMPLE in sheet.oddHeader.right.text
        assert sheet.print_area and sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize in (8, 9)
        if sheet.title != "Cover":
            assert sheet.freeze_panes and sheet.print_title_rows, sheet.title
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row), sheet.title
    terms = {row[0].value for row in book["Definitions"].iter_rows(max_col=3)}
    assert {"First date we gave", "Provenance share"} <= terms
    notes = {row[1].value for row in book["Notes"].iter_rows(max_col=2)}
    assert {note for report_ in reports for note in report_["notes"]} <= notes


def test_given_texts_that_look_like_formulas_when_they_are_in_a_workbook_or_a_table_then_they_are_texts(data, tmp_path):
    """An organisation may be called anything, and anybody may open what it sends."""
    server = data.parent / "armed"
    named = "=HYPERLINK(1)+1"
    # A ledger's first record is made by the service itself; it is then read from the files.
    process, address = serve(server)
    try:
        run("ledger", "create", "armed", "--organisation", named, "--origin", "ledger.example/armed",
            "--server", f"http://{address}")
    finally:
        process.terminate()
        process.wait(60)
    book = workbook(server, tmp_path, "all", "armed")
    values = [cell for row in book["Cover"].iter_rows() for cell in row if cell.value == named]
    assert values and all(cell.data_type == "s" for cell in values)
    assert not any(EXAMPLE in str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    for what in ("r2", "all"):
        rows = list(csv.reader(io.StringIO(report(server, what, "armed", "--format", "csv"))))
        assert any("'" + named in row for row in rows)
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


def serve(data: pathlib.Path) -> tuple[subprocess.Popen[bytes], str]:
    """A server on a port of its own; returns when it answers."""
    from test_clients import Server  # It knows how to wait for one.

    server = Server(data)
    server.channel.close()
    return server.process, server.address


# JSON.


def test_given_every_form_of_json_when_it_is_held_against_the_schema_then_it_fits(data, schema):
    for ledger in LEDGERS:
        schema.validate(json.loads(report(data, "all", ledger, "--json")))
        schema.validate(json.loads(report(data, "r2", ledger, "--json")))
    periods = ("--periods", "2024-25,2025-26 Q3,2025-26", "--as-at", AS_AT)
    compared = json.loads(
        run("report", "compare", "r2", "--data", data, "--ledger", LEDGERS[0], *periods, "--json"))
    schema.validate(compared)
    golden = sorted((ROOT / "src/reports/tests/golden").glob("*.json"))
    assert len(golden) >= 3
    for file in golden:
        schema.validate(json.loads(file.read_text()))
    # It bites.
    one = json.loads(golden[0].read_text())
    for broken in (
        one | {"root_hash": "00"},
        one | {"more": 1},
        {name: value for name, value in one.items() if name != "notice"},
        one | {"figures": [one["figures"][0] | {"status": "SUPPRESSED"}]},
        one | {"figures": [one["figures"][0] | {"text": ""}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            schema.validate(broken)


# Tables for spreadsheets.


def test_given_all_reports_in_one_table_when_another_reader_reads_it_then_each_figure_is_a_row(data):
    rows = [row for row in csv.reader(io.StringIO(report(data, "all", LEDGERS[0], "--format", "csv"))) if row]
    assert rows[0] == [f"# {EXAMPLE}"]
    body = [row for row in rows if not row[0].startswith("#")]
    header, *lines = body
    assert header[:4] == ["report", "table", "row", "figure"] and all(len(line) == len(header) for line in lines)
    reports = every(data)
    figures = sum(len(it["figures"]) + sum(len(row["cells"]) for table in it["tables"] for row in table["rows"])
                  for it in reports)
    assert len(lines) == figures


# Pages.


class Page(html.parser.HTMLParser):
    """What WCAG asks of a page without anybody looking at it: names, structure, nothing from elsewhere."""

    VOID = {"meta", "link", "img", "br", "hr"}

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict]] = []
        self.headings: list[int] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> in {self.open}"
        self.open.pop()


@pytest.mark.parametrize("what", ["r1", "r2", "r5", "all"])
def test_given_a_paper_when_another_parser_reads_it_then_it_is_whole_and_needs_nothing_from_elsewhere(data, what):
    text = report(data, what, LEDGERS[0], "--format", "html")
    page = Page(text)
    assert not page.open
    attributes = [attrs for _, attrs in page.seen]
    assert page.seen[0] == ("html", {"lang": "en-GB"})
    assert not {"script", "img", "link", "iframe", "object", "style:"} & {tag for tag, _ in page.seen}
    assert all(attrs.get("href", "#").startswith("#") and "src" not in attrs for attrs in attributes)
    assert page.headings[0] == 1 and page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:])), "a level is left out"
    ids = [attrs["id"] for attrs in attributes if "id" in attrs]
    assert len(ids) == len(set(ids))
    led = [attrs["href"][1:] for attrs in attributes if "href" in attrs]
    led += [attrs["aria-labelledby"] for attrs in attributes if "aria-labelledby" in attrs]
    assert led and set(led) <= set(ids)
    headers = [attrs for tag, attrs in page.seen if tag == "th"]
    assert headers and all(attrs.get("scope") in ("col", "row") for attrs in headers)
    tables = sum(tag == "table" for tag, _ in page.seen)
    assert tables == sum(tag == "caption" for tag, _ in page.seen) == text.count("(example data)</h")
    assert EXAMPLE in text[: text.index("<main")] and "@page" in text


# Event logs.


@pytest.mark.parametrize("ledger", LEDGERS)
def test_given_a_ledger_as_an_event_log_when_a_process_mining_tool_reads_it_then_all_of_it_is_there(data, tmp_path, ledger):
    file = tmp_path / "ledger.ocel.json"
    said = json.loads(run("ocel", data, "--ledger", ledger, "--out", file, "--json"))
    raw = json.loads(file.read_text())
    assert list(tmp_path.iterdir()) == [file]
    log = pm4py.read_ocel2_json(str(file))
    assert len(log.events) == len(raw["events"]) == said["events"] == every(data, ledger)[0]["as_known"]
    assert len(log.objects) == len(raw["objects"]) == said["objects"]
    relationships = [(event["id"], it["objectId"]) for event in raw["events"] for it in event["relationships"]]
    # The tool keeps one of an event and an object that are related in two ways: the owner may be the one who acts.
    assert said["relationships"] == len(relationships) and len(log.relations) == len(set(relationships))
    assert set(zip(log.relations["ocel:eid"], log.relations["ocel:oid"])) == set(relationships)
    types = set(pm4py.ocel_get_object_types(log))
    assert {"pledge", "commitment", "action", "evidence", "post"} <= types
    assert {name["name"] for name in raw["objectTypes"]} == types
    # The life of the actions, as somebody else's tool finds it: nothing comes before the plan.
    actions = pm4py.ocel_flattening(log, "action")
    firsts = actions.sort_values(["case:concept:name", "time:timestamp"]).groupby("case:concept:name").first()
    about = log.relations[(log.relations["ocel:type"] == "action") & (log.relations["ocel:qualifier"] == "about")]
    planned = set(about[about["ocel:activity"] == "action.planned"]["ocel:oid"])
    assert planned and planned == set(about["ocel:oid"]) and planned <= set(firsts.index)
    if ledger == LEDGERS[0]:
        # Whatever changed a policy names it, and some of it was led to by feedback.
        changed = {event["id"] for event in raw["events"] if event["type"] == "policy_change.changed"}
        of_policy = log.relations[log.relations["ocel:qualifier"] == "of policy"]
        assert changed and changed <= set(of_policy["ocel:eid"])
        assert "feedback" in set(log.relations["ocel:qualifier"]) and "feedback" in types
        # Titles and words stand in the ledger; none of them is here.
        text = file.read_text()
        titles = {row["cells"][0]["text"] for table in every(data)[1]["tables"] for row in table["rows"]}
        assert titles and not [title for title in titles if title in text]
