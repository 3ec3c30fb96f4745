"""`optout batch`: every row is checked first, good ones are written, bad ones come back."""

import csv
import json
import shlex
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome, paths, words
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from run_batch import BAD, COMMON, FILES, HEADER, ROWS, SEAL, Batch, records

from optout_cli.register.events import Record

pytestmark = pytest.mark.usefixtures("with_typst")


def test_each_row_has_its_letters_and_each_letter_its_line(batch: Batch, in_folder: Path) -> None:
    assert batch("-q") == (0, paths(*FILES), "")
    assert lying_in(in_folder / "out") == [it[4:] for it in FILES]
    assert [it["path"] for it in records()] == FILES
    first = records()[0]
    assert first.keys() == {"schema", *Record.__struct_encode_fields__}
    assert (first["request"], first["jurisdiction"], first["recipient"]) == (
        "n.csv:2",
        "50001",
        "bureau",
    )
    with Path("out/register.csv").open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [it["reference"] for it in table][::2] == [it["reference"] for it in records()][::2]
    assert [it["recipient"] for it in table] == ["bureau", "ice"] * 3


def test_a_letter_is_byte_for_byte_that_of_write(batch: Batch, run: Run, write: Write) -> None:
    assert batch("-f", "txt,json,pdf,html", "--to", "bureau")[0] == 0
    write("r.yaml", COMMON + 'jurisdiction: "50003"\nsignatory: {name: Pat, title: Sheriff}\n')
    run("write", "r.yaml", "-f", "txt,json,pdf,html", "--to", "bureau", "-o", "single/")
    for name in lying_in(Path("single")):
        mine = Path("single", name).read_bytes()
        assert Path("out/VT/bennington-county-vt", name).read_bytes() == mine


def test_a_row_overrides_what_is_common_field_by_field(batch: Batch, write: Write) -> None:
    write("common.yaml", COMMON + "signatory: {name: Pat, title: Chief}\nori: VT0000000\n")
    batch(table="jurisdiction,signatory.title,ori\n50001,Sheriff,\n", name="n.csv")
    letter = Path(FILES[0]).read_text("utf-8")
    assert ("Pat\nSheriff" in letter, "VT0000000" in letter) == (True, True)


def test_options_lie_above_the_rows(batch: Batch) -> None:
    batch("--date", "2026-11-19", "--set", "signatory.name=Sam", "-q")
    letter = Path(FILES[0].replace("11-20", "11-19")).read_text("utf-8")
    assert ("Sam\nSheriff" in letter, "November 19, 2026" in letter) == (True, True)


ROW = HEADER + "50001,Pat,Sheriff\n"
TOLD = """\
n.csv:2 (6041): jurisdiction: there is no jurisdiction '6041'
  hint: did you mean '06041'? FIPS codes have five digits
n.csv:4 (50003): date 'soon' is not a date
  hint: write it as YYYY-MM-DD, such as 2026-11-24
n.csv:4 (50003): signatory needs 'title'
  hint: fill in signatory.title
n.csv:1: signatory.fx: signatory has no field 'fx'
  hint: did you mean 'fax'?
n.csv:6 (50005): would write VT/caledonia-county-vt/2026-11-20-opt-out-bureau.txt; n.csv:7 would too
  hint: they ask for the same letter: delete one of the two
n.csv:7 (50005): would write VT/caledonia-county-vt/2026-11-20-opt-out-bureau.txt; n.csv:6 would too
  hint: they ask for the same letter: delete one of the two
"""


