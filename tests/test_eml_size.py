"""How large an e-mail may be, and what is named where it is larger."""

from io import BytesIO
from random import Random

from make_letters import letter_for, problems_of, told_by
from msgspec.structs import replace
from PIL import Image as Picture
from read_mail import ADDRESSED, mailed

from optout_cli.cache import Cache
from optout_cli.exporters import Options
from optout_cli.letters import Library
from optout_cli.model.letter import Attachment, Image, Letter


def test_a_message_over_the_limit_is_a_problem_that_names_the_largest_file(
    library: Library, cache: Cache
) -> None:
    files = [
        Attachment(f"{name}.odt", "application/octet-stream", bytes(size))
        for name, size in (("small", 200_000), ("large", 700_000))
    ]
    letter = replace(letter_for(library, ADDRESSED), attachments=tuple(files))
    larger, smaller = (Library(cache=cache, options=Options(mail_limit=limit)) for limit in (2, 1))
    content = mailed(letter, larger)
    (problem,) = problems_of(lambda: mailed(letter, smaller))
    assert str(problem) == (
        f"the e-mail has {len(content) / 1e6:.1f} MB, over the limit of 1; large.odt alone has 0.7,"
        " and a third more once encoded\n"
        "  hint: make that file smaller, send it by mail, or allow more with --mail-limit"
    )
    assert problem.path == "enclosures"


def test_the_limit_is_20_mb_and_one_byte_more_is_refused(library: Library) -> None:
    def holding(size: int) -> Letter:
        file = Attachment("act.odt", "application/octet-stream", bytes(size))
        return replace(letter_for(library, ADDRESSED), attachments=(file,))

    lines = (20_000_000 - len(mailed(holding(57), library))) // 78  # 57 bytes are a line of 76
    assert len(mailed(holding(57 * (lines + 1)), library)) <= 20_000_000
    assert "over the limit of 20" in told_by(lambda: mailed(holding(57 * (lines + 2)), library))


def test_a_seal_over_the_limit_is_named_by_the_letters_own_pdf(
    library: Library, cache: Cache
) -> None:
    noise = Picture.frombytes("RGB", (600, 600), Random(1).randbytes(600 * 600 * 3))
    output = BytesIO()
    noise.save(output, "PNG")
    letter = letter_for(library, ADDRESSED)
    letter = replace(letter, seal=Image("image/png", output.getvalue(), "Seal"))
    strict = Library(cache=cache, options=Options(mail_limit=1))
    (problem,) = problems_of(lambda: mailed(letter, strict))
    assert "; 2026-11-20-opt-out-bureau.pdf alone has" in problem.message
    assert (problem.hint, problem.path) == (
        "use a smaller picture as the seal",
        "letterhead.seal",
    )
