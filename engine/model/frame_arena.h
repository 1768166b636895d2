// Piece of a generated thaw_model.c: the arena, which every buffer of the plan lies in, and what is called
// after a step.
#pragma once

// All other RAM: activations, gradients, scratch. Each buffer has its place for the steps it lives.
#ifdef THAW_ARENA_OF_CALLER
extern uint8_t thaw_arena[THAW_ARENA_BYTES];
#else
#ifndef THAW_ARENA_PLACE
#define THAW_ARENA_PLACE
#endif
THAW_ARENA_PLACE _Alignas(THAW_ARENA_ALIGNMENT) static uint8_t thaw_arena[THAW_ARENA_BYTES];
#endif
#define ARENA(type, offset) ((type*)(void*)(thaw_arena + (offset)))

// After every step: what the application wants to be called, and a profile, which counts instructions.
#ifdef THAW_STEP_HOOK
void THAW_STEP_HOOK(int32_t step);
#else
#define THAW_STEP_HOOK(step) ((void)0)
#endif
#ifdef THAW_PROFILE
void thaw_step_done(int32_t step);
#define STEP_DONE(step) (thaw_step_done(step), THAW_STEP_HOOK(step))
#else
#define STEP_DONE(step) THAW_STEP_HOOK(step)
#endif
