"""Write the data of Atelier Lumen, a small company that exists only in this example.

    python generate.py            write data/ beside this file
    python generate.py --check    say whether data/ holds exactly what would be written

Every number comes from `random.Random(seed).random()` and from arithmetic that IEEE 754 rounds in one way
only, so that all versions of Python on all machines write the same bytes.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from workbook import workbook

START, END = date(2024, 10, 1), date(2026, 10, 14)
DAYS = [START + timedelta(days=n) for n in range((END - START).days + 1)]
MISSING_AD_DAY = date(2026, 3, 17)
STOCK_ENDS = date(2026, 8, 14)
SHOWROOM_ENDS = date(2026, 8, 22)

CHANNELS = ("google", "meta", "email", "organic")
MONTH_SHAPE = (0.95, 0.90, 0.95, 0.90, 0.86, 0.82, 0.76, 0.50, 0.95, 1.08, 1.50, 1.65)
WEEK_SHAPE = (1.06, 1.02, 1.00, 0.97, 0.92, 0.91, 1.12)
HOUR_SHAPE = (1, 1, 0, 0, 0, 1, 2, 4, 5, 6, 6, 6, 8, 6, 5, 5, 5, 6, 7, 8, 10, 11, 8, 3)


class Dice:
    """A source of chance that uses nothing but `random()`."""

    def __init__(self, seed: int) -> None:
        self.roll = random.Random(seed).random

    def chance(self, probability: float) -> bool:
        return self.roll() < probability

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.roll()

    def whole(self, low: int, high: int) -> int:
        return low + int(self.roll() * (high - low + 1))

    def around(self, mean: float, spread: float = 0.35) -> int:
        """A whole number near the mean; right on average even when the mean is below one."""
        bell = (self.roll() + self.roll() + self.roll() + self.roll() - 2.0) / 2.0
        return int(max(0.0, mean * (1.0 + 2.0 * spread * bell)) + self.roll())

    def pick(self, items: Sequence, weights: Sequence[float] | None = None):
        if weights is None:
            return items[int(self.roll() * len(items))]
        rest = self.roll() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            rest -= weight
            if rest < 0:
                return item
        return items[-1]


def season(day: date) -> float:
    """How busy a day is: month of the year, day of the week, and 20 % of growth a year."""
    return MONTH_SHAPE[day.month - 1] * WEEK_SHAPE[day.weekday()] * (1.0 + 0.2 * (day - START).days / 365)


def moment(dice: Dice, day: date) -> datetime:
    hour = dice.pick(range(24), HOUR_SHAPE)
    return datetime(day.year, day.month, day.day, hour, dice.whole(0, 59), dice.whole(0, 59))


def move_late_rows(rows: list, dice: Dice, probability: float) -> list:
    """Some rows arrive days after their date: they stand at the end of the file."""
    late = [dice.chance(probability) for _ in rows]
    return [r for r, is_late in zip(rows, late, strict=True) if not is_late] + [
        r for r, is_late in zip(rows, late, strict=True) if is_late
    ]


def euros(amount: float) -> str:
    """1234.5 -> '1 234,50 €'."""
    whole, cents = f"{abs(amount):.2f}".split(".")
    groups = f"{int(whole):,}".replace(",", " ")
    return f"{'-' if amount < 0 else ''}{groups},{cents} €"


def lines(header: str, rows: Iterable[Sequence], separator: str = ",", end: str = "\n") -> str:
    return end.join([header, *(separator.join(str(v) for v in row) for row in rows), ""])


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
# From July 2026 on, meta sells its clicks dearer and they convert less.
META_TROUBLE = {(2026, 7): 1.22, (2026, 8): 1.45, (2026, 9): 1.80, (2026, 10): 2.00}


def trouble(channel: str, day: date) -> float:
    return META_TROUBLE.get((day.year, day.month), 1.0) if channel == "meta" else 1.0


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


# The web site: one row for each session, and the orders that some sessions end in.

SESSIONS_A_DAY = {"google": 13.5, "meta": 9.0, "email": 4.0, "organic": 8.5}
CONVERSION = {"google": 0.034, "meta": 0.017, "email": 0.052, "organic": 0.031}
BOUNCE = {"google": 0.33, "meta": 0.52, "email": 0.24, "organic": 0.35}
COMES_BACK = {"google": 0.22, "meta": 0.12, "email": 0.72, "organic": 0.38}
LANDING = {
    "/": -0.05,
    "/lamps": -0.03,
    "/lamps/aurore": 0.0,
    "/lamps/comete": 0.02,
    "/guide": 0.16,
    "/pro": 0.05,
}
CAMPAIGN_OF = {
    "google": (("brand", "lamps", "shopping"), (3, 4, 3)),
    "meta": (("discover", "retarget"), (6, 4)),
    "email": (("news",), (1,)),
    "organic": (("",), (1,)),
}
# name, price, part of the price that is cost, weight
PRODUCTS = (
    ("lueur", 59.0, 0.48, 30),
    ("aurore", 89.0, 0.50, 28),
    ("comete", 129.0, 0.53, 20),
    ("pleiade", 249.0, 0.55, 12),
    ("solstice", 420.0, 0.58, 5),
)


class Shop:
    """Visitors, sessions and orders, day after day."""

    def __init__(self) -> None:
        self.dice = Dice(41)
        self.sessions: list[tuple] = []
        self.orders: list[tuple] = []
        self.visits: dict[int, int] = {}
        self.known: dict[str, list[int]] = {channel: [] for channel in CHANNELS}
        self.customers: dict[int, int] = {}

    def visitor(self, channel: str) -> int:
        known = self.known[channel]
        if known and self.dice.chance(COMES_BACK[channel]):
            recent = known[-400:]
            return recent[int(self.dice.roll() * len(recent))]
        known.append(len(self.visits) + 1)
        return known[-1]

    def session(self, day: date, channel: str) -> None:
        dice = self.dice
        number, visitor, started = len(self.sessions) + 1, self.visitor(channel), moment(dice, day)
        self.visits[visitor] = self.visits.get(visitor, 0) + 1
        landing = dice.pick(tuple(LANDING), (30, 22, 16, 10, 16, 6))
        bounced = dice.chance(BOUNCE[channel] + LANDING[landing])
        pages = 1 if bounced else dice.whole(2, 7) + (dice.whole(1, 8) if dice.chance(0.25) else 0)
        seconds = dice.whole(2, 45) if bounced else pages * dice.whole(12, 70)
        campaign = dice.pick(*CAMPAIGN_OF[channel])
        self.sessions.append(
            (
                number,
                started,
                channel,
                campaign,
                landing,
                pages,
                seconds,
                int(bounced),
                visitor,
                self.visits[visitor],
            )
        )
        more = 1.25 if self.visits[visitor] > 1 else 0.95
        if not bounced and dice.chance(CONVERSION[channel] / 0.6 * more / trouble(channel, day)):
            self.order(started + timedelta(seconds=seconds), number, visitor)

    def order(self, at: datetime, session: int, visitor: int) -> None:
        dice = self.dice
        product, price, cost_part, _ = dice.pick(PRODUCTS, [p[3] for p in PRODUCTS])
        quantity = dice.pick((1, 2, 3, 4), (72, 20, 5, 3))
        amount = price * quantity * (0.9 if dice.chance(0.15) else 1.0)
        is_new = visitor not in self.customers
        customer = self.customers.setdefault(visitor, len(self.customers) + 1)
        cost = price * quantity * cost_part * dice.between(0.96, 1.04)
        self.add(at, f"{session}", customer, is_new, "web", product, quantity, amount, cost)
        if dice.chance(0.05):
            back = at + timedelta(days=dice.whole(3, 20), minutes=dice.whole(1, 600))
            if back.date() <= END:
                self.add(back, f"{session}", customer, False, "refund", product, -quantity, -amount, -cost)

    def phone_order(self, day: date) -> None:
        """A professional orders by telephone: no session."""
        dice = self.dice
        product, price, cost_part, _ = dice.pick(PRODUCTS, (3, 4, 4, 2, 1))
        quantity = dice.whole(2, 6)
        customer = 90000 + dice.whole(1, 40 + (day - START).days // 6)
        is_new = customer not in self.customers
        self.customers.setdefault(customer, customer)
        at = datetime(day.year, day.month, day.day, dice.whole(9, 17), dice.whole(0, 59), dice.whole(0, 59))
        amount, cost = price * quantity * 0.85, price * quantity * cost_part
        self.add(at, "", customer, is_new, "phone", product, quantity, amount, cost)

    def add(self, at, session, customer, is_new, kind, product, quantity, amount, cost) -> None:
        shipped = at.date() + timedelta(days=self.dice.pick((1, 2, 3, 4, 5, 6, 8), (20, 30, 22, 12, 8, 5, 3)))
        shipped_on = "" if kind == "refund" or shipped > END else shipped.isoformat()
        flag = "yes" if is_new else "no"
        self.orders.append(
            (
                at,
                session,
                f"K{customer:04}",
                flag,
                kind,
                product,
                quantity,
                euros(amount),
                euros(cost),
                shipped_on,
            )
        )

    def run(self) -> None:
        for day in DAYS:
            for channel in CHANNELS:
                mailing = (0.6, 2.2, 0.9, 1.6, 0.6, 0.5, 0.6)[day.weekday()] if channel == "email" else 1.0
                for _ in range(self.dice.around(SESSIONS_A_DAY[channel] * season(day) * mailing)):
                    self.session(day, channel)
            if day.weekday() < 5:
                for _ in range(self.dice.around(0.36 * season(day), 0.5)):
                    self.phone_order(day)


def shop() -> dict[str, bytes]:
    """Sessions, and orders whose last rows are deliveries agreed for a day still to come."""
    run = Shop()
    run.run()
    sessions = sorted(run.sessions, key=lambda row: (row[1], row[0]))
    orders = sorted(run.orders, key=lambda row: row[0])
    orders = [row for row in orders if row[0].date() <= END]
    orders = move_late_rows(orders, run.dice, 0.008)
    run.orders = []
    for _ in range(4):
        run.phone_order(date(2026, 10, 22))
    numbered = [(10001 + n, *row) for n, row in enumerate([*orders, *run.orders])]
    header = (
        "order_id;created_at;session_id;customer_id;new_customer;kind;product;quantity;amount;cost;shipped_on"
    )
    session_header = (
        "session_id,started_at,channel,campaign,landing_page,pages,seconds,bounced,visitor_id,visit"
    )
    return {
        "sessions.csv": lines(session_header, sessions).encode(),
        "orders.csv": lines(header, numbered, ";").encode("utf-8-sig"),
    }


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
    parts = (ads, leads, shop, stock, showroom, audience, plans, survey)
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
