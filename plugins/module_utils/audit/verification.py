# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a chain: follow its links, and hold them against the head and the anchors."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchor import Anchor, FoundAnchor, check_anchor
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import GENESIS, Link


@dataclasses.dataclass(frozen=True)
class Verification:
    """What a verification found.

    ``entries`` were checked and are good, up to the sequence ``last``. When the log is not ``ok``, ``first_bad`` is the
    sequence of the first entry that is wrong or missing and ``problem`` says what is wrong with it; or ``first_bad`` is
    None, and the problem is one of the anchors themselves. Up to the sequence ``anchored`` (0: nothing) the entries are
    what the anchors named in ``anchored_by`` signed; later ones stand on the keys of the chain alone.
    """

    ok: bool
    entries: int
    last: int
    first_bad: int | None = None
    problem: str | None = None
    anchored: int = 0
    anchored_by: tuple[str, ...] = ()


class BrokenChain(Exception):  # noqa: N818 - it is a finding, raised by whoever gives the links
    """The entry ``sequence`` is wrong or missing."""

    def __init__(self, sequence: int, problem: str) -> None:
        super().__init__(problem)
        self.sequence = sequence
        self.problem = problem


def judge_chain(
    links: Iterable[Link],
    found: Sequence[FoundAnchor],
    public_keys: Mapping[str, bytes],
    head: Link | None = None,
    start: Link = GENESIS,
) -> Verification:
    """Follow ``links`` and return what they prove.

    ``links`` come after ``start`` in the order of their sequence, without a gap, or raise BrokenChain. Each of the
    anchors ``found`` must be signed with one of ``public_keys`` and agree with its entry. ``head`` is where the chain
    says that it ends, if it does.
    """
    anchors, problem = _trusted(found, public_keys)
    last, anchored = start, 0
    names: list[str] = []
    broken = None
    try:
        for link in links:
            last_before, last = last, link
            for name, anchor in anchors.get(link.sequence, ()):
                if anchor.link != link:
                    last = last_before
                    raise BrokenChain(link.sequence, _rewritten(anchored or start.sequence, name, anchor))
                names = [*(names if anchored == link.sequence else []), name]
                anchored = link.sequence
        _check_end(last, head, anchors)
    except BrokenChain as error:
        broken = error
    return Verification(
        ok=broken is None and problem is None,
        entries=last.sequence - start.sequence,
        last=last.sequence,
        first_bad=broken.sequence if broken else None,
        problem=broken.problem if broken else problem,
        anchored=anchored,
        anchored_by=tuple(names),
    )


def _trusted(
    found: Sequence[FoundAnchor], public_keys: Mapping[str, bytes]
) -> tuple[dict[int, list[tuple[str, Anchor]]], str | None]:
    """Return the anchors with a good signature by sequence, and what is wrong with the first of the others."""
    anchors: dict[int, list[tuple[str, Anchor]]] = {}
    problem = None
    for item in found:
        anchor, wrong = check_anchor(item, public_keys)
        if anchor is None:
            problem = problem or f"anchor {item.name}: {wrong}"
        else:
            anchors.setdefault(anchor.link.sequence, []).append((item.name, anchor))
    return anchors, problem


def _rewritten(good: int, name: str, anchor: Anchor) -> str:
    between = f"between entry {good} and here" if good else "here or before"
    return f"is not the entry that anchor {name} signed at {anchor.time}: the log was rewritten {between}"


def _check_end(last: Link, head: Link | None, anchors: Mapping[int, list[tuple[str, Anchor]]]) -> None:
    most = max(anchors, default=0)
    if most > last.sequence:
        name, anchor = anchors[most][0]
        raise BrokenChain(
            last.sequence + 1,
            f"is missing, like all up to {most} at least: anchor {name} signed that one at {anchor.time}",
        )
    if head is None or head == last:
        return
    if head.sequence > last.sequence:
        raise BrokenChain(last.sequence + 1, f"is missing, like all up to {head.sequence}, where the log's head stands")
    first_bad = min(head.sequence + 1, last.sequence)
    raise BrokenChain(first_bad, f"does not agree with the log's head, which stands at entry {head.sequence}")
