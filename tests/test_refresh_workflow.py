"""The daily workflow: its own shell lines, run on a repository of ours, where only GitHub is played."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from refreshing import D1, D2, D3, PROJECT, body, environment, offered, priced, refreshed, root_at
from requirements import needs

WORKFLOW = yaml.safe_load((PROJECT / ".github/workflows/refresh-models-catalog.yml").read_text())
STEPS = {step["name"]: step for step in WORKFLOW["jobs"]["refresh"]["steps"] if "name" in step}
COMMAND = f"""#!/bin/sh
exec {sys.executable} -m modelry "$@"
"""
GH = """#!/bin/sh
echo "$1 $2" >> ../asked
if [ "$2" = create ] && [ "$(grep -c create ../asked)" -gt 1 ]; then echo "there is one already" >&2; exit 1; fi
for word in "$@"; do if [ "$last" = --body-file ]; then cp "$word" ../body.md; fi; last="$word"; done
"""


class Job:
    """A checkout on its way through the steps of the job."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root, self.temp = folder, folder / "checkout", folder / "temp"
        self.temp.mkdir()
        tools = folder / "tools"
        tools.mkdir()
        for name, text in (("gh", GH), ("modelry", COMMAND), ("python", COMMAND.replace("-m modelry ", ""))):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        self.env = environment(
            PATH=f"{tools}:{os.environ['PATH']}", RUNNER_TEMP=str(self.temp), GITHUB_OUTPUT=str(self.temp / "output"),
            GITHUB_STEP_SUMMARY=str(self.temp / "summary"), HOME=str(folder), GIT_CONFIG_NOSYSTEM="1",
        )  # fmt: skip

    def bash(self, text: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
        return subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True, check=False)

    def git(self, text: str) -> str:
        done = self.bash(f"git {text}")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def run(self, said: dict | str, day: str) -> dict[str, str]:
        """What each step came to: `ok`, `failed` or `skipped`, as a runner decides it."""
        feed = self.temp / "feed.json"
        feed.write_text(said if isinstance(said, str) else json.dumps(said))
        for name in ("output", "summary"):
            (self.temp / name).write_text("")
        came: dict[str, str] = {}
        for name, step in STEPS.items():
            if name == "Install":
                continue
            when, failed = step.get("if", "success()"), "failed" in came.values()
            changed = "any=true" in (self.temp / "output").read_text()
            due = {"always()": True, "success()": not failed, "steps.changed.outputs.any == 'true'": changed and not failed}  # fmt: skip
            if not due[when]:
                came[name] = "skipped"
                continue
            text = re.sub(r"\$\{\{.*?\}\}", "", step["run"]).replace("make test-data", "")
            if name == "Refresh":
                text += f" --feed openrouter={feed} --as-of {day}"
            done = self.bash(text)
            came[name] = "failed" if done.returncode else "ok"
        return came


@pytest.fixture(autouse=True, scope="module")
def shell():
    needs("git", bool(shutil.which("git") and shutil.which("bash")), "git or bash is not here")


@pytest.fixture
def job(tmp_path):
    job = Job(tmp_path)
    root = root_at(job.root)
    assert refreshed(root, body(), day=D1, accept=True).written
    (root / "scripts").mkdir()
    shutil.copy(PROJECT / "scripts/refresh_models_catalog.py", root / "scripts")
    (root / ".gitignore").write_text("/data/.writer\n")
    job.git("init -q -b main . && git init -q --bare ../origin.git && git remote add origin ../origin.git")
    job.git("config user.name ann && git config user.email ann@example.com && git add -A && git commit -qm first")
    job.git("push -q origin main")
    return job


NOTHING = {
    "Refresh": "ok", "Report": "ok", "Whether anything changed": "ok", "Check and test what guards the data": "skipped",
    "Pull request": "skipped",
}  # fmt: skip


def test_it_runs_daily_and_by_hand():
    triggers = WORKFLOW[True]  # YAML 1.1 reads `on` as true
    assert re.fullmatch(r"\d+ \d+ \* \* \*", triggers["schedule"][0]["cron"])
    assert "workflow_dispatch" in triggers
    assert "make test-data" in STEPS["Check and test what guards the data"]["run"]


def test_nothing_changed_is_no_commit(job):
    before = job.git("rev-parse --all")
    assert job.run(body(), D2) == NOTHING
    assert (job.git("rev-parse --all"), job.git("status --porcelain")) == (before, "")
    assert not (job.folder / "asked").exists()
    assert (job.temp / "summary").read_text().startswith("# Catalogue refresh: nothing changed\n")


def test_what_changed_is_a_pull_request_with_the_report_as_its_body(job):
    said = body(openai__gpt_01=priced("openai/gpt-01", "0.000002"), openai__gpt_00=None)
    assert job.run(said, D2) == dict.fromkeys(NOTHING, "ok")
    changed = ["data/feeds/openrouter.json", "data/models.json", "web/public/models.json"]
    assert job.git("diff --name-only main origin/refresh/openrouter").splitlines() == changed
    assert job.git("rev-list --count main..origin/refresh/openrouter") == "1"
    report = (job.folder / "body.md").read_text()
    assert report == (job.temp / "report.md").read_text() == (job.temp / "summary").read_text()
    assert report.startswith("# Catalogue refresh: applied\n")
    assert "| `openai/gpt-01` | `input` | 1 | 2 | 2× |" in report

    job.git("switch -q main")  # nobody has merged it, and the next day comes
    said["data"].append(offered("openai/gpt-new"))
    assert job.run(said, D3) == dict.fromkeys(NOTHING, "ok")
    assert (job.folder / "asked").read_text().splitlines() == ["pr create", "pr create", "pr edit"]
    assert "openai/gpt-new" in (job.folder / "body.md").read_text()
    assert job.git("rev-list --count main..origin/refresh/openrouter") == "1"


def test_the_first_claims_of_a_feed_are_a_change_too(job):
    """A file that git does not know yet."""
    (job.root / "data/feeds/litellm.json").write_bytes(b"")
    assert job.bash(STEPS["Whether anything changed"]["run"]).returncode == 0
    assert (job.temp / "output").read_text() == "any=true\n"


def test_a_rejected_feed_fails_the_run_and_says_why(job):
    before = job.git("rev-parse --all")
    came = job.run("<html>502</html>", D2)
    assert came == {"Refresh": "failed", "Report": "ok"} | dict.fromkeys(list(NOTHING)[2:], "skipped")
    assert (job.git("rev-parse --all"), job.git("status --porcelain")) == (before, "")
    assert "**rejected**" in (job.temp / "summary").read_text()
