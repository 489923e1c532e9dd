"""The lines of the page, in the system's Chromium with the whole catalogue: ready, a keystroke, scrolling, and its size.

A keystroke is all work from the key until what it changed is painted, without the wait for the display's next turn, which is
up to 17 ms of nothing.
"""

from __future__ import annotations

import gzip
import shutil
import statistics
from collections.abc import Iterator
from urllib.request import Request, urlopen

from serving import ROOT, Served, ours

STATIC = ROOT / "src/modelry/server/static"
WATCHING = """
window.strokes = [];
let pressed = 0;
addEventListener("beforeinput", () => { pressed = performance.now(); }, true);
addEventListener("input", () => {
  document.body.getBoundingClientRect();
  const work = performance.now() - pressed;
  requestAnimationFrame(() => {
    const began = performance.now();
    const channel = new MessageChannel();
    channel.port1.onmessage = () => window.strokes.push(work + performance.now() - began);
    channel.port2.postMessage(0);
  });
});
"""
READY = """() => {
  const data = performance.getEntriesByType("resource").find(one => one.name.includes("/api/models?fields"));
  return performance.getEntriesByName("ready")[0].startTime - data.responseEnd;
}"""
SCROLLED = """() => new Promise(done => {
  const grid = document.querySelector("[role=grid]"), frames = [];
  let last = performance.now(), steps = 0;
  const step = now => {
    frames.push(now - last);
    last = now;
    grid.scrollTop += steps % 10 ? 400 : 20000;
    if (++steps < 300) requestAnimationFrame(step); else done(Math.max(...frames.slice(1)));
  };
  requestAnimationFrame(step);
})"""
TYPED = ("claude sonnet 4.5", "gpt-4o-mini", "gemni flash", "qwen3 coder 30b")


def measured(rounds: int) -> Iterator[Served]:
    """All lines."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        yield Served("page", None, "ms", "skipped: Chromium or playwright is not installed")
        return
    with ours() as port, sync_playwright() as playwright:
        url = f"http://127.0.0.1:{port}"
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        seen = [visited(browser, url) for _ in range(min(rounds, 5))]
        browser.close()
        ready, strokes, frames = (statistics.median(values) for values in zip(*seen, strict=True))
        yield Served("page: ready after the data", ready, "ms", at_most=150)
        yield Served("  worst keystroke to paint", strokes, "ms", at_most=20)
        yield Served("  worst frame while scrolling", frames, "ms", at_most=50)
        yield Served("  all its code, gzip", sum(map(size, files(url))) / 1024, "KiB", at_most=60)


def visited(browser, url: str) -> tuple[float, float, float]:
    """Milliseconds until ready, of the worst keystroke, and of the worst frame while scrolling."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(WATCHING)
    page.goto(f"{url}/#/")
    page.locator("[role=grid][aria-busy=false]").wait_for()
    page.wait_for_timeout(1_500)  # the mark is set when that is painted; then the page prepares its search
    ready = page.evaluate(READY)
    box = page.get_by_role("searchbox")
    for text in TYPED:
        box.press_sequentially(text, delay=30)
        box.press("Control+A")
        box.press("Delete")
    page.wait_for_timeout(200)
    strokes = max(page.evaluate("window.strokes"))
    frames = page.evaluate(SCROLLED)
    page.close()
    return ready, strokes, frames


def files(url: str) -> Iterator[str]:
    """The addresses of all that a browser loads of the page."""
    yield f"{url}/"
    yield f"{url}/page/page.css"
    yield from (f"{url}/page/{file.relative_to(STATIC).as_posix()}" for file in STATIC.rglob("*.js"))


def size(url: str) -> int:
    """Bytes of what is sent, packed where it is not."""
    with urlopen(Request(url, headers={"Accept-Encoding": "gzip"})) as answer:
        data = answer.read()
        return len(data if answer.headers.get("Content-Encoding") == "gzip" else gzip.compress(data, 6))
