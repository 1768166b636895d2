#!/usr/bin/env python3
"""Firmware as other people's builds take it: names, folder shapes, two models in one program.

  firmware_folders_test.py SOURCE BUILD"""

import importlib.machinery
import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

SOURCE, BUILD = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
MODEL = SOURCE / "configs/models/reference.tflite"
SCHEDULES = SOURCE / "configs/schedules/reference"
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror"]
COMPILERS = [compiler for compiler in ("gcc", "clang") if shutil.which(compiler)]

loader = importlib.machinery.SourceFileLoader("run_on_qemu", str(SOURCE / "tools/run-on-qemu"))
run_on_qemu = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_on_qemu", loader))
sys.dont_write_bytecode = True
loader.exec_module(run_on_qemu)


def run(*words, status=0, **options):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)
    if done.returncode != status:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="thaw-firmware-"))

    def tearDown(self):
        shutil.rmtree(self.folder)

    def generate(self, name, *options, schedule="last-layer", board="cortex-m4-192k"):
        folder = self.folder / name
        self.said = run(BUILD / "thaw", "generate", MODEL, "--schedule", SCHEDULES / f"{schedule}.json", "--board", board, "-o",
                        folder, "--check-steps", "2", *options, cwd=SOURCE)
        return folder

    def compiled(self, compiler, include, sources, *flags):
        """Global symbols that the sources define, compiled with every warning an error."""
        objects = self.folder / "objects"
        shutil.rmtree(objects, ignore_errors=True)
        objects.mkdir()
        run(compiler, *WARNINGS, *flags, f"-I{include}", "-c", *sources, cwd=objects)
        return [line.split()[-1] for line in run("nm", "-g", "--defined-only", *objects.glob("*.o")).splitlines()
                if len(line.split()) == 3]


class Name(Folder):
    def test_begins_every_symbol_macro_and_file(self):
        folder = self.generate("named", "--name", "gesture", board="host")
        self.assertIn("check  tools/run-on-qemu", self.said)
        sources = [path for path in folder.rglob("*.c") if "port" not in path.parts]
        for compiler in COMPILERS:
            for symbol in self.compiled(compiler, folder, sources):
                self.assertRegex(symbol, "^gesture_")
        for path in folder.rglob("*"):
            self.assertNotRegex(str(path.relative_to(folder)), r"thaw_|engine")
            if path.suffix in (".c", ".h", ".txt") or path.name == "Makefile":
                self.assertNotRegex(path.read_text(), r"(?i)\bthaw_|engine/", str(path))
        self.assertIn("identical", run(SOURCE / "tools/run-on-qemu", folder))

    def test_is_refused_where_c_has_no_such_names(self):
        for name in ("2fast", "Loud", "int", "a-b", "x" * 33):
            said = run(BUILD / "thaw", "generate", MODEL, "--schedule", SCHEDULES / "last-layer.json", "--board", "host",
                       "--name", name, "-o", self.folder / "refused", status=1)
            self.assertIn(f"--name: '{name}' cannot begin the names of C functions", said)
        self.assertFalse((self.folder / "refused").exists())

    def test_the_header_is_for_cpp_too_and_every_source_says_its_licence(self):
        folder = self.generate("named", "--name", "gesture")
        (self.folder / "a.cpp").write_text('#include "gesture.h"\nint f(const int8_t* x) { return gesture_infer(x); }\n')
        for compiler in ("g++", "clang++"):
            if shutil.which(compiler):
                run(compiler, "-std=c++11", "-Wall", "-Wextra", "-Werror", f"-I{folder}", "-fsyntax-only",
                    self.folder / "a.cpp")
        for path in [*folder.rglob("*.c"), *folder.rglob("*.h")]:
            self.assertTrue(path.read_text().startswith("// SPDX-License-Identifier: Apache-2.0\n"), path)
        self.assertEqual((folder / "LICENSE").read_text(), (SOURCE / "LICENSE").read_text())

    def test_the_arena_lies_where_the_application_wants_it(self):
        folder = self.generate("plain")
        sources = list(folder.rglob("*.c"))
        placed = self.folder / "placed.o"
        run("gcc", *WARNINGS, f"-I{folder}", "-c", folder / "thaw_model.c", "-o", placed,
            '-DTHAW_ARENA_PLACE=__attribute__((section(".dtcm")))')
        self.assertRegex(run("objdump", "-t", placed), r"\.dtcm\s+\S+ thaw_arena")
        self.assertNotIn("thaw_arena", self.compiled("gcc", folder, sources))
        self.compiled("gcc", folder, sources, "-DTHAW_ARENA_OF_CALLER")
        self.assertIn("U thaw_arena", run("nm", *(self.folder / "objects").glob("thaw_model.o")))


