"""The screens of the page as pictures, in docs/screens: every view, wide and narrow, light and dark.

python scripts/screenshots.py [FOLDER]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PORT = 8021
COMPARED = "ids=openai/gpt-6-sol,anthropic/claude-sonnet-5-5,google/gemini-2.5-pro"
SCREENS = {
    "catalogue": "#/",
    "search": "#/?q=claude+sonnet&capability=tools&max_price=3",
    "model": "#/model/google/gemini-2.5-pro",
    "compare": f"#/compare?{COMPARED}",
    "plot": "#/compare?provider=openai&provider=anthropic&provider=google&provider=mistral",
    "calculator": f"#/calculator?{COMPARED}&input=20000&cached_input=80000&output=4000",
    "settings": "#/settings",
    "edit": "#/settings?edit=openai/gpt-4o",
}
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}


def taken(browser: Browser, folder: Path) -> None:
    """One picture for each screen, size and theme."""
    for theme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            for name, address in SCREENS.items():
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
                page = context.new_page()
                page.goto(f"http://127.0.0.1:{PORT}/{address}")
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(700)
                if name == "plot":
                    page.get_by_role("heading", level=2).last.scroll_into_view_if_needed()
                page.screenshot(path=folder / f"{name}-{size}-{theme}.png")
                context.close()


def main() -> None:
    """Serve this checkout's own catalogue and look at it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/screens"
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryFile() as log, sync_playwright() as playwright:
        command = [sys.executable, "-m", "modelry", "serve", "--port", str(PORT), "--data", str(ROOT)]
        server = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603
        try:
            await_answer()
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            taken(browser, folder)
            browser.close()
        finally:
            server.terminate()
            server.wait()


def await_answer() -> None:
    """Wait until the server answers."""
    for _ in range(200):
        try:
            urlopen(f"http://127.0.0.1:{PORT}/api/health").close()
        except URLError:
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    main()
