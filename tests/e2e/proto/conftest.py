"""What the protocol tests share: the project, the client profiles, and the check of every log."""

import json
import os
import pathlib
import subprocess

import pytest
import pytest_lsp

import check_log

PERFLOOP = os.environ["PERFLOOP"]
WORK = pathlib.Path(os.environ["WORK"])
REPO = pathlib.Path(os.environ["REPO"])
HOT_TEXT = os.environ["HOT_TEXT"]


def find_profiles():
    """name -> params of initialize. pytest-lsp brings some recordings, PERFLOOP_SHARED more."""
    folders = [pathlib.Path(pytest_lsp.__file__).parent / "clients"]
    if shared := os.environ.get("PERFLOOP_SHARED"):
        folders.append(pathlib.Path(shared) / "lsp/clients")
    found = {}
    for folder in folders:
        for file in sorted(folder.glob("*.json")):
            recorded = json.loads(file.read_text())
            wanted = ("capabilities", "clientInfo", "initializationOptions", "locale", "trace")
            found[file.stem] = {key: recorded[key] for key in wanted if key in recorded}
    return found


PROFILES = find_profiles()


def perfloop(*arguments, status=0, **options):
    done = subprocess.run([PERFLOOP, *map(str, arguments)], cwd=REPO, capture_output=True, text=True, **options)
    assert done.returncode == status, f"perfloop {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def repo():
    return REPO


def measure_until_clear():
    """Slower, after as many pairs as a busy machine needs."""
    command = [PERFLOOP, "measure", "--budget", "600"]
    for _ in range(6):
        done = subprocess.run(command, cwd=REPO, capture_output=True, text=True)
        if done.returncode != 4:  # unclear
            break
        command = [PERFLOOP, "measure", "--more", "--budget", "600"]
    assert done.returncode == 3, f"{done.returncode}: {done.stdout}{done.stderr}"


@pytest.fixture(scope="session")
def measured(repo):
    """The project with a baseline and a bad change that was measured. The change stays in the work tree."""
    perfloop("trust", "--yes")
    perfloop("baseline")
    base = (repo / "tokenizer.py").read_text()
    bad = base.replace("word in KEYWORDS:", "word in sorted(KEYWORDS * 100):")
    (repo / "tokenizer.py").write_text(bad)
    measure_until_clear()
    yield {"base": base, "bad": bad}
    subprocess.run(["git", "-C", repo, "checkout", "-q", "tokenizer.py"], check=True)


@pytest.fixture
def log(request, tmp_path_factory):
    """Where the conversation goes. After the test every message of it has to be right."""
    folder = WORK / "logs"
    folder.mkdir(exist_ok=True)
    name = "".join(c if c.isalnum() else "_" for c in request.node.name)
    path = folder / f"{request.node.path.stem}-{name}.jsonl"
    path.unlink(missing_ok=True)
    yield path
    marker = request.node.get_closest_marker("cut_off")
    problems, _, messages = check_log.check(path, open_end=marker is not None)
    assert not problems, "\n".join(problems[:20])
    assert messages > 0


def pytest_configure(config):
    config.addinivalue_line("markers", "cut_off: the client disappears, so requests may stay unanswered")
