#!/usr/bin/env python3
"""What `cmake --install` and `cpack` make of a build, tried where nothing else of Thaw is: a fresh prefix, another
project that finds the package, a Debian root that holds only what the .deb depends on.

  install_test.py SOURCE BUILD"""

import fnmatch
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
MODEL = SOURCE / "configs/models/reference.tflite"


def run(*words, **options):
    """Standard output of a command that succeeds; what it said otherwise."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def files_below(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or not path.is_dir())


class Scratch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="thaw-install-"))
        cls.elsewhere = cls.folder / "elsewhere"
        cls.elsewhere.mkdir()
        shutil.copy(MODEL, cls.elsewhere / "m.tflite")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)


class Prefix(Scratch):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.thaw = cls.prefix / "bin/thaw"

    def test_the_program_finds_its_boards_from_anywhere(self):
        for board in ("cortex-m4-192k", "mps2-an500"):
            self.assertIn("RAM", run(self.thaw, "plan", "m.tflite", "--board", board, cwd=self.elsewhere))
        moved = self.folder / "moved"
        shutil.copytree(self.prefix, moved)
        run(moved / "bin/thaw", "plan", "m.tflite", cwd=self.elsewhere)

    def test_beside_itself_in_a_build_folder_too(self):
        run(BUILD / "thaw", "plan", "m.tflite", cwd=self.elsewhere)

    def test_firmware_is_generated_and_checked_by_what_is_installed(self):
        text = run(self.thaw, "generate", "m.tflite", "--schedule",
                   SOURCE / "configs/schedules/reference/last-layer.json", "--board", "host", "-o", "firmware",
                   cwd=self.elsewhere)
        check = next(line for line in text.splitlines() if line.startswith("check")).split()[1:]
        path = f"{self.prefix / 'bin'}:{os.environ['PATH']}"
        self.assertIn("identical", run(*check, cwd=self.elsewhere, env={**os.environ, "PATH": path}))

    def test_the_manual_page_is_clean(self):
        page = self.prefix / "share/man/man1/thaw.1"
        checked = subprocess.run(["man", "--warnings", "-l", page], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100"})
        self.assertEqual(checked.stderr, "")
        for word in ("thaw search", "--threshold", "EXIT STATUS"):
            self.assertIn(word, checked.stdout.replace("‐", "-"))

    def completed(self, shell, words):
        """What a shell offers for the last of these words."""
        if shell == "bash":
            script = self.prefix / "share/bash-completion/completions/thaw"
            typed = " ".join(f"'{word}'" for word in words)
            return run("bash", "-c", f"source {script}; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _thaw; "
                       "printf '%s\\n' \"${COMPREPLY[@]}\"").split()
        script = self.prefix / "share/fish/vendor_completions.d/thaw.fish"
        lines = run("fish", "--no-config", "-c", f"source {script}; complete -C '{' '.join(words)}'").splitlines()
        return [line.split("\t")[0] for line in lines]

    def test_shells_complete_commands_options_and_words(self):
        for shell in ("bash", "fish"):
            with self.subTest(shell):
                if shutil.which(shell) is None:
                    self.skipTest(f"{shell} is not installed")
                self.assertIn("search", self.completed(shell, ["thaw", "se"]))
                self.assertIn("--threshold", self.completed(shell, ["thaw", "search", "--thr"]))
                self.assertEqual(sorted(self.completed(shell, ["thaw", "search", "--classifier", ""])),
                                 ["auto", "fresh", "keep"])
        if shutil.which("zsh") is None:
            self.skipTest("zsh is not installed")
        script = self.prefix / "share/zsh/vendor-completions/_thaw"
        run("zsh", "-f", "-n", script)
        self.assertIn("--threshold[", script.read_text())

    def test_another_project_finds_the_package_and_keeps_its_own_flags(self):
        build = self.folder / "examples"
        run("cmake", "-S", SOURCE / "examples", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS=-Wall -Wextra")
        commands = (build / "compile_commands.json").read_text()
        self.assertIn(str(self.prefix / "include/thaw"), commands)
        for ours in ("-Werror", "-Wconversion", str(SOURCE / "sim")):
            self.assertNotIn(ours, commands)
        run("ninja", "-C", build)
        if not FASHION.exists():
            self.skipTest(f"the programs run on {FASHION}, which is not installed")
        board = self.prefix / "share/thaw/boards/cortex-m7-256k.json"
        said = run(build / "plan_and_evaluate", MODEL, self.small_data(), board)
        self.assertIn("fits yes", said)
        self.assertRegex(said, r"accuracy 0\.\d+\nsignature [0-9a-f]{64}")
        self.assertRegex(run(build / "own_strategy", MODEL, self.small_data(), board), r"stopped: .*\nbest 0\.\d")

    def small_data(self):
        """The first samples of Fashion-MNIST as IDX files."""
        folder = self.folder / "fashion"
        if not folder.exists():
            folder.mkdir()
            for name, header, size in (("images-idx3", 16, 784), ("labels-idx1", 8, 1)):
                for split, count in (("train", 400), ("t10k", 200)):
                    packed = next(FASHION.glob(f"{split}-{name}-ubyte*"))
                    text = run_bytes("zcat", "-f", packed)
                    (folder / f"{split}-{name}-ubyte").write_bytes(
                        text[:4] + count.to_bytes(4, "big") + text[8:header + count * size])
        return folder

    def test_a_python_script_draws_a_pareto_set(self):
        if not FASHION.exists():
            self.skipTest(f"runs on {FASHION}, which is not installed")
        picture = self.folder / "pareto.svg"
        said = run("python3", SOURCE / "examples/plot_pareto.py", MODEL, self.small_data(), picture, "--thaw", self.thaw,
                   "--epochs", "1", "--seeds", "1", "--samples", "200", "--lr", "0.05")
        self.assertIn(f"{picture.read_text().count('<circle')} schedules", said)


def run_bytes(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout


class SubProject(Scratch):
    def test_has_no_tests_and_its_targets_have_names(self):
        (self.folder / "CMakeLists.txt").write_text(
            f"cmake_minimum_required(VERSION 3.22)\nproject(outer C CXX)\nadd_subdirectory({SOURCE} thaw)\n"
            "foreach(target thaw::graph thaw::search thaw::thaw)\n  if(NOT TARGET ${target})\n"
            "    message(FATAL_ERROR ${target})\n  endif()\nendforeach()\n"
            "if(TARGET sim_graph_test OR TARGET thaw_manual)\n  message(FATAL_ERROR tests)\nendif()\n")
        run("cmake", "-S", self.folder, "-B", self.folder / "build", "-G", "Ninja")

    def test_presets_are_known_to_cmake(self):
        listed = run("cmake", "--list-presets", cwd=SOURCE)
        for name in ("release", "debug", "sanitize", "package"):
            self.assertIn(f'"{name}"', listed)


class DebianPackage(Scratch):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run("cpack", "-G", "DEB", "-B", cls.folder / "packages", cwd=BUILD)
        cls.package = next((cls.folder / "packages").glob("thaw_*.deb"))
        cls.root = cls.folder / "root"

    def depends(self):
        text = run("dpkg-deb", "-f", self.package, "Depends")
        return [word.split()[0].split("|")[0] for word in text.split(",")]

    def closure(self, names):
        """These packages and all that they depend on, as dpkg knows them."""
        known, open_names = set(), list(names)
        while open_names:
            name = open_names.pop()
            if name in known:
                continue
            known.add(name)
            text = run("dpkg-query", "-W", "-f", "${Depends}", name)
            open_names += [word.split()[0].split(":")[0] for word in text.split(",") if word.strip()]
        return known

    def test_a_bare_root_is_enough_and_nothing_stays_behind(self):
        needed = self.closure(self.depends())
        for name in needed:
            self.assertNotRegex(name, "^lib(x|cairo|rsvg|pango|gtk)", "no window system")
        if os.geteuid() != 0:
            self.skipTest("only root can install into a root of its own")
        database = self.root / "var/lib/dpkg"
        for folder in ("info", "updates", "triggers", "parts"):
            (database / folder).mkdir(parents=True)
        (database / "status").touch()
        for link in ("bin", "lib", "lib64", "sbin"):
            (self.root / "usr" / link).mkdir(parents=True)
            (self.root / link).symlink_to(f"usr/{link}")
        for name in needed:
            for path in map(pathlib.Path, run("dpkg", "-L", name).split("\n")):
                if path.is_file() and not str(path).startswith("/usr/share"):
                    target = self.root / str(path.parent.resolve())[1:] / path.name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)
        (self.root / "elsewhere").mkdir()
        (self.root / "proc").mkdir()
        shutil.copy(MODEL, self.root / "elsewhere/m.tflite")
        before = files_below(self.root)
        dpkg = ("dpkg", f"--root={self.root}", "--force-depends")
        run(*dpkg, "--install", self.package)
        said = run("unshare", "-m", "sh", "-c", f"mount --rbind /proc {self.root}/proc && cd {self.root}/elsewhere && "
                   f"chroot {self.root} /usr/bin/thaw --version && "
                   f"chroot {self.root} /usr/bin/thaw plan /elsewhere/m.tflite --board cortex-m4-192k")
        self.assertIn("RAM", said)
        run(*dpkg, "--purge", "thaw")
        ours = [path for path in files_below(self.root) if not path.startswith("var/")]
        self.assertEqual(ours, [path for path in before if not path.startswith("var/")])

    def test_the_dockerfile_does_the_same(self):
        text = (SOURCE / "Dockerfile").read_text()
        pattern = re.search(r"build-package/(\S+\.deb)", text).group(1)
        self.assertTrue(fnmatch.fnmatch(self.package.name, pattern))
        for preset in re.findall(r"--preset (\w+)", text):
            self.assertIn(f'"name": "{preset}"', (SOURCE / "CMakePresets.json").read_text())
        for tool in re.findall(r"tools/\w+", text):
            self.assertTrue((SOURCE / tool).exists(), tool)

    def test_carries_its_licences(self):
        listed = run("dpkg-deb", "-c", self.package)
        for path in ("doc/thaw/copyright", "doc/thaw/LICENSE", "man/man1/thaw.1", "thaw/boards/host.json",
                     "bash-completion/completions/thaw"):
            self.assertIn(f"./usr/share/{path}", listed)
        self.assertNotIn("/include/", listed)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
