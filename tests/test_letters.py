"""What the letters say: whole ones as golden files, and what none of them may say."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest
from conftest import ROOT
from letters_by_period import DAYS, SETTINGS, Setting, letters_in
from make_letters import body_texts, letter_for, letters_for, texts_of

from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.letters.render import claims_in, rules_for
from optout_cli.model.fields import MONTHS
from optout_cli.templating.filters import as_typed

GOLDEN = Path(__file__).parent / "golden"
SAN_FRANCISCO = (ROOT / "examples" / "san-francisco-2010.yaml").read_text("utf-8")


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_letter_reads_as_its_golden_file(
    library: Library, setting: Setting, pytestconfig: pytest.Config
) -> None:
    for letter in letters_in(setting, library):
        text = exporter_for("txt").encode(letter, library.context).decode()
        path = GOLDEN / f"{setting}-{letter.notice.recipient.party}.txt"
        if pytestconfig.getoption("--update-golden"):
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        assert text == path.read_text("utf-8")


def test_every_golden_file_is_some_settings_letter() -> None:
    names = {f"{setting}-{party}.txt" for setting in SETTINGS for party in ("bureau", "ice")}
    assert {path.name for path in GOLDEN.glob("*.txt")} == names


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_setting_is_in_the_period_that_its_name_says(library: Library, setting: Setting) -> None:
    notice = letters_in(setting, library)[0].notice
    activation = notice.activation
    kinds = {"active": "actual", "scheduled": "scheduled", "no-date": None}
    assert (notice.period, activation and activation.kind, notice.addressing) == (
        setting.period,
        kinds[setting.activation],
        setting.addressing,
    )


# The six parts of San Francisco's letter of 2010-08-31, as the press described them.
SIX_PARTS = {
    "reaffirms the wish to opt out": r"reaffirms.*opts? out|opts? out.*reaffirms",
    "acknowledges that it is active": r"activated .* on June 8, 2010",
    "recalls the written requests": r"May 18, 2010, to the Attorney General of California.*"
    r"May 25, 2010.*June 3, 2010, (went )?to ICE",
    "recalls the refusal by telephone": r"by telephone, Marc Rapp said that there is no provision",
    "says that there is a procedure now": r"now sets out a procedure",
    "looks forward to a resolution": r"looks forward to meeting with all parties and to a .*"
    r"resolution",
}


@pytest.mark.parametrize("pattern", SIX_PARTS.values(), ids=SIX_PARTS)
def test_san_franciscos_letter_has_the_parts_that_the_press_described(
    library: Library, pattern: str
) -> None:
    for letter in letters_for(library, base=SAN_FRANCISCO):
        assert re.search(pattern, " ".join(body_texts(letter)))


def test_san_franciscos_letter_quotes_the_passage_word_for_word(library: Library) -> None:
    for letter in letters_for(library, base=SAN_FRANCISCO):
        quoted = letter.notice.citations["setting-the-record-straight"].text
        assert f"“{quoted}”" in body_texts(letter)


# Each is caught by a rule of `_layout/wording.yaml`, or of the program.
PLANTED = [
    "The sharing of fingerprints stops.",
    "From then on, sharing stops.",
    "The county may cease fingerprinting.",
    "The county may stop the submission of fingerprints.",
    "This ends all data sharing.",
    "This notice ends Secure Communities in the County.",
    "The State may not pass on our fingerprints to the FBI.",
    "This notice forbids the sharing of fingerprints.",
    "This letter halts all transmission of fingerprints to DHS.",
    "As of today no fingerprints of the County reach ICE.",
    "The fingerprints taken in our jail are not checked by ICE.",
    "Participation in this program is voluntary.",
    "Secure Communities is now purely optional.",
    "The County is no longer subject to Secure Communities.",
    "This letter removes the County from Secure Communities.",
    "It terminates ICE's access to the biometrics.",
    "It cuts off the exchange of biometric data.",
    "We hereby stop all biometric sharing.",
    "The county will halt the transfer of its data.",
    "This puts an end to information sharing.",
    "All access to fingerprints by ICE ends.",
    "The exchange of data with DHS is terminated.",
    "This notice has ended the sharing of fingerprints.",
    "The sharing of fingerprints has been stopped by this letter.",
    "With this letter, ICE has lost access to our fingerprints.",
    "ICE has agreed to the opt-out.",
    "With the consent of ICE, the County leaves.",
    "This notice is effective on receipt.",
    "The County leaves the program without any further act of ICE.",
    "The County has withdrawn from the program.",
    "As of today, sharing will stop.",
    "ICE no longer has any access to them.",
    "ICE must answer by September 30, 2010.",
    "Your office shall reply within ten days.",
    "The jurisdiction has not been activated.",
    "The county will stop sending fingerprints to the state.",
    "It declines to submit any of its fingerprints.",
    "It will no longer share the fingerprints of anyone.",
    "ICE must remove the county from the plan.",
    "The agreement is hereby ended.",
    "The county has opted out.",
    "The county has a right to opt out.",
    "This notice is legally binding.",
    "This notice takes effect on receipt.",
    "The program is unlawful.",
    "Dear Mr. Venturella:",
    "Ask counsel before sending.",
    "The meeting is at None.",
    "<b>Re:</b>",
    "It is sent to the the bureau.",
    "It goes to your your office.",
    "The County gives a answer.",
    "It is a Orleans Parish matter.",
    "It waits for an letter.",
    "A meeting at , in the morning.",
    "A meeting (on ) would do.",
    "A meeting..",
    "The letter of , 2010.",
    "You are required to reply within ten days.",
    "You must reply.",
    "Your office will be required to confirm it.",
    "ICE is bound to reply.",
    "The field office has a duty to answer.",
    "The bureau has to remove it.",
    "The Tenth Amendment makes the agreement void.",
    "The agreement is invalid.",
    "Please answer by December 1.",
    "An answer is due no later than March 15th, at noon.",
]
# None of these says more than a letter may.
HONEST = [
    "The agency asks for a written answer within ten days.",
    "An acknowledgment by December 1, 2026 would be appreciated.",
    "It holds from January 1, 2027, or from receipt if that is later.",
    "You are asked to record this notice.",
    "The jurisdiction is not bound by an agreement of its own.",
    "The county is required by its charter to act by resolution.",
    "To avoid a misunderstanding, the agency writes to both offices.",
    "Under the Tenth Amendment, counsel has advised the Board.",
    "Your office may answer by mail, by fax, or by e-mail.",
    "It asks ICE to confirm that no task will be given.",
    "The agency will go on submitting fingerprints to the state.",
    "It does not by itself stop the sharing of fingerprints or data.",
    "The County ends the agreement. Access to the jail is a matter of its policy.",
    "The County terminates its agreement on access to the jail.",
    "This letter does not end any access to data.",
    "The Board asks whether sharing has an end.",
    "The exchange of letters with ICE is on file.",
]


def forbidden_in(text: str, library: Library) -> list[str]:
    program = library.programs.by_id["secure-communities"]
    rules = (*library.programs.wording.forbidden, *program.forbidden)
    return [it.words for it in rules if re.search(it.words, text, re.IGNORECASE)]


@pytest.mark.parametrize("sentence", PLANTED)
def test_the_list_of_forbidden_words_catches_what_it_is_for(
    library: Library, sentence: str
) -> None:
    assert forbidden_in(sentence, library)


@pytest.mark.parametrize("sentence", HONEST)
@pytest.mark.parametrize("program", ["287g", "secure-communities"])
def test_an_honest_sentence_passes(library: Library, sentence: str, program: str) -> None:
    assert claims_in(sentence, rules_for(program, library)) == ()


def test_a_claim_that_two_rules_catch_is_told_once(library: Library) -> None:
    sentence = "The county will stop sending fingerprints to the state."
    (claim,) = claims_in(sentence, rules_for("secure-communities", library))
    assert claim.words == "stop sending fingerprints"


def test_every_forbidden_pattern_catches_some_planted_sentence(library: Library) -> None:
    program = library.programs.by_id["secure-communities"]
    rules = (*library.programs.wording.forbidden, *program.forbidden)
    caught = {words for it in PLANTED for words in forbidden_in(it, library)}
    assert caught == {it.words for it in rules}


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_no_letter_says_what_it_may_not(library: Library, setting: Setting) -> None:
    for letter in letters_in(setting, library):
        texts = [it for it in texts_of(letter) if it != letter.mark]
        assert [it for it in texts if forbidden_in(it, library)] == []


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_no_caution_stands_in_a_letter(library: Library, setting: Setting) -> None:
    for letter in letters_in(setting, library):
        text = " ".join(texts_of(letter))
        assert [it.text for it in letter.notice.notes if it.text in text] == []


A_DATE = re.compile(rf"({'|'.join(MONTHS)}) (\d\d?), (\d{{4}})")


@pytest.mark.parametrize(
    "day",
    ["2008-10-27", "2010-08-16", "2010-08-17", "2010-09-06", "2010-09-07", "2010-10-05",
     "2010-10-06", "2011-08-04", "2011-08-05", "2026-11-20"],
)  # fmt: skip
def test_a_letter_names_no_day_after_its_own(library: Library, day: str) -> None:
    letter = letter_for(library, f"date: {day}")
    found = {it[0] for text in texts_of(letter) for it in A_DATE.finditer(text)}
    days = {datetime.strptime(it, "%B %d, %Y").date() for it in found}  # noqa: DTZ007  # a day
    assert max(days) == date.fromisoformat(day)


@pytest.mark.parametrize("period", DAYS)
def test_both_letters_of_a_request_say_the_same(library: Library, period: str) -> None:
    for activation in ("active", "no-date"):
        bureau, ice = letters_in(Setting(period, activation, "separate"), library)
        assert (bureau.body, bureau.subject, bureau.reference) == (
            ice.body,
            ice.subject,
            ice.reference,
        )


@pytest.mark.parametrize("addressing", ["separate", "joint"])
def test_each_separate_letter_names_the_other_recipient_under_cc_and_a_joint_one_under_to(
    library: Library, addressing: str
) -> None:
    letters = letters_for(library, f"addressing: {addressing}")
    organizations = [it.notice.recipient.contact.organization[0] for it in letters]
    named = [
        [any(name in as_typed(line) for line in (letter.to if addressing == "joint" else letter.cc))
         for name in organizations]
        for letter in letters
    ]  # fmt: skip
    if addressing == "joint":
        assert named == [[True, True], [True, True]]
    else:
        assert [named[0][1], named[1][0], letters[0].to] == [True, True, ()]


ASKED_BEFORE = """
letter: secure-communities/follow-up
particulars:
  notice: opt-out
  notice-date: 2026-09-01
  served: [{to: bureau, by: hand, received: 2026-09-02}, {to: ice, by: mail}]
  acknowledged: [{office: bureau, date: 2026-09-03}]
