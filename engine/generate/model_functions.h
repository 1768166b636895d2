// The C functions of thaw_model.c that are the same for every plan: what steps share, and the functions of
// thaw_model.h. What they need of a plan they know by the macros and names that model_source.cpp prints
// first.
#pragma once

#include <span>

namespace thaw {

/// A function that is printed where some step needs it.
struct StaticFunction {
  const char* name;
  const char* text;
};

/// Those of the steps, in the order in which they are printed.
std::span<const StaticFunction> step_functions();

/// The C type gradient_call, for sources with make_gradient.
const char* gradient_call_type();

/// The definitions of all functions that thaw_model.h declares; they end the file.
const char* public_functions();

}  // namespace thaw
