"""The web shop of the example: one row for each session, and the orders that some sessions end in."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from chance import CHANNELS, DAYS, END, START, Dice, euros, lines, moment, move_late_rows, season, trouble

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
