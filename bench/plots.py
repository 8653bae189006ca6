"""One plot per case: a dot for each subject, the yardstick as a line across."""

from typing import Any

from bench.report import DOCS, format_figure
from bench.results import Role, Row, Table

FOLDER = DOCS / "benchmarks"
COLOURS = {Role.OURS: "#0369a1", Role.YARDSTICK: "#475569", Role.PEER: "#f59e0b"}
FAR = 20


def draw(table: Table) -> None:
    """Draw `table` to docs/benchmarks/, as SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "hark"  # the same figures give the same file
    mpl.rcParams["font.family"] = "sans-serif"
    FOLDER.mkdir(parents=True, exist_ok=True)
    _draw(table)


def _draw(table: Table) -> None:
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter

    measured = [row for row in table.rows if row.values]
    settings = list(dict.fromkeys(row.setting for row in measured))
    groups = [[row for row in measured if row.setting == setting] for setting in settings]
    heights = [len(group) + 1 for group in groups]
    figure, panels = pyplot.subplots(
        len(groups),
        sharex=True,
        squeeze=False,
        figsize=(8, 0.7 + 0.3 * sum(heights)),
        gridspec_kw={"height_ratios": heights},
        layout="constrained",
    )
    for panel, setting, group in zip(panels[:, 0], settings, groups, strict=True):
        _draw_group(panel, group, table)
        panel.set_title(setting, loc="left", fontsize=9)
    last = panels[-1, 0]
    _scale(last, [row.median for row in measured])
    last.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    last.set_xlabel(f"{table.unit} ({'more' if table.more_is_better else 'less'} is better)")
    figure.savefig(FOLDER / f"{table.case}.svg", metadata={"Date": None})
    pyplot.close(figure)


def _draw_group(panel: Any, rows: list[Row], table: Table) -> None:
    """Draw a dot for each median, and a line from the lowest to the highest figure."""
    rows = sorted(rows, key=lambda row: row.median, reverse=not table.more_is_better)
    for place, row in enumerate(rows):
        low, high, colour = min(row.values), max(row.values), COLOURS[row.role]
        panel.plot([low, high], [place, place], color=colour, linewidth=3, solid_capstyle="round")
        panel.plot(row.median, place, "o", color=colour, markersize=8)
        panel.annotate(
            format_figure(row.median),
            (high, place),
            va="center",
            fontsize=8,
            xytext=(8, 0),
            textcoords="offset points",
        )
    panel.set_yticks(range(len(rows)), [row.subject for row in rows])
    panel.set_ylim(-0.6, len(rows) - 0.4)
    panel.grid(axis="x", color="#e2e8f0")
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    yardstick = table.yardstick(rows[0].setting)
    if yardstick is not None:
        panel.axvline(yardstick.median, color=COLOURS[Role.YARDSTICK], linestyle="--", linewidth=1)


def _scale(panel: Any, values: list[float]) -> None:
    """Choose a logarithmic axis where the figures are far apart, else one that begins at 0."""
    if max(values) > FAR * min(values):
        panel.set_xscale("log")
        panel.set_xlim(min(values) / 2, max(values) * 2)
    else:
        panel.set_xlim(0, max(values) * 1.2)