class TwoModels(Folder):
    DRIVER = """
#include "first.h"
#include "first/port/common/port.h"
#include "second.h"
#include "second/port/common/port.h"
int first_main(void);
int second_main(void);
int32_t second_port_open(const char* name, bool write) {
  return first_port_open(name[0] == 's' ? "second-samples.bin" : write ? "second-results.bin" : name, write);
}
bool second_port_read(int32_t file, void* bytes, uint32_t count) { return first_port_read(file, bytes, count); }
bool second_port_write(int32_t file, const void* bytes, uint32_t count) {
  return first_port_write(file, bytes, count);
}
void second_port_close(int32_t file) { first_port_close(file); }
uint64_t second_port_ticks(void) { return first_port_ticks(); }
uint32_t second_port_ticks_per_second(void) { return first_port_ticks_per_second(); }
uint32_t second_port_stack_used(void) { return first_port_stack_used(); }
void second_port_print(const char* text) { first_port_print(text); }
int main(void) {
  if (first_main() != 0 || second_main() != 0) return 1;
  const uint32_t crc = first_state_crc();
  second_init(7);
  return first_state_crc() == crc ? 0 : 4;
}
"""

    def results(self, path, magic):
        data = path.read_bytes()
        count = 3  # one inference, two training steps
        _, results, _, _ = run_on_qemu.parse_results(data, path.name, magic, count)
        return [result[:5] for result in results]

    def test_keep_the_simulators_bits_in_one_program_of_a_cortex_m4(self):
        for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
            if shutil.which(tool) is None:
                self.skipTest(f"{tool} is not installed")
        folders = {name: self.generate(name, "--name", name, "--ram", "512K", schedule=schedule, board="mps2-an386")
                   for name, schedule in (("first", "last-blocks"), ("second", "biases"))}
        flags = ["-mcpu=cortex-m4", "-mthumb", "-O2", "-ffunction-sections", "-fdata-sections",
                 *(f"-I{folder}" for folder in folders.values()),
                 *(f"-D{name.upper()}_PORT_CLOCK_HZ=25000000u" for name in folders)]
        (self.folder / "driver.c").write_text(self.DRIVER)
        objects = [self.folder / "driver.o"]
        run("arm-none-eabi-gcc", *flags, "-c", self.folder / "driver.c", "-o", objects[0])
        for name, folder in folders.items():
            run("make", "-s", "-C", folder, "-j2", f"lib{name}.a")
            objects += [self.folder / f"{name}_main.o"]
            run("arm-none-eabi-gcc", *flags, f"-Dmain={name}_main", "-c", folder / name / "port/common/main.c", "-o",
                objects[-1])
        first = folders["first"]
        program = self.folder / "two.elf"
        port = [first / "first/port" / source for source in ("cortex-m/start.c", "semihosting/semihosting.c")]
        run("arm-none-eabi-gcc", *flags, "-nostartfiles", "-Wl,--gc-sections", "-L", first / "first/port/cortex-m",
            "-T", first / "first/port/mps2-an386/link.ld", "-o", program, *objects, *port, first / "libfirst.a",
            folders["second"] / "libsecond.a")
        shutil.copy(first / "check/samples.bin", self.folder / "samples.bin")
        shutil.copy(folders["second"] / "check/samples.bin", self.folder / "second-samples.bin")
        run("qemu-system-arm", "-M", "mps2-an386", *run_on_qemu.QEMU_OPTIONS, "-kernel", program, cwd=self.folder,
            stdin=subprocess.DEVNULL)
        for name, prefix in (("first", ""), ("second", "second-")):
            self.assertEqual(self.results(self.folder / f"{prefix}results.bin", b"THAWRES1"),
                             self.results(folders[name] / "check/expected.bin", b"THAWEXP1"), name)