def test_a_hint_names_the_columns_to_fill_in(batch: Batch) -> None:
    fields = "recipients.bureau.email", "signatory.email", "recipients.ice.email"
    hints = [f"  hint: fill in {it}; or write a draft with --draft" for it in fields]
    assert batch("--check", "-f", "eml", "-q", table=ROW)[1].splitlines()[1:6:2] == hints
    err = batch("-q", "--strict", "--to", "ice", table=ROW)[2]
    path = "recipients.ice.confirmed"
    assert f"hint: call them, then fill in {path}.by and {path}.date\n" in err
    served = f"{HEADER.strip()},service.ice.0.by\n50001,Pat,Sheriff,fax\n"
    hint = "hint: fill in recipients.ice.fax; or write certified-mail instead of fax\n"
    assert hint in batch("-q", table=served)[2]
    image = f"{HEADER.strip()},signature.kind\n50001,Pat,Sheriff,image\n"
    assert "hint: fill in signature.file and signature.alt\n" in batch("-q", table=image)[2]
    listed = '- {jurisdiction: "50001", signatory: {name: Pat, title: Sheriff}}\n'
    told = batch("-q", "-f", "eml", table=listed, name="n.yaml")[2]
    assert "hint: add email: ... under recipients: bureau:" in told


def test_two_choices_in_one_cell_and_a_choice_in_words_are_told(batch: Batch) -> None:
    table = "jurisdiction,particulars.declines\n50001,match-results detainers\n"
    assert "  hint: write each on its own line\n" in batch("-q", table=table)[2]
    listed = '- {jurisdiction: "50001", particulars: {declines: match-results detainers}}\n'
    told = batch("-q", table=listed, name="n.yaml")[2]
    assert told.endswith("  hint: write [match-results, detainers]\n")
    table = "jurisdiction,particulars.model\n50001,Warrant Service Officer\n"
    told = batch("-q", "--letter", "287g/terminate", table=table)[2]
    assert "cannot be 'Warrant Service Officer'\n  hint: write wso\n" in told


def test_what_many_rows_have_in_one_column_is_told_once(batch: Batch) -> None:
    fips = ("50001", "50003", "50005", "50007", "50009", "50011", "50013")
    rows = "".join(f"{place},Pat,Sheriff,Registered mail\n" for place in fips)
    _, told, _ = batch("--check", table=f"{HEADER.strip()},service.ice.0.by\n{rows}")
    assert (
        told.splitlines()[:2]
        == (
            "n.csv: service.ice.0.by cannot be 'Registered mail'"
            " (7 rows: lines 2, 3, 4, 5, 6 and 2 more)\n"
            "  hint: registered mail is not certified-mail: write certified-mail if it is that, or"
            " mail; use Find and Replace to correct the whole column at once"
        ).splitlines()
    )


@pytest.mark.usefixtures("in_folder")
def test_a_letter_can_be_named_by_its_title_kind_or_id(run: Run, write: Write) -> None:
    rows = "50001,Pat,Chief,notice of Opt-Out\n50003,Pat,Chief,opt-out\n50005,Pat,Chief,\n"
    rows += "50007,Pat,Chief,Secure Communities/Opt-Out\n"
    write("n.csv", f"{HEADER.strip()},letter\n{rows}")
    told = outcome(run("batch", "n.csv", "-f", "txt", "--check", "-q", "-j1"))[1]
    hint = "fill in letter, such as secure-communities/opt-out; see `optout list letters`"
    assert told.splitlines()[:3] == [
        "n.csv:4 (50005): request needs 'letter'",
        f"  hint: {hint}; for all rows at once, write it in the file for --common, or add --letter",
        "4 requests: 3 can be written (6 files), 1 cannot",
    ]


def test_all_problems_of_all_rows_are_told_and_the_good_ones_written(batch: Batch) -> None:
    code, out, err = batch(table=BAD)
    assert (code, out, err[: len(TOLD)]) == (3, paths(*FILES[:2]), TOLD)
    assert "2 files written to out/; 5 requests rejected\n" in err
    assert "then run this command again with --with out/rejects.csv\n" in err


