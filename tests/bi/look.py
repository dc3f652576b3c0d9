"""Open every dashboard in a headless browser and say as JSON what is wrong with it; run by Superset's own Python.

`python tests/bi/look.py http://127.0.0.1:8088 pictures/ customers funnel`: the password of `admin` comes from
SUPERSET_ADMIN_PASSWORD. Superset brings Selenium along; the browser is Debian's `chromium` with `chromium-driver`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

_PATIENCE_SECONDS = 90

_WIDTH = 1500
_ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={_WIDTH},3200")

# What of a dashboard is still coming, what it draws and what it could not: Superset's own marks in the page.
_LOOK = """
const all = (query) => [...document.querySelectorAll(query)];
return {
    charts: all('[data-test="dashboard-component-chart-holder"]').length,
    drawn: all('.slice_container').filter((place) => place.querySelector('canvas, svg, table, .header-line')).length,
    loading: all('[data-test="loading-indicator"], .loading').length,
    errors: all('.ant-alert-error, .error-alert, [data-test="error-alert"]').map((place) => place.innerText),
    empty: all('.ant-empty').map((place) =>
        place.closest('[data-test="dashboard-component-chart-holder"]')?.innerText ?? place.innerText),
};
"""

_BOTTOM = """
return Math.max(...[...document.querySelectorAll('[data-test="dashboard-component-chart-holder"]')]
    .map((place) => place.getBoundingClientRect().bottom));
"""


def browser() -> webdriver.Chrome:
    """Chromium without a screen, tall enough that every chart is in view, its console and its requests kept."""
    options = webdriver.ChromeOptions()
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Named, so that Selenium does not ask the internet for one.
    options.binary_location = str(shutil.which("chromium"))
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def log_in(driver: webdriver.Chrome, address: str) -> None:
    """As admin, through the form."""
    driver.get(f"{address}/login/")
    form = WebDriverWait(driver, _PATIENCE_SECONDS)
    form.until(lambda page: page.find_elements(By.CSS_SELECTOR, "input[type=password]"))
    driver.find_element(By.CSS_SELECTOR, "input[type=text], #username").send_keys("admin")
    password = driver.find_element(By.CSS_SELECTOR, "input[type=password]")
    password.send_keys(os.environ["SUPERSET_ADMIN_PASSWORD"])
    password.submit()
    form.until(lambda page: "/login" not in page.current_url)


def look(driver: webdriver.Chrome, address: str, slug: str, pictures: Path) -> dict[str, object]:
    """One dashboard, once nothing is loading any more; with a picture of it."""
    driver.get_log("browser")
    driver.get_log("performance")
    driver.get(f"{address}/superset/dashboard/{slug}/")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    seen: dict[str, object] = {}
    while time.monotonic() < deadline:
        time.sleep(1)
        before, seen = seen, driver.execute_script(_LOOK)
        if seen["charts"] and not seen["loading"] and seen == before:
            break
    picture(driver, pictures / f"{slug}.png")
    failed, foreign, refused = _requests(driver, address)
    console = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    told = [message for message in console if not any(url in message for url in refused)]
    return {**seen, "console": told, "failed": failed, "foreign": foreign}


def picture(driver: webdriver.Chrome, path: Path) -> None:
    """The dashboard down to its last chart, without the empty page below it, small enough to be shown in docs."""
    clip = {"x": 0, "y": 0, "width": _WIDTH, "height": driver.execute_script(_BOTTOM) + 16, "scale": 0.7}
    taken = driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})
    path.write_bytes(base64.b64decode(taken["data"]))


def _requests(driver: webdriver.Chrome, address: str) -> tuple[list[str], list[str], list[str]]:
    """Answers of 400 and above; requests to anybody else; and those that the page's own policy kept from leaving."""
    failed, foreign, refused = [], {}, []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        what = message["params"]
        if message["method"] == "Network.responseReceived" and what["response"]["status"] >= 400:
            failed.append(f"{what['response']['status']} {what['response']['url']}")
        elif message["method"] == "Network.requestWillBeSent":
            url = what["request"]["url"]
            if urlsplit(url).scheme in {"http", "https"} and not url.startswith(address):
                foreign[what["requestId"]] = url
        elif message["method"] == "Network.loadingFailed" and what.get("blockedReason") == "csp":
            refused.append(foreign.pop(what["requestId"], ""))
    return failed, list(foreign.values()), [url for url in refused if url]


def main(address: str, folder: str, *slugs: str) -> None:
    pictures = Path(folder)
    pictures.mkdir(parents=True, exist_ok=True)
    driver = browser()
    try:
        log_in(driver, address)
        found = {slug: look(driver, address, slug, pictures) for slug in slugs}
    finally:
        driver.quit()
    json.dump(found, sys.stdout, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
