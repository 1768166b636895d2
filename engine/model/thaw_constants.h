// Constants of the model, in flash. Included by thaw_model.c alone; made by 'thaw generate'.
#pragma once

#include <stdint.h>

PLAN_CONSTANTS;