def test_a_row_is_told_of_by_its_county_and_as_a_spreadsheet_counts(batch: Batch) -> None:
    table = 'jurisdiction,particulars.reasons,ori\n50001,"one\ntwo",\n\nbennington-county-vt,,1\n'
    code, _, err = batch(table=table)
    assert (code, err.partition(" '1' ")[0]) == (3, "n.csv:5 (row 4, bennington-county-vt): ori")
    code, _, err = batch(name="n.yaml", table='- {jurisdiction: "50001", ori: "1"}\n')
    assert (code, err.partition(" '1' ")[0]) == (3, "n.yaml:1:27 (50001): ori")


def test_fail_fast_writes_none(batch: Batch) -> None:
    code, out, err = batch("--fail-fast", table=BAD)
    assert (code, out, err) == (1, "", TOLD + "nothing was written, because of --fail-fast\n")
    assert [it for it in lying_in(Path("out")) if "VT" in it] == []


def test_check_counts_and_writes_nothing(batch: Batch, in_folder: Path) -> None:
    before = lying_in(in_folder)
    code, out, err = batch("--check", "-f", "eml", table=HEADER + ROWS + "6041,,\n")
    assert (code, err, lying_in(in_folder)) == (1, "", before)
    assert out.partition("4 requests: ")[2] == (
        "0 can be written (0 files), 4 cannot\n"
        "        3  no-address\n        3  no-sender\n        1  unknown-jurisdiction\n"
        "missing in the data, with the number of requests that need it:\n"
        "        3  bureau-vt: email\n        3  ero-boston: email\n"
    )


def test_check_of_good_rows_says_how_many_letters_there_would_be(batch: Batch) -> None:
    tally = "3 requests: 3 can be written (6 files), 0 cannot\n"
    assert batch("--check", "-q") == (0, tally, "")
    code, out, err = batch("--check")
    assert (code, out.endswith(tally), err) == (0, True, "")
    *notes, files, _ = out.splitlines()
    assert files == "files: 6 new, 0 unchanged, 0 replaced"
    assert all(it.startswith("note (3 requests): ") for it in notes)


def test_check_tells_of_drafts_and_the_day_and_of_laws_first(batch: Batch, write: Write) -> None:
    write("common.yaml", "letter: secure-communities/opt-out\n")
    table = "jurisdiction,signatory.name,signatory.title\n50001,,\n48001,Pat,Sheriff\n"
    dated, law, draft, *_ = batch("--check", table=table)[1].splitlines()
    assert dated.startswith("dated today, 2026-11-24: 2 requests; to keep this date, add")
    assert law.startswith(
        "note (1 of 2 requests): ask counsel first: Texas law may be against the letter"
    )
    assert draft.startswith("note (1 of 2 requests): add the signer under signatory:, since each")


def test_check_writes_nothing_and_refuses_the_places_that_the_batch_would(
    batch: Batch, in_folder: Path
) -> None:
    before = lying_in(in_folder)
    words = ("--check", "-q", "-f", "pdf", "--print", "all.pdf")
    assert (batch(*words)[0], lying_in(in_folder)) == (0, before)
    assert batch(*words, "-o", "n.csv")[0] == 2
    Path("all.pdf").write_text("mine", "utf-8")
    assert (batch(*words)[0], lying_in(in_folder)) == (1, sorted([*before, "all.pdf"]))


def test_problems_can_be_read_by_a_script(batch: Batch) -> None:
    code, out, _ = batch("--check", "--ndjson", table=BAD)
    assert (code, {json.loads(it)["problem"] for it in out.splitlines()}) == (
        1,
        {"unknown-jurisdiction", "missing-key", "wrong-date", "unknown-key", "equal-names"},
    )


def test_a_rejected_row_that_asks_for_the_letter_of_a_good_one_is_told(batch: Batch) -> None:
    header = "jurisdiction,signatory.name,signatory.title,date\n"
    rows = ("TBD,11/16/2026", "Pat,11/16/2026", "TBD,11/17/2026", "TBD,soon")
    code, _, err = batch(
        table=header + "".join(f"50001,{row.replace(',', ',Sheriff,')}\n" for row in rows)
    )
    told = [line for line in err.splitlines() if "same letter" in line]
    message = "n.csv:2 (50001): asks for the same letter as n.csv:3"
    assert (code, told) == (3, [message])


