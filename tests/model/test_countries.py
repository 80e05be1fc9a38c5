"""The list of countries whose holidays are known, against the library that knows them.

`python -m tests.model.test_countries` writes it anew.
"""

from pathlib import Path

import holidays
import pytest
from holidays.registry import COUNTRIES as REGISTRY

from kpidsl.model import countries
from kpidsl.model.countries import find_place


def text() -> str:
    """A line for each country: its code, its other names, its regions with theirs."""
    lines = []
    for name, code, *others in REGISTRY.values():
        country = getattr(holidays, name)
        names = [name, *(other for other in others if not other.startswith("Holidays"))]
        regions = {region: [region] for region in country.subdivisions}
        for alias, region in getattr(country, "subdivisions_aliases", {}).items():
            regions[region].append(alias)
        lines.append("\t".join((code, "|".join(names), *("|".join(each) for each in regions.values()))))
    return "".join(f"{line}\n" for line in sorted(lines))


def test_the_library_knows_what_is_listed() -> None:
    """A newer one may know more."""
    known = {line.split("\t")[0]: set(line.strip().split("\t")[2:]) for line in text().splitlines()}
    listed = [line.split("\t") for line in countries.LIST.read_text("utf-8").splitlines()]
    assert len(listed) >= 250
    for code, _, *regions in listed:
        assert {each.split("|")[0] for each in regions} <= {each.split("|")[0] for each in known[code]}


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("France", ("FR", None)),
        ("fr", ("FR", None)),
        ("United Kingdom", ("GB", None)),
        ("UK-Scotland", ("GB", "SCT")),
        ("Germany-BY", ("DE", "BY")),
        ("Germany-Bayern", ("DE", "BY")),
        ("DE-Sachsen-Anhalt", ("DE", "ST")),
        ("Timor-Leste", ("TL", None)),
        ("US-ca", ("US", "CA")),
        ("USA-California", ("US", "CA")),
        ("France-Zone A", ("FR", "Zone A")),
        ("Andorra-Sant Julia de Loria", ("AD", "06")),
    ],
)
def test_places_are_found_by_code_or_name(written: str, place: tuple[str, str | None]) -> None:
    assert find_place(written) == place
    holidays.country_holidays(place[0], subdiv=place[1], years=2026)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Frnace", "`Frnace` is no country whose holidays are known; similar: France"),
        ("Germany-Bayer", "Germany has no region `Bayer`; similar: Bayern"),
        ("Austria-ZZ", "Austria has no region `ZZ`"),
        ("Monaco-1", "the holidays of Monaco are not known by region"),
        ("Qqq", "`Qqq` is no country whose holidays are known"),
    ],
)
def test_a_place_that_is_not_known_says_so(written: str, found: str) -> None:
    with pytest.raises(ValueError, match=f"^{found}$"):
        find_place(written)


if __name__ == "__main__":
    Path(countries.LIST).write_text(text(), "utf-8")
