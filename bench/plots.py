"""One plot per case: a bar for each subject, the yardstick as a line across."""

from bench.report import DOCS, format_figure
from bench.results import Role, Row, Table

FOLDER = DOCS / "benchmarks"
COLOURS = {Role.OURS: "#0369a1", Role.YARDSTICK: "#475569", Role.PEER: "#cbd5e1"}


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

    measured = [row for row in table.rows if row.values]
    settings = [each for each in table.settings if any(row.setting == each for row in measured)]
    groups = [[row for row in measured if row.setting == setting] for setting in settings]
    heights = [len(group) + 1 for group in groups]
    figure, axes = pyplot.subplots(
        len(groups),
        sharex=True,
        squeeze=False,
        figsize=(8, 0.7 + 0.3 * sum(heights)),
        gridspec_kw={"height_ratios": heights},
        layout="constrained",
    )
    for panel, setting, group in zip(axes[:, 0], settings, groups, strict=True):
        _draw_group(panel, group, table.yardstick(setting))
        panel.set_title(setting, loc="left", fontsize=9)
    axes[-1, 0].set_xlabel(f"{table.unit} ({'more' if table.more_is_better else 'less'} is better)")
    figure.savefig(FOLDER / f"{table.case}.svg", metadata={"Date": None})
    pyplot.close(figure)


def _draw_group(panel, rows: list[Row], yardstick: Row | None) -> None:  # type: ignore[no-untyped-def]
    rows = sorted(rows, key=lambda row: row.median, reverse=True)
    medians = [row.median for row in rows]
    spread = [
        [row.median - min(row.values) for row in rows],
        [max(row.values) - row.median for row in rows],
    ]
    labels = [row.subject for row in rows]
    panel.barh(labels, medians, xerr=spread, color=[COLOURS[row.role] for row in rows], ecolor="k")
    panel.set_xscale("log")
    for place, value in enumerate(medians):
        panel.annotate(
            f" {format_figure(value)}",
            (value, place),
            va="center",
            fontsize=8,
            xytext=(6, 0),
            textcoords="offset points",
        )
    if yardstick is not None:
        panel.axvline(yardstick.median, color=COLOURS[Role.YARDSTICK], linestyle="--", linewidth=1)
    panel.margins(x=0.1)
    panel.spines[["top", "right"]].set_visible(False)
