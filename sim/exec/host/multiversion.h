// One function compiled for several instruction sets, the best one chosen at run time, so that the same
// program runs on any x86-64. Sums keep their order and nothing is fused, so every version gives equal bits.
#pragma once

// Sanitizers instrument the resolver that chooses a version before they are ready for it; there, and with
// other compilers and machines, one version serves.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define THAW_X86_VERSIONS 1
#define THAW_MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define THAW_MULTIVERSION
#endif
