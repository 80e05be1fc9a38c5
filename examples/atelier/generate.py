"""Write the data of Atelier Lumen, a small company that exists only in this example.

    python generate.py            write data/ beside this file
    python generate.py --check    say whether data/ holds exactly what would be written

Every number comes from `random.Random(seed).random()` and from arithmetic that IEEE 754 rounds in one way
only, so that all versions of Python on all machines write the same bytes.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

from chance import CHANNELS, DAYS, MONTH_SHAPE, Dice, lines, move_late_rows, season, trouble
from shop import PRODUCTS, shop
from workbook import workbook

MISSING_AD_DAY = date(2026, 3, 17)
STOCK_ENDS = date(2026, 8, 14)
SHOWROOM_ENDS = date(2026, 8, 22)

# Advertising: one file a month, one row for each day, platform and campaign.

# platform, campaign, spend a day, cost of a click, clicks per impression, revenue for each euro spent
CAMPAIGNS = (
    ("google", "brand", 9.0, 0.38, 0.082, 6.2),
    ("google", "lamps", 21.0, 0.74, 0.031, 3.1),
    ("google", "shopping", 13.0, 0.52, 0.012, 3.9),
    ("meta", "discover", 13.0, 0.46, 0.011, 1.7),
    ("meta", "retarget", 8.0, 0.41, 0.019, 3.4),
    ("email", "news", 2.6, 0.12, 0.034, 9.0),
)


def ad_row(dice: Dice, day: date, campaign: tuple) -> tuple:
    platform, name, budget, click_cost, click_rate, roas = campaign
    worse = trouble(platform, day)
    spend = budget * season(day) * dice.between(0.85, 1.15) * (1.0 + (worse - 1.0) * 0.3)
    clicks = dice.around(spend / (click_cost * (1.0 + (worse - 1.0) * 0.6)), 0.15)
    impressions = dice.around(clicks / click_rate, 0.2)
    revenue = spend * roas * dice.between(0.5, 1.5) / worse
    return day.isoformat(), platform, name, impressions, clicks, f"{spend:.2f}", f"{revenue:.2f}"


def ads() -> dict[str, bytes]:
    """The months; one day is missing, some rows are late, two days are booked ahead."""
    dice = Dice(11)
    booked = [date(2026, 10, 20), date(2026, 10, 21)]
    months: dict[str, list] = {}
    for day in [*DAYS, *booked]:
        for campaign in CAMPAIGNS:
            row = ad_row(dice, day, campaign)
            if day != MISSING_AD_DAY:
                months.setdefault(f"{day:%Y-%m}", []).append(row)
    header = "day,platform,campaign,impressions,clicks,spend,revenue"
    return {
        f"ads/{month}.csv": lines(header, move_late_rows(rows, dice, 0.015)).encode()
        for month, rows in months.items()
    }


# Leads: the CRM's export, as an old spreadsheet program writes it.

FIRST_NAMES = (
    "Zoé", "Léa", "Inès", "Chloé", "Maëlle", "Anaïs", "Hélène", "Noé", "Rémi", "Loïc", "Jérôme", "François",
    "Gaël", "Théo", "Aurélie",
)  # fmt: skip
LAST_NAMES = (
    "Lefèvre", "Béranger", "Müller", "Garçon", "Noël", "Dupré", "Castañeda", "Gérard", "Hébert", "Lemaître",
    "Aubé",
)  # fmt: skip
TRADES = ("Hôtel", "Café", "Atelier d'architecture", "Boutique", "Théâtre", "Musée", "Cabinet")
PLACES = ("des Arènes", "du Marché", "Saint-Éloi", "de l'Île", "Bellecour", "de la Forêt", "du Château")
LEADS_A_DAY = {"google": 1.75, "meta": 1.35, "email": 0.45, "organic": 0.85}


def lead_row(dice: Dice, day: date, channel: str, number: int) -> tuple:
    seasoned = 1.6 if channel in ("email", "organic") else 1.0
    pages = dice.whole(1, 8) if dice.chance(0.68 / seasoned) else dice.whole(9, 30)
    whitepapers = dice.pick((0, 1, 2, 3), (4, 4, 2, 1) if pages >= 8 else (8, 3, 1, 0))
    qualified = dice.chance(0.46 if pages >= 10 and whitepapers >= 1 else 0.07)
    customer = qualified and dice.chance(0.33)
    contact = dice.whole(1, number) if number > 50 and dice.chance(0.04) else number
    name = f"{dice.pick(FIRST_NAMES)} {dice.pick(LAST_NAMES)}"
    company = f"{dice.pick(TRADES)} {dice.pick(PLACES)}" if dice.chance(0.8) else ""
    answers = ["oui" if flag else "non" for flag in (qualified, customer)]
    return (
        f"L{number:05}",
        f"{day:%d/%m/%Y}",
        f"C{contact:05}",
        name,
        company,
        channel,
        pages,
        whitepapers,
        *answers,
    )


def leads() -> dict[str, bytes]:
    """Day-first dates, Windows-1252; the last rows are people who booked a visit to a fair still to come."""
    dice = Dice(12)
    rows: list[tuple] = []
    for day in DAYS:
        for channel in CHANNELS:
            mean = LEADS_A_DAY[channel] * season(day) / trouble(channel, day)
            for _ in range(dice.around(mean, 0.6)):
                rows.append(lead_row(dice, day, channel, len(rows) + 1))
    rows = move_late_rows(rows, dice, 0.006)
    for _ in range(9):
        rows.append(lead_row(dice, date(2026, 10, 28), "organic", len(rows) + 1))
    header = (
        "Numéro;Date de création;Contact;Nom;Société;Canal d'acquisition;"
        "Pages vues;Livres blancs;Qualifié;Devenu client"
    )
    return {"leads.csv": lines(header, rows, ";", "\r\n").encode("windows-1252")}


# Lamps that resellers have on commission: nobody counts them every day.

RESELLERS = ("Annecy", "Dijon", "Grenoble", "Nantes")


def resellers() -> dict[str, bytes]:
    """A level whenever a reseller reports one, every nine days or so; all of them on the first day."""
    dice = Dice(19)
    level, sold = dict.fromkeys(RESELLERS, 28), dict.fromkeys(RESELLERS, 0.0)
    rows = []
    for day in DAYS:
        for name in RESELLERS:
            sold[name] += 0.16 * season(day)
            if day != DAYS[0] and not dice.chance(0.11):
                continue
            level[name] = max(0, level[name] - dice.around(sold[name], 0.5))
            sold[name] = 0.0
            if level[name] < 12:
                level[name] += dice.whole(14, 24)
            rows.append((day.isoformat(), name, level[name]))
    return {"resellers.csv": lines("day,reseller,lamps", rows).encode()}


# Small files: stock, showroom, social networks, inbound links, market, plan.


def stock() -> dict[str, bytes]:
    """A level for each product at the close of each day; the export stopped in August 2026."""
    dice = Dice(14)
    level = {name: 60 for name, *_ in PRODUCTS}
    out = []
    for day in DAYS:
        if day > STOCK_ENDS:
            break
        for name, _, _, weight in PRODUCTS:
            level[name] = max(0, level[name] - dice.around(0.06 * weight * season(day), 0.8))
            if level[name] < 12 and dice.chance(0.3):
                level[name] += dice.whole(40, 70)
            out.append(json.dumps({"day": day.isoformat(), "product": name, "level": level[name]}))
    return {"stock.jsonl": "\n".join([*out, ""]).encode()}


def showroom() -> dict[str, bytes]:
    """People counted at the door; the counter broke in August 2026 and nobody promised to repair it."""
    dice = Dice(15)
    rows = [
        (day.isoformat(), dice.around(14 * season(day), 0.5))
        for day in DAYS
        if day.weekday() != 6 and day <= SHOWROOM_ENDS
    ]
    return {"showroom.csv": lines("day,people", rows).encode()}


def audience() -> dict[str, bytes]:
    dice = Dice(16)
    followers = {"instagram": 4200.0, "pinterest": 1500.0}
    rows, links, domains = [], [], 118.0
    for day in DAYS:
        if day.weekday() != 0:
            continue
        for network in followers:
            followers[network] *= 1.0 + dice.between(0.001, 0.009)
            reach = dice.around(followers[network] * 0.9 * season(day), 0.3)
            rows.append(
                (day.isoformat(), network, int(followers[network]), reach, dice.around(reach * 0.034, 0.3))
            )
        domains += dice.between(-0.4, 1.6)
        links.append((day.isoformat(), int(domains)))
    return {
        "social.csv": lines("week,network,followers,reach,interactions", rows).encode(),
        "links.csv": lines("day,domains", links).encode(),
    }


def plans() -> dict[str, bytes]:
    """The market's size as a federation estimates it, and the plan that the direction wrote down."""
    dice = Dice(17)
    months = [date(2024 + n // 12, n % 12 + 1, 1) for n in range(9, 36)]
    market = [
        (month.isoformat(), int(620 * MONTH_SHAPE[month.month - 1] * dice.between(0.95, 1.05)) * 1000)
        for month in months
        if month < date(2026, 10, 1)
    ]
    plan = [
        (month.isoformat(), int(118 * MONTH_SHAPE[month.month - 1] * (1.0 + 0.012 * n)) * 100)
        for n, month in enumerate(months)
    ]
    return {
        "market.csv": lines("month,size", market).encode(),
        "plan.csv": lines("month,amount", plan).encode(),
    }


# The survey: an Excel workbook.

COMMENTS = (
    "", "", "", "Très belle lumière", "Livraison rapide", "Emballage abîmé", "Délai trop long",
    "Montage facile", "Prix un peu élevé", "Service à l'écoute",
)  # fmt: skip
SURVEY_HEADER = ("Date", "Score", "Satisfaction", "Canal", "Weight", "Comment")


def survey_rows() -> list[tuple]:
    dice = Dice(18)
    rows = []
    for day in DAYS:
        for _ in range(dice.around(1.3 * season(day), 0.8)):
            channel = dice.pick(CHANNELS, (4, 2, 3, 3))
            happy = {"google": 0.0, "meta": -0.12, "email": 0.1, "organic": 0.05}[channel]
            mood = dice.roll() * 0.55 + dice.roll() * 0.3 + 0.36 + happy
            score = max(0, min(10, int(mood * 11)))
            satisfaction = max(1, min(5, 1 + int(mood * 4.2 + dice.between(-0.3, 0.4))))
            rows.append((day, score, satisfaction, channel, dice.pick((0.5, 1, 1.5, 2)), dice.pick(COMMENTS)))
    return rows


def survey() -> dict[str, bytes]:
    return {"survey.xlsx": workbook([SURVEY_HEADER, *survey_rows()])}


def everything() -> dict[str, bytes]:
    parts = (ads, leads, shop, resellers, stock, showroom, audience, plans, survey)
    return {name: content for part in parts for name, content in part().items()}


def differences(folder: Path, files: dict[str, bytes]) -> list[str]:
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    wrong = [name for name in files if name in present and (folder / name).read_bytes() != files[name]]
    return sorted([*wrong, *(present ^ files.keys())])


def main(arguments: list[str]) -> int:
    folder = Path(__file__).resolve().parent / "data"
    files = everything()
    if arguments == ["--check"]:
        wrong = differences(folder, files)
        print("\n".join(f"differs: {name}" for name in wrong) or f"{len(files)} files are as generated")
        return 1 if wrong else 0
    if arguments:
        print(__doc__)
        return 2
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    print(f"{len(files)} files, {sum(map(len, files.values())):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
