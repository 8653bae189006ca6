"""Tables as Markdown: for the terminal, for bench/results/ and for the docs."""

from collections.abc import Iterable

from bench.results import FOLDER, Role, Row, Table, load_table

DOCS = FOLDER.parent.parent / "docs"
_MARKS = {Role.OURS: "**{}**", Role.YARDSTICK: "*{}*", Role.PEER: "{}"}


def to_markdown(table: Table) -> str:
    """Return the table, its targets and remarks."""
    has_yardstick = any(table.yardstick(setting) for setting in table.settings)
    has_settings = table.settings != [""]
    head = ["setting"] * has_settings + ["subject", table.unit, "lowest to highest"]
    head += ["times the yardstick"] * has_yardstick + ["what arrived"]
    lines = [_line(head), _line("---" if cell != table.unit else "---:" for cell in head)]
    for row in table.rows:
        cells = [row.setting] * has_settings + [_MARKS[row.role].format(row.subject)]
        cells += _figures(row) + [_ratio(row, table)] * has_yardstick
        cells.append("; ".join(filter(None, [row.proof, row.note])))
        lines.append(_line(cells))
    return "\n".join([f"{table.question}", "", *lines, *_targets(table), *_remarks(table)])


def write_results(table: Table) -> None:
    """Write the two results files of a case, for programs and for people."""
    table.save()
    (FOLDER / f"{table.case}.md").write_text(f"{to_markdown(table)}\n\n{origin(table)}\n")


def update_docs(case: str) -> None:
    """Put the last results of `case` between its two marks in docs/benchmarks.md."""
    page = DOCS / "benchmarks.md"
    table = load_table(case)
    if table is not None:
        new = f"{to_markdown(table)}\n\n{origin(table)}"
        page.write_text(_replace_between(page.read_text(), case, new))


def origin(table: Table) -> str:
    """Return where and when the figures were taken."""
    machine = "; ".join(f"{label}: {value}" for label, value in table.machine.items())
    return f"Taken {table.taken_at} on {machine}."


def format_figure(value: float) -> str:
    """Return `value` with three significant digits, or as a whole number above 100."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _figures(row: Row) -> list[str]:
    if not row.values:
        return ["", ""]
    spread = f"{format_figure(min(row.values))} to {format_figure(max(row.values))}"
    return [format_figure(row.median), spread if len(row.values) > 1 else ""]


def _ratio(row: Row, table: Table) -> str:
    yardstick = table.yardstick(row.setting)
    if yardstick is None or not row.values:
        return ""
    return f"{row.times(yardstick):.2f}"


def _targets(table: Table) -> list[str]:
    if not table.targets:
        return []
    lines = [
        f"- {'reached' if target.reached else '**not reached**'}: {target.text} ({target.found})"
        for target in table.targets
    ]
    return ["", "Targets:", "", *lines]


def _remarks(table: Table) -> list[str]:
    return [line for remark in table.remarks for line in ("", remark)]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _replace_between(text: str, case: str, new: str) -> str:
    begin, end = f"<!-- results of {case} -->\n", "<!-- end -->"
    before, mark, rest = text.partition(begin)
    if not mark:
        return f"{text.rstrip()}\n\n## {case}\n\n{begin}{new}\n{end}\n"
    return f"{before}{begin}{new}\n{end}{rest.partition(end)[2]}"
