"""The assumptions that an answer hangs on, as a table and in sentences, for first pages."""

from collections.abc import Iterator

from raastof_geo.language import Message, Readable, format_number, read_texts, say
from raastof_geo.outputs.documents.document import Table
from raastof_geo.sensitivity.headline import SHOWN, Assessment, Flip, HeadlineName, Swing

TOLD: tuple[HeadlineName, ...] = ("largest_share", "saved_kg_co2e", "saved_dkk")
HANGS_ON = say("What the answer hangs on")


def tabulate_assumptions(assessment: Assessment, *, most: int | None = None) -> Table:
    """Tabulate assumptions: value, range, headlines at both ends as people read them, turns."""
    heads: list[Readable] = [say("Assumption"), say("Value"), say("Range")]
    heads += [SHOWN[name].head for name in TOLD]
    rows: list[tuple[Readable, ...]] = []
    for swing in assessment.swings[:most]:
        subject, found = swing.subject, [end.headlines for end in swing.ends]
        spans = (  # headlines at both ends
            str(say(" to ")).join(
                "–" if one is None else format_number(one.of(name) * it.factor, digits=it.digits)
                for one in found
            )
            for name, it in ((name, SHOWN[name]) for name in TOLD)
        )
        flips = [subject.write(flip.level) for flip in swing.flips if flip.headline in TOLD]
        turns: Readable = "; ".join(dict.fromkeys(flips)) or say("nowhere in the range")
        rows.append((subject.title, subject.write(subject.value), subject.range, *spans, turns))
    return Table(HANGS_ON, (*heads, say("Turns over at")), tuple(rows), words=3)


def tell_turning(assessment: Assessment) -> list[Message]:
    """Say which assumptions turn a headline over in their ranges, and where, or that none does."""
    told = [
        _say_flip(swing, flip)
        for swing in assessment.swings
        for flip in swing.flips
        if flip.headline in TOLD
    ]
    return told or [read_texts("assumptions")["firm"].format(count=len(assessment.swings))]


def tell_assumptions(assessment: Assessment) -> Iterator[Message]:
    """Say what turns over, which ends have no answer, and what was not solved again."""
    yield from tell_turning(assessment)
    for swing in assessment.swings:
        for end in swing.ends:
            if end.headlines is None:
                yield read_texts("assumptions")["no answer"].format(
                    name=swing.subject.title, level=swing.subject.write(end.level), why=end.refused
                )
    if assessment.left_out:
        yield read_texts("assumptions")["left out"].format(
            count=len(assessment.swings), names=", ".join(assessment.left_out)
        )


def _say_flip(swing: Swing, flip: Flip) -> Message:
    subject, shown = swing.subject, SHOWN[flip.headline]
    return say(
        "{name} ({value}): beyond {level}, towards {end}, {headline} {turns} {threshold}",
        name=subject.title,
        value=subject.write(subject.value) or say("as it stands"),
        level=subject.write(flip.level),
        end=subject.write(swing.ends[flip.end].level),
        headline=shown.title,
        turns=say("falls below") if flip.holds else say("reaches"),
        threshold=shown.write(flip.threshold),
    )