def test_two_rows_that_differ_only_in_date_are_two_letters(batch: Batch) -> None:
    table = "jurisdiction,date\n50001,2026-11-18\n50001,2026-11-19\n"
    code, out, _ = batch(table=table)
    assert (code, len(set(out.splitlines()))) == (0, 4)


def test_a_problem_of_the_common_file_is_told_once(batch: Batch, write: Write) -> None:
    write("common.yaml", COMMON.replace("opt-out", "opt-uot"))
    code, _, err = batch()
    told = "common.yaml:1:1: there is no letter 'secure-communities/opt-uot' (3 times)\n"
    assert (code, err.count("opt-uot"), err.startswith(told)) == (3, 1, True)


def test_a_common_file_elsewhere_names_files_beside_itself(batch: Batch, write: Write) -> None:
    write("shared/seal.svg", SEAL)
    write("shared/c.yaml", COMMON + "letterhead: {seal: seal.svg, alt: Seal}\n")
    assert batch("-f", "html", common="shared/c.yaml")[0] == 0
    assert "data:image/svg+xml" in Path(FILES[0]).with_suffix(".html").read_text("utf-8")


def test_undated_rows_are_dated_today_and_said_to_be(batch: Batch, write: Write) -> None:
    write("common.yaml", COMMON.partition("date")[0])
    told = (
        "dated today, 2026-11-24: 3 requests; to keep this date, add date: 2026-11-24 to the rows"
    )
    assert told in batch()[2]


def test_a_caution_is_told_once_with_how_many_it_is_about(batch: Batch) -> None:
    notes = [line for line in batch()[2].splitlines() if line.startswith("note")]
    assert len(notes) == len(set(notes))
    assert "note (3 requests): use the letter as a record: by itself it does not stop" in words(
        " ".join(notes)
    )


def test_a_line_of_json_for_each_file_is_printed_on_demand(batch: Batch) -> None:
    code, out, _ = batch("--ndjson", "-q")
    assert (code, [json.loads(it) for it in out.splitlines()]) == (0, records())


def test_paths_may_end_in_nul(batch: Batch) -> None:
    assert batch("--print0", "-q") == (0, "".join(f"{it}\0" for it in FILES), "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("batch", "Missing argument 'INPUT...'."),
        ("batch n.csv --ndjson --print0", "--ndjson and --print0 do not go together"),
        ("batch n.csv -o -", "-o - is standard output, and a batch writes a folder\n"),
        ("batch n.csv -o n.csv", "-o n.csv is a file, not a folder\n"),
        ("batch n.csv -j 0", "Invalid value for '-j'"),
        ("batch n.csv n.csv", "INPUT n.csv is named more than once\n"),
    ],
)
def test_a_wrong_command_line_is_told(words: str, message: str, batch: Batch, run: Run) -> None:
    code, out, err = outcome(run(*shlex.split(words)))
    assert (code, out, message in err) == (2, "", True)


def test_inputs_that_cannot_be_read_are_all_told_before_anything(
    batch: Batch, run: Run, in_folder: Path
) -> None:
    (in_folder / "x.xlsx").write_bytes(b"PK\x03\x04")
    code, out, err = outcome(run("batch", "n.csv", "x.xlsx", "none.csv"))
    assert (code, out, [it.partition(":")[0] for it in err.splitlines()]) == (
        1,
        "",
        ["x.xlsx", "  hint", "none.csv", "  hint"],
    )
    assert not Path("out").exists()


def test_a_table_without_a_row_is_told(batch: Batch) -> None:
    assert batch(table=HEADER) == (
        1,
        "",
        (
            "n.csv: has no requests\n"
            "  hint: write one request per line, below the line with the column names\n"
        ),
    )


