#!/usr/bin/env python3
"""The progress of a search on terminals of several widths: no line is ever wider, so that none wraps.

  terminal_width_test.py SOURCE BUILD"""

import fcntl
import os
import pathlib
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

SOURCE, BUILD = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
SEARCH = ["search", SOURCE / "configs/models/reference.tflite", FASHION, "--board",
          SOURCE / "configs/boards/cortex-m7-256k.json", "--samples", "200", "--epochs", "1", "--seeds", "1"]
DRAWINGS = 12
COLOURS = re.compile(r"\033\[\d*m")


@unittest.skipUnless(FASHION.exists(), f"{FASHION} is not installed")
class Progress(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="thaw-terminal-"))

    def tearDown(self):
        shutil.rmtree(self.folder)

    def drawings(self, columns):
        """What was drawn between carriage returns on a terminal of this width."""
        master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([BUILD / "thaw", *SEARCH, "-o", self.folder / f"run-{columns}"], stderr=terminal,
                                   stdout=subprocess.DEVNULL)
        os.close(terminal)
        text = ""
        try:
            while text.count("| elapsed") < DRAWINGS:
                text += os.read(master, 4096).decode()
        except OSError:  # the search has ended
            pass
        process.send_signal(signal.SIGINT)
        os.set_blocking(master, False)
        process.wait()
        os.close(master)
        return [line for line in re.split(r"\r\033\[K|\n", text) if "| elapsed" in line]

    def test_never_wraps(self):
        for columns in (80, 100, 120, 160):
            with self.subTest(columns):
                lines = self.drawings(columns)
                self.assertGreaterEqual(len(lines), DRAWINGS // 2)
                for line in lines:
                    self.assertLess(len(COLOURS.sub("", line)), columns)
                    self.assertIn(" % | elapsed ", line)

    def test_one_line_in_tmux(self):
        if shutil.which("tmux") is None:
            self.skipTest("tmux is not installed")
        socket = str(self.folder / "socket")
        words = " ".join(map(str, [BUILD / "thaw", *SEARCH, "-o", self.folder / "run"]))
        subprocess.run(["tmux", "-S", socket, "new-session", "-d", "-x", "80", "-y", "40", words], check=True)
        try:
            shown = ""
            for _ in range(400):
                pane = subprocess.run(["tmux", "-S", socket, "capture-pane", "-p"], stdout=subprocess.PIPE, text=True)
                if pane.returncode != 0:
                    break  # the search has ended
                if "| elapsed" in pane.stdout:
                    shown = pane.stdout
                    self.assertEqual(shown.count("| elapsed"), 1, shown)
                    if "best so far" in shown:
                        break
                time.sleep(0.05)
            self.assertIn("| elapsed", shown)
        finally:
            subprocess.run(["tmux", "-S", socket, "kill-server"], stderr=subprocess.DEVNULL)

    def test_dry_run_says_what_would_be_done_and_writes_nothing(self):
        done = subprocess.run([BUILD / "thaw", *SEARCH, "--dry-run", "-o", self.folder / "run"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=True)
        for words in ("data    fashion-mnist, 10 classes: 200 training samples (160 trained on and 40 judged on in "
                      "each of 5 parts), 200 test samples", "262,144 bytes of RAM", "1 epochs, 1 seeds from 1",
                      "note: ", "time    about ", "nothing was searched or written: --dry-run"):
            self.assertIn(words, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertFalse((self.folder / "run").exists())

    def test_the_last_lines_are_commands_that_run(self):
        done = subprocess.run([BUILD / "thaw", *SEARCH, "--lr", "0.05", "-o", "run"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=True, cwd=self.folder)
        commands = re.findall(r": +thaw (.*)", done.stdout[done.stdout.index("measure it again"):])
        self.assertEqual([command.split()[0] for command in commands], ["train", "report", "plan", "generate"])
        outputs = [subprocess.run([BUILD / "thaw", *command.split()], stdout=subprocess.PIPE, text=True, check=True,
                                  cwd=self.folder).stdout for command in commands]
        self.assertIn("report.html", outputs[1])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
