#!/usr/bin/env python3
"""Documents name only what the tree has: files, options, macros, messages; and the tutorial's commands run.

  documents_test.py SOURCE BUILD"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
TOP = ("engine", "sim", "memmodel", "search", "reports", "tools", "configs", "tests", "docs", "examples", "cmake")
DOCUMENTS = sorted([*SOURCE.glob("*.md"), *SOURCE.glob("docs/**/*.md"), *SOURCE.glob("examples/*.md"),
                    *(path for top in TOP for path in SOURCE.glob(f"{top}/**/README.md")
                      if "third_party" not in path.parts)])
# Options of programs that are not ours, as documents name them.
OTHERS_OPTIONS = {"--install", "--prefix", "--preset", "--target", "--gtest_filter", "--n_bias_update",
                  "--manual_weight_idx", "--weight_update_ratio", "--help", "--build", "--prefix-symbols",
                  "--job-name", "--nodes", "--ntasks-per-node", "--cpus-per-task", "--mem-per-cpu", "--time", "--signal"}
HISTORY = {"CHANGELOG.md"}  # may name what is gone


def text_of(path):
    return path.read_text(encoding="utf-8")


def everything(patterns):
    """All text of the tree's files of these endings, in one string."""
    return "\n".join(text_of(path) for top in TOP for pattern in patterns for path in SOURCE.glob(f"{top}/**/{pattern}")
                     if path.is_file())


def help_texts():
    texts = [subprocess.run([BUILD / "thaw", "help"], stdout=subprocess.PIPE, text=True, check=True).stdout]
    commands = re.findall(r"^  ([a-z]+) {2,}", texts[0], re.MULTILINE)
    for words in [[command] for command in commands] + [["report", "diff"]]:
        texts.append(subprocess.run([BUILD / "thaw", *words, "--help"], stdout=subprocess.PIPE, text=True,
                                    check=True).stdout)
    return "\n".join(texts), commands


def code_spans(text):
    """What stands between backticks, fenced blocks aside."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sources = everything(["*.cpp", "*.h", "*.c", "*.py", "*.txt", "*.cmake", "*.in", "*.json", "*.js"]) + \
            "".join(text_of(path) for path in (SOURCE / "tools").iterdir() if path.is_file()) + \
            text_of(SOURCE / "CMakeLists.txt")
        cls.help, cls.commands = help_texts()

    def each(self):
        for path in DOCUMENTS:
            if path.name not in HISTORY:
                yield path, text_of(path)

    def test_every_link_leads_somewhere(self):
        for path, text in self.each():
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
                if "://" not in target:
                    self.assertTrue((path.parent / target).exists(), f"{path}: {target}")

    def test_every_path_exists(self):
        seen = 0
        for path, text in self.each():
            for span in code_spans(text):
                for word in re.findall(rf"(?<![\w/.-])(?:{'|'.join(TOP)})/[\w./*-]+", span):
                    word = word.rstrip("/.")
                    if re.search(r"[A-Z]{2,}", word.replace("README", "").replace("CMakeLists", "")):
                        continue  # BOARD, NAME: the reader's own
                    found = any(list(root.glob(word)) or list(root.glob(word + ".*")) for root in (SOURCE, BUILD))
                    self.assertTrue(found, f"{path}: {word}")
                    seen += 1
        self.assertGreater(seen, 100)

    def test_every_file_that_is_written_or_read_is_known_to_the_sources(self):
        for path, text in self.each():
            for span in code_spans(text):
                for word in re.findall(r"(?<![\w/.*-])[\w-]+\.(?:jsonl|sqlite|html|csv|bin|db)\b", span):
                    self.assertIn(word, self.sources, str(path))

    def test_every_option_exists(self):
        for path, text in self.each():
            for option in set(re.findall(r"(?<![\w-])--[a-z][a-z_-]+", text)) - OTHERS_OPTIONS:
                self.assertTrue(re.search(rf"{option}\b", self.help) or f'"{option}"' in self.sources or
                                f"{option})" in self.sources or f" {option}" in self.sources, f"{path}: {option}")

    def test_every_command_exists(self):
        for path, text in self.each():
            for command in re.findall(r"(?:^|[`/ ])thaw ([a-z]+)\b", "\n".join(code_spans(text) + re.findall(
                    r"^(?:build/)?thaw .*", text, re.MULTILINE))):
                self.assertIn(command, self.commands, str(path))

    def test_every_macro_and_function_exists(self):
        for path, text in self.each():
            for name in re.findall(r"\b(?:THAW_[A-Z][A-Z_]+|thaw_[a-z][a-z_]+)\b", text):
                self.assertIn(name, self.sources, str(path))

    def test_every_message_is_one_of_ours(self):
        joined = re.sub(r'"\s*\n\s*"', "", self.sources)
        joined = re.sub(r"\{[^}\n\"]*\}", "", joined)
        rows = re.findall(r"^\| `([^`]+)` \|", text_of(SOURCE / "docs/troubleshooting.md"), re.MULTILINE)
        self.assertGreater(len(rows), 10)
        for message in rows:
            self.assertIn(message, joined)

    def test_the_board_of_the_example_is_one(self):
        example = re.search(r"```json\n(.*?)```", text_of(SOURCE / "docs/choosing.md"), re.DOTALL).group(1)
        with tempfile.TemporaryDirectory() as folder:
            board = pathlib.Path(folder, "my-board.json")
            board.write_text(example)
            said = subprocess.run([BUILD / "thaw", "plan", SOURCE / "configs/models/reference.tflite", "--board", board],
                                  stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("on my-board", said)

    def test_notices_what_is_not_there(self):
        self.assertNotIn("THAW_FOO_BAR" + "_BAZ", self.sources)
        self.assertFalse(re.search(r"--no-such-option\b", self.help))


class Tutorial(unittest.TestCase):
    def test_its_commands_run_as_they_stand(self):
        for needed in ("arm-none-eabi-gcc", "qemu-system-arm"):
            if shutil.which(needed) is None:
                self.skipTest(f"{needed} is not installed")
        if not FASHION.exists():
            self.skipTest(f"{FASHION} is not installed")
        with tempfile.TemporaryDirectory(prefix="thaw-tutorial-") as name:
            folder = pathlib.Path(name)
            (folder / "configs").symlink_to(SOURCE / "configs")
            (folder / "bin").mkdir()
            (folder / "bin/thaw").symlink_to(BUILD / "thaw")
            (folder / "bin/thaw-run-on-qemu").symlink_to(SOURCE / "tools/run-on-qemu")
            blocks = re.findall(r"^```sh\n(.*?)^```", text_of(SOURCE / "docs/tutorial.md"), re.DOTALL | re.MULTILINE)
            self.assertGreaterEqual(len(blocks), 8)
            shell = "set -e\n" + "".join(blocks)
            done = subprocess.run(["bash", "-c", shell], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, env={**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"})
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn("bits          identical", done.stdout)
            for left in ("arena.svg", "runs/mine/report/report.html", "firmware/clothes.h",
                         "clothes-arduino/src/clothes.h"):
                self.assertTrue((folder / left).exists(), left)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
