#include "sim/plan/schedule.h"

namespace thaw {

TrainingRecipe with_epochs(const TrainingRecipe& recipe, int32_t epochs) {
  if (epochs == recipe.epochs) return recipe;
  TrainingRecipe result = recipe;
  result.epochs = epochs;
  result.warmup_epochs = recipe.warmup_epochs * epochs / recipe.epochs;
  return result;
}

}  // namespace thaw
