// First include of the kernels in which a training step spends its time: they are compiled for speed whatever
// the project around them asks for (-Os would make them take nearly twice the instructions), except where it
// asks for no optimisation at all, to debug. Clang has no such setting inside a source.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC optimize("O3")
#endif
