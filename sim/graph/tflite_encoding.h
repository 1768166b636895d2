// Small values of the graph as the file format numbers them. Internal to the writer.
#pragma once

#include <tflite_reduced_generated.h>

#include "sim/graph/graph.h"

namespace thaw {

/// The file's number for a padding, a fused activation, a type.
inline tflite::Padding encoded(Padding padding) {
  return padding == Padding::same ? tflite::Padding::SAME : tflite::Padding::VALID;
}

inline tflite::ActivationFunctionType encoded(Activation activation) {
  switch (activation) {
    case Activation::none:
      return tflite::ActivationFunctionType::NONE;
    case Activation::relu:
      return tflite::ActivationFunctionType::RELU;
    case Activation::relu6:
      return tflite::ActivationFunctionType::RELU6;
  }
  return tflite::ActivationFunctionType::NONE;
}

inline tflite::TensorType encoded(DataType type) {
  switch (type) {
    case DataType::int8:
      return tflite::TensorType::INT8;
    case DataType::int32:
      return tflite::TensorType::INT32;
    case DataType::float32:
      return tflite::TensorType::FLOAT32;
  }
  return tflite::TensorType::INT8;
}

}  // namespace thaw
