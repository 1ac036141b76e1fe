"""Links of groups, as the tests of clusterings write and read them."""

from datetime import UTC, datetime

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


def written(path, rows, header="subject,kind,value"):
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")
    return path


def rows_of(groups):
    """Return links of four hosts a group, which share two values."""
    return [
        (f"{group}{'' if len(group) == 1 else '-'}{n}.example", kind, f"{kind}-{group}")
        for group in groups
        for n in range(4)
        for kind in ("payment", "certificate")
    ]


TWO = rows_of("ab")
MANY = rows_of([f"g{number:02}" for number in range(40)])


def groups(found):
    made = {}
    for subject, network, _ in found.rows():
        made.setdefault(network, []).append(subject[0])
    return sorted("".join(one) for one in made.values())


def networks(found):
    return {subject: network for subject, network, _ in found.rows()}


def read_rows(path):
    return [tuple(line.split(",")) for line in path.read_text().splitlines()[1:]]