"""


@pytest.mark.parametrize("request_text", ["", ASKED_BEFORE])
def test_a_joint_letter_says_the_same_to_both(library: Library, request_text: str) -> None:
    bureau, ice = letters_for(library, f"addressing: joint\n{request_text}")
    assert body_texts(bureau) == body_texts(ice)
    assert (bureau.salutation, bureau.cc) == (ice.salutation, ice.cc)
    assert "your office " not in " ".join(body_texts(ice))


@pytest.mark.parametrize(("to", "is_told"), [("all", True), ("ice", False)])
def test_only_a_letter_to_both_offices_says_that_it_goes_to_both(
    library: Library, to: str, is_told: bool
) -> None:
    letter = letters_for(library, f"{{to: {to}, date: 2010-09-15}}")[-1]
    codes = {note.short for note in letter.notice.notes}
    assert ("this notice goes both to" in " ".join(body_texts(letter))) is is_told
    assert (
        "send the other office a letter too: ICE's procedure has you notify both" in codes
    ) is not is_told


def test_a_joint_letter_to_one_office_is_like_any_other(library: Library) -> None:
    alone, joint = (
        letters_for(library, f"{{to: bureau, addressing: {addressing}}}")
        for addressing in ("separate", "joint")
    )
    assert [texts_of(letter) for letter in joint] == [texts_of(letter) for letter in alone]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("{instrument: Resolution, number: 5, date: 2026-10-13}", "Resolution 5, adopted on"),
        ("{instrument: Resolution, date: 2026-10-13}", "the Resolution adopted on"),
        (
            "{instrument: City Council Resolution, date: 2026-10-13}",
            "the City Council Resolution adopted on",
        ),
        ("{instrument: Ordinance 5, date: 2026-10-13}", "Ordinance 5, adopted on"),
        ("{instrument: Measure Q, date: 2026-10-13}", "Measure Q, adopted on"),
    ],
)
def test_an_act_without_a_number_has_an_article(library: Library, act: str, words: str) -> None:
    opening = body_texts(letter_for(library, f"authority: [{act}]"))[0]
    assert f", under {words} October 13, 2026." in opening


@pytest.mark.parametrize(
    ("place", "law", "meeting"),
    [
        ("marin-county-ca", "state law", "federal partners and the state meet"),
        ("district-of-columbia-dc", "the law of the District of Columbia", "federal partners meet"),
        ("ponce-municipio-pr", "the law of Puerto Rico", "federal partners and Puerto Rico meet"),
    ],
)
def test_what_is_not_a_state_is_not_called_one(
    library: Library, place: str, law: str, meeting: str
) -> None:
    text = " ".join(body_texts(letter_for(library, f"jurisdiction: {place}")))
    assert [f"which {law} governs." in text, f"that {meeting} with" in text] == [True, True]


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("notice: renewed-request", ", after the renewed notice of opt-out."),
        ("notice-date: 2026-10-01", ", after our letter of October 1, 2026."),
        ("", "."),
    ],
)
def test_a_letter_names_no_earlier_letter_that_the_request_does_not(
    library: Library, more: str, named: str
) -> None:
    spoken = "spoken: 2026-11-02, means: telephone, speaker: Kim Doe, said: [No.]"
    lines = f"letter: secure-communities/record-of-conversation\nparticulars: {{{spoken}, {more}}}"
    opening = body_texts(letter_for(library, lines))[0]
    assert opening.endswith(f"in a conversation about Secure Communities{named}")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("authority: [{instrument: Ordinance 5, body: 'The A&P, Inc.'}]", "by the A&P, Inc. Marin"),
        (
            "authority: [{instrument: Ordinance 5, body: 'Board \"A\"'}]",
            "by the Board \u201cA.\u201d Marin",
        ),
        ("particulars: {earlier: [{date: 2026-10-01, to: 'A&P, Inc.'}]}", " went to A&P, Inc."),
        (
            "particulars: {earlier: [{date: 2026-10-01, to: 'The \"X\"'}]}",
            " went to The \u201cX.\u201d",
        ),
    ],
)
def test_a_sentence_ends_with_one_period(library: Library, lines: str, words: str) -> None:
    text = " ".join(body_texts(letter_for(library, lines)))
    assert (words in text, ".." in text) == (True, False)


def test_an_office_that_was_asked_is_yours_or_has_its_article(library: Library) -> None:
    known = "the California Department of Justice, Bureau of Criminal Information and Analysis"
    asked = (f'"{known}"', "the State Identification Bureau", "ICE")
    earlier = ", ".join(f"{{date: 2026-05-18, to: {office}}}" for office in asked)
    lines = f"particulars: {{earlier: [{earlier.replace('05-18', '05-17', 1)}]}}"
    told = [
        [
            text.rpartition(" went to ")[2]
            for text in body_texts(letter)
            if text.startswith("The request")
        ]
        for letter in letters_for(library, lines)
    ]
    assert told == [
        ["your office.", "your office.", "ICE."],
        [f"{known}.", "the State Identification Bureau.", "ICE."],
    ]


def test_a_follow_up_says_once_on_which_days_the_earlier_ones_asked(library: Library) -> None:
    requests = "{to: ice, date: 2026-10-03}, {to: bureau, date: 2026-09-03}"
    again = f"  asked-again: [{requests}, {{to: bureau, date: 2026-10-03}}]\n"
    joint = f"date: 2026-11-20\naddressing: joint\n{ASKED_BEFORE}{again}"
    text = " ".join(body_texts(letter_for(library, joint)))
    first = "On September 3, 2026, the County asked for an answer."
    assert f"{first} It asked again on October 3, 2026. The County has received" in text
