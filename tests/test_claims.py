"""What no letter may claim is found in own words: that it ended something, or that ICE agreed."""

import pytest
from conftest import REQUEST
from make_letters import letter_for

from optout_cli.letters import Library
from optout_cli.letters.own_words import own_wording_problems
from optout_cli.letters.render import claims_in, rules_for

IN_ANY_LETTER = """\
ICE activated the County on June 9.
This notice has ended the sharing of fingerprints.
The County has stopped the transfer of fingerprints to ICE.
The sharing of fingerprints has ended.
The sharing of fingerprints has been stopped by this letter.
The sharing of fingerprints ended on receipt of this letter.
The exchange of data is at an end.
This letter ended the sharing of fingerprints.
We have ended all sharing of data with ICE.
With this letter, ICE has lost access to our fingerprints.
ICE agreed that the County may opt out.
ICE has agreed to the opt-out.
ICE consented to remove the County.
You have agreed to remove the County from the plan.
Your office accepted the opt-out.
The bureau has approved the opt-out.
ICE granted our request.
ICE recognizes our right to leave.
ICE has allowed the County to leave the program.
With the agreement of ICE, the County leaves.
Immigration checks of our fingerprints have ended.
ICE has deactivated the County.
The County had been activated since June 9.
After June 9, nobody asked us.
"""
OF_SECURE_COMMUNITIES = """\
This notice is effective immediately.
This notice is effective on receipt.
This notice becomes effective today.
The opt-out is in force as of today.
The opt-out works by itself.
This notice is self-executing.
This notice needs no answer from ICE to be valid.
The County leaves the program without any further act of ICE.
The opt-out is automatic upon receipt.
The County is automatically removed from the program.
ICE confirmed that the County is out of the program.
The County has left Secure Communities.
The County has withdrawn from the program.
The County is no longer a participant in the program.
The County no longer participates in Secure Communities.
Fingerprints are not checked against immigration records any more.
The program has ended in the County.
Secure Communities is over in the County.
The program is no longer active in the County.
The County was deactivated by this notice.
"""
NO_CLAIMS = """\
The County asks that ICE end the sharing.
The Board found that the program costs trust.
We ask that ICE agree to a meeting.
ICE activated the program for the County on August 10, 2010.
The County does not wish to take part in the program.
If ICE has agreed, please say so in writing.
This letter does not by itself end the sharing of fingerprints.
On August 5, 2011, ICE ended its agreements with the states.
The Department of Homeland Security discontinued the program under that name on November 20, 2014.
Please tell us on what day the change is effective.
Please tell us when the sharing has ended.
We ask whether ICE has removed the County.
The County asks that your office confirm that it has ended the sharing.
Nobody asked the residents whether they agreed to the program.
The Board of Supervisors approved this notice on November 10, 2026.
The Board approved the resolution.
The meeting ended on June 9, 2026.
The County ended its contract with the jail operator.
The Board of Supervisors accepted the report.
On May 4 and June 9, 2026, the Board met.
It met on May 4, 5 or 6, 2026.
The Board approved the resolution of November 10, 2026.
"""


@pytest.mark.parametrize("claim", (IN_ANY_LETTER + OF_SECURE_COMMUNITIES).splitlines())
def test_a_claim_is_found(claim: str, library: Library) -> None:
    programs = ["secure-communities", "287g"] if claim in IN_ANY_LETTER else ["secure-communities"]
    assert all(claims_in(claim, rules_for(program, library)) for program in programs)


@pytest.mark.parametrize("text", NO_CLAIMS.splitlines())
@pytest.mark.parametrize("program", ["secure-communities", "287g"])
def test_what_is_no_claim_is_left_alone(text: str, program: str, library: Library) -> None:
    assert claims_in(text, rules_for(program, library)) == ()


# ICE activated Marin County on August 10, 2010. A letter may state days of its own request.
DAYS = {
    "ICE activated the program for the County on June 9, 2010.": True,
    "On June 9, 2010, ICE activated the County.": True,
    "The date of activation is June 9, 2010.": True,
    "ICE activated the program for the County on August 10, 2010.": False,
    "The Board decided on November 10, 2026, years after the activation.": False,
    "ICE had planned the activation for July 1, 2010.": False,
}


@pytest.mark.parametrize("words", DAYS)
def test_another_day_of_activation_than_the_letters_is_found(words: str, library: Library) -> None:
    own = f'wording: {{rights: "{words}"}}\nparticulars: {{scheduled: 2010-07-01}}'
    problems = own_wording_problems(letter_for(library, own, REQUEST), library)
    reason = "the date of activation in the letter's facts is August 10, 2010"
    assert [reason in problem.message for problem in problems] == [True] * DAYS[words]
