"""What the user chooses of how formats look; light to import, since the commands name it."""

from typing import Literal

import msgspec

# Lines that HylaFAX 6's `textfmt -B -s na-let -p 11` sets on a page of US Letter before it begins
# another; 80 columns do not wrap. (At its default of 10 pt it sets 57, so that 52 hold as well.)
FAX_LINES = 52
Resolution = Literal["fine", "standard"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the user chooses of how formats look.

    `with_enclosures` is a PDF's, `mail_limit` an e-mail's in MB, `lines_per_page` a fax text's;
    `resolution` and `compression` are fax pages'.
    """

    with_enclosures: bool = False
    mail_limit: int = 20  # large providers refuse more than 25
    lines_per_page: int = FAX_LINES
    resolution: Resolution = "fine"
    compression: Literal["group4", "group3"] = "group4"
