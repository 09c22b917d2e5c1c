"""Makes the example files of this folder: a morning of a small shop, with robots in it. Seeded, so repeatable."""

from __future__ import annotations

import json
import random
from pathlib import Path

HERE = Path(__file__).parent
START_S = 1_772_355_600  # 2026-03-01 09:00 UTC
RESELLERS = 5
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"


def shop_events(seed: int) -> list[dict[str, object]]:
    """Six shoppers, a scanner that probes with SQL, a scraper that says what it is, and five resellers who don't."""
    rng = random.Random(seed)  # noqa: S311 -- example data, no secret
    events: list[dict[str, object]] = []

    def add(visitor: str, at_s: float, kind: str, url: str, agent: str = BROWSER, **more: object) -> None:
        events.append(
            {
                "event_id": f"{visitor}-{len(events)}",
                "visitor_id": visitor,
                "type": kind,
                "ts": round(START_S + at_s, 3),
                "url": url,
                "user_agent": agent,
                **more,
            }
        )

    for shopper in range(6):
        at_s = rng.uniform(0, 600)
        for _ in range(rng.randint(4, 12)):
            item = f"item-{rng.randint(1, 40)}"
            add(f"shopper-{shopper}", at_s, "page_view", f"/products/{item}", item_id=item)
            at_s += rng.lognormvariate(3, 0.8)
        if shopper % 2:
            add(f"shopper-{shopper}", at_s, "add_to_cart", "/cart", item_id=item)
            add(f"shopper-{shopper}", at_s + 60, "purchase", "/checkout", item_id=item, value=19.9, currency="EUR")
    for probe in ("1' OR '1'='1' --", "1 UNION SELECT password FROM users", "../../etc/passwd"):
        add("scanner", 300 + len(events), "page_view", f"/products?id={probe}", ip="203.0.113.7")
    for page in range(40):
        add("scraper", 400 + 2 * page, "page_view", f"/products/item-{page}", "python-requests/2.32", ip="203.0.113.9")
    for reseller in range(RESELLERS):
        for hour in range(3):
            at_s = 500 + 60 * reseller + 600 * hour
            add(f"reseller-{reseller}", at_s, "page_view", "/export/prices.csv", ip=f"203.0.113.{21 + reseller}")
    return sorted(events, key=lambda event: float(str(event["ts"])))


def main() -> None:
    """Writes the files."""
    lines = [json.dumps(event) for event in shop_events(seed=1)]
    (HERE / "events.jsonl").write_text("\n".join(lines) + "\n")
    labels = [
        {"visitor_id": "scraper", "ts": START_S + 410.0, "label": "bad", "category": "scraper", "source": "moderation"},
        {"visitor_id": "shopper-0", "ts": START_S + 610.0, "label": "good", "source": "moderation"},
    ]
    labels += [
        {
            "visitor_id": f"reseller-{reseller}",
            "ts": START_S + 510.0 + 60 * reseller,
            "label": "bad",
            "category": "scraper",
            "source": "moderation",
        }
        for reseller in range(RESELLERS)
    ]
    (HERE / "labels.jsonl").write_text("".join(json.dumps(label) + "\n" for label in labels))


if __name__ == "__main__":
    main()