class Shape(Folder):
    """Each folder by the published rules of whom it is for, and compiled from what its build file lists."""

    CMAKE = {
        "esp-idf": "function(idf_component_register)\n  cmake_parse_arguments(A \"\" \"\" \"SRCS;INCLUDE_DIRS\" ${ARGN})\n"
                   "  add_library(component STATIC ${A_SRCS})\n  target_include_directories(component PUBLIC "
                   "${A_INCLUDE_DIRS})\nendfunction()\n",
        "zephyr": "set(CONFIG_GESTURE y)\nmacro(zephyr_library_named name)\n  set(library ${name})\nendmacro()\n"
                  "macro(zephyr_library_sources)\n  add_library(${library} STATIC ${ARGN})\nendmacro()\n"
                  "macro(zephyr_include_directories)\n  include_directories(${ARGN})\nendmacro()\n",
        "cmake": "", "stm32cube": "",
    }

    def shaped(self, ecosystem):
        folder = self.generate(ecosystem, "--for", ecosystem, "--name", "gesture")
        self.assertNotIn("run-on-qemu", self.said)  # nothing that would check it works in such a folder
        if ecosystem != "cmake":
            self.assertEqual([path for path in folder.rglob("*") if path.name in ("port", "main.c", "Makefile")], [])
        return folder

    def test_builds_by_cmake_as_its_ecosystem_calls_it(self):
        for number, (ecosystem, rules) in enumerate(self.CMAKE.items()):
            folder = self.shaped(ecosystem)
            below = folder / "Middlewares/Third_Party/gesture" if ecosystem == "stm32cube" else folder
            compiler = COMPILERS[number % len(COMPILERS)]  # the sources are the same in each
            with self.subTest(f"{ecosystem} {compiler}"):
                outer = self.folder / f"outer-{ecosystem}"
                outer.mkdir()
                (outer / "CMakeLists.txt").write_text(
                    f"cmake_minimum_required(VERSION 3.16)\nproject(outer C)\n{rules}"
                    f"add_subdirectory({below} part)\n")
                run("cmake", "-S", outer, "-B", outer / "build", "-G", "Ninja", f"-DCMAKE_C_COMPILER={compiler}",
                    "-DCMAKE_C_FLAGS=-Wall -Werror")
                run("ninja", "-C", outer / "build")

    def test_arduino(self):
        folder = self.shaped("arduino")
        lines = (folder / "library.properties").read_text().splitlines()
        properties = dict(line.split("=", 1) for line in lines)
        for key in ("name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url",
                    "architectures", "includes"):  # all that the specification requires, and the header
            self.assertTrue(properties[key], key)
        self.assertRegex(properties["name"], r"^[A-Za-z0-9][A-Za-z0-9 _.\-]{0,62}$")
        self.assertRegex(properties["version"], r"^\d+\.\d+\.\d+$")
        self.assertEqual(properties["category"], "Data Processing")  # one of the nine that it lists
        self.assertTrue((folder / "src" / properties["includes"]).exists())
        sketch = folder / "examples/train_on_noise/train_on_noise.ino"
        self.assertEqual(sketch.stem, sketch.parent.name)
        self.check_sources(folder / "src")
        (self.folder / "sketch.cpp").write_text(
            "#include <stdlib.h>\nstruct S { void begin(long) {} void println(long) {} } Serial;\n"
            "long random(long, long = 0);\n" + sketch.read_text())
        run("g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", f"-I{folder / 'src'}", "-fsyntax-only",
            self.folder / "sketch.cpp")

    def check_sources(self, folder):
        symbols = self.compiled(COMPILERS[-1], folder, list(folder.rglob("*.c")))
        self.assertIn("gesture_infer", symbols)
        self.assertEqual(len(symbols), len(set(symbols)))

    def test_platformio(self):
        folder = self.shaped("platformio")
        library = json.loads((folder / "library.json").read_text())
        self.assertEqual(library["name"], "gesture")
        self.assertRegex(library["version"], r"^\d+\.\d+\.\d+$")
        self.assertTrue((folder / "src" / library["headers"]).exists())
        self.check_sources(folder / "src")

    def test_zephyr_module_and_esp_idf_component(self):
        folder = self.shaped("zephyr")
        module = (folder / "zephyr/module.yml").read_text()
        self.assertRegex(module, r"name: gesture\nbuild:\n  cmake: \.\n  kconfig: Kconfig\n")
        self.assertIn("config GESTURE\n\tbool", (folder / "Kconfig").read_text())
        component = (self.shaped("esp-idf") / "idf_component.yml").read_text()
        self.assertRegex(component, r'version: "\d+\.\d+\.\d+"\n')

    def test_cmsis_pack(self):
        folder = self.shaped("cmsis-pack")
        root = xml.etree.ElementTree.parse(folder / "Thaw.gesture.pdsc").getroot()
        self.assertEqual([child.tag for child in root],  # required elements, in the order of the schema
                         ["vendor", "name", "description", "url", "license", "releases", "conditions", "components"])
        files = {file.get("name"): file.get("category") for file in root.iter("file")}
        for name in [*files, root.findtext("license")]:
            self.assertTrue((folder / name).exists(), name)
        self.assertEqual({name for name, kind in files.items() if kind == "sourceC"},
                         {str(path.relative_to(folder)) for path in folder.rglob("*.c")})
        self.check_sources(folder)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
