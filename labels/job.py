"""Many labels as one file, PDF or ZPL, written while they are drawn: memory stays that of a page, however many there are."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from labels.book import Book, Writes
from labels.label import Own, Plan
from labels.marks import Mark, Rule, Sheet
from labels.zpl import zpl

Progress = Callable[[int], object]
"""Told how many labels are done, after each page."""
_CUT = 0.1  # millimetres, where a page is cut into labels


def pdf_of(plan: Plan, owns: Iterable[Own], file: Writes, progress: Progress = lambda _: None) -> int:
    """All labels of a printing as one PDF; how many there were. Raises ValueError as labels.label.Plan.own does."""
    paper, tall, done = plan.paper, plan.height, 0
    book, left = Book(file, plan.title), iter(owns)
    form = book.form((*plan.common, *_cuts(plan)), paper.width, tall)
    while some := list(islice(left, paper.many)):
        placed = [
            (at % paper.across * paper.width, at // paper.across * tall, form, tall, list(plan.own(own))) for at, own in enumerate(some)
        ]
        book.page(paper.width * paper.across, tall * paper.down, placed)
        done += len(some)
        progress(done)
    book.close()
    return done


def zpl_of(plan: Plan, owns: Iterable[Own], file: Writes, progress: Progress = lambda _: None) -> int:
    """All labels of a printing for a printer that speaks ZPL II; how many there were. Raises ValueError as `pdf_of` does."""
    done = -1
    for done, part in enumerate(zpl(plan, owns)):  # what all share comes first, then one part a label
        file.write(part)
        progress(done)
    return done


def page_of(plan: Plan, owns: Iterable[Own]) -> Sheet:
    """The first labels as one page of their paper: one, or as many as it has room for. Raises ValueError as `pdf_of` does."""
    paper = plan.paper
    marks = [
        replace(mark, x=mark.x + at % paper.across * paper.width, y=mark.y + at // paper.across * plan.height)
        for at, own in enumerate(islice(owns, paper.many))
        for mark in (*plan.common, *_cuts(plan), *plan.own(own))
    ]
    return Sheet(plan.title, tuple(marks), paper.width * paper.across, plan.height * paper.down)


def _cuts(plan: Plan) -> Iterator[Mark]:
    """Where a page of several labels is cut: short lines at the corners."""
    if plan.paper.many == 1:
        return
    long, right, bottom = 4.0, plan.paper.width - _CUT, plan.height - _CUT
    for x in (0.0, right):
        yield Rule(x, 0, _CUT, long)
        yield Rule(x, plan.height - long, _CUT, long)
    for y in (0.0, bottom):
        yield Rule(0, y, long, _CUT)
        yield Rule(plan.paper.width - long, y, long, _CUT)
