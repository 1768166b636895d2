// Which of the engine's files a firmware needs: sources by name, what they include, and for devices the
// version of engine/kernels/dsp beside the portable one.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "memmodel/board.h"
#include "memmodel/device_kernels.h"

namespace thaw {

/// Paths of all sources and headers for these kernels (names without ".c"), ascending. Where they exist,
/// NAME_helium.c or else NAME_dsp.c take the place of NAME.c, as the set says: all have the same functions. A
/// source whose header another source includes is needed too, and what the frame and the runtime ask for
/// where the firmware trains.
std::vector<std::string> kernel_files(const std::set<std::string>& kernels, DeviceKernels set,
                                      bool trains = true);

/// True for a board that is the compiling machine itself: no cross compiler, no linker script.
bool is_native(const Board& board);

/// Files of the runtime: all, or what a firmware that does not train needs.
std::vector<std::string> runtime_files(bool trains);

/// Files of a board's port, common ones included; empty where there is none.
std::vector<std::string> port_files(const Board& board);

/// Folder of engine/port with the start-up code that boards of the same architecture share.
std::string port_family(const Board& board);

/// True where engine/port has a folder for the board's port.
bool has_port(const Board& board);

}  // namespace thaw