def test_inputs_of_all_forms_may_be_mixed(batch: Batch, run: Run, write: Write) -> None:
    write("a.ndjson", '{"jurisdiction": "50007"}\n{"jurisdiction": 0}\n')
    write("b.yaml", "- jurisdiction: 50009\n- jurisdiction: nowhere\n")
    rest = ("--common", "common.yaml", "-f", "txt", "--to", "ice", "-q")
    code, out, _ = outcome(
        run("batch", "n.csv", "a.ndjson", "b.yaml", "-", *rest, stdin="jurisdiction\n50011\n")
    )
    assert (code, len(out.splitlines())) == (3, 6)
    assert [it["request"] for it in records()][3:] == ["a.ndjson:1", "b.yaml:1", "-:2"]
    assert sorted(it.name for it in Path("out").glob("rejects*")) == [
        "rejects.ndjson",
        "rejects.yaml",
    ]


@pytest.mark.no_cover
def test_one_row_with_reasons_as_long_as_a_book_is_rejected_alone(batch: Batch) -> None:
    table = "jurisdiction,particulars.reasons\n50001," + "x" * 400_000 + "\n50003,short\n"
    code, out, err = batch("-q", table=table)
    assert (code, len(out.splitlines())) == (3, 2)
    assert "400,000 characters long; at most 5,000 fit" in err
    assert Path("out/rejects.csv").stat().st_size > 400_000


def test_a_file_where_a_folder_must_be_costs_its_own_requests_only(batch: Batch) -> None:
    Path("out/VT").mkdir(parents=True)
    Path("out/VT/addison-county-vt").write_text("a file", "utf-8")
    code, out, err = batch("-q")
    assert (code, out) == (3, paths(*FILES[2:]))
    assert err.startswith("out/VT/addison-county-vt: is a file where a folder must be\n")


FAULTS = st.sampled_from(
    [
        None,
        {"jurisdiction": "nowhere"},
        {"date": "2026-13-01"},
        {"signatory.title": ""},
        {"signatory.name": "a\u202eb"},
        {"cc.0.email": "no address"},
        {"letter": "no-such/letter"},
        {"enclosures.0.title": "Map", "enclosures.0.file": "none.pdf"},
        {"authority.0.instrument": "Act", "authority.0.date": "2030-01-01"},
        {"service.bureau.0.by": "fax"},
        {"jurisdiction": ""},
    ]
)
COLUMNS = [
    "jurisdiction", "signatory.name", "signatory.title", "date", "cc.0.email", "letter",
    "enclosures.0.title", "enclosures.0.file", "authority.0.instrument", "authority.0.date",
    "service.bureau.0.by",
]  # fmt: skip


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(problems=st.lists(FAULTS, min_size=1, max_size=14))
def test_all_good_rows_are_written_and_all_bad_ones_listed(
    problems: list[dict[str, str] | None], run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "common.yaml").write_text(COMMON, "utf-8")
    rows = []
    for number, problem in enumerate(problems):
        row = {"jurisdiction": f"500{2 * number + 1:02}", "signatory.name": "Pat"}
        rows.append({**row, "signatory.title": "Sheriff", **(problem or {})})
    with (folder / "n.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    place = str(folder / "out")
    words = ("batch", str(folder / "n.csv"), "--common", str(folder / "common.yaml"), "-o", place)
    code, out, _ = outcome(run(*words, "-f", "txt", "-j1", "-q"))
    good = [number for number, problem in enumerate(problems) if problem is None]
    bad = [number for number, problem in enumerate(problems) if problem is not None]
    made = {int(str(it["request"]).rpartition(":")[2]) - 2 for it in records(folder / "out")}
    assert (code, len(out.splitlines()), made) == (3 if bad else 0, 2 * len(good), set(good))
    rejects = folder / "out" / "rejects.csv"
    listed = rejects.read_text("utf-8") if bad else ""
    assert listed.count("Sheriff") + listed.count(",Pat,,") == len(bad)
    assert rejects.exists() == bool(bad)
