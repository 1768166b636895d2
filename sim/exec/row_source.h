// The parameters of a gradient source that a kernel computes row by row (engine/kernels/NAME_gradient.h).
#pragma once

#include <variant>

#include "engine/kernels/average_pool2d_gradient.h"
#include "engine/kernels/binary_gradient.h"
#include "engine/kernels/gradient.h"
#include "engine/kernels/max_pool2d_gradient.h"
#include "engine/kernels/resize_gradient.h"
#include "engine/kernels/table_gradient.h"
#include "engine/kernels/view_gradient.h"
#include "sim/plan/plan.h"

namespace thaw {

/// Owns what the source's `parameters` point at; may be moved as long as nobody has asked for them.
class RowSource {
 public:
  /// `address(id)`: where a buffer lies, const void*.
  template <class Address>
  RowSource(const FromOperator& from, const Address& address)
      : left_shift_(from.left_shift), parameters_(parameters_of(from.rule, address)) {}

  /// Sets what a source of kind ROWS has beside gradient, exponent and scale.
  void fill(thaw_gradient_source& source) const {
    source.kind = THAW_SOURCE_ROWS;
    source.left_shift = left_shift_;
    std::visit(
        [&](const auto& parameters) {
          source.parameters = &parameters;
          source.row = row_of(parameters);
        },
        parameters_);
  }

 private:
  using Parameters = std::variant<thaw_max_pool2d_source, thaw_pool2d, thaw_view, thaw_binary_source,
                                  thaw_table_source, thaw_resize_source>;

  template <class Address>
  static Parameters parameters_of(const GradientRule& rule, const Address& address) {
    if (const auto* pool = std::get_if<MaxPoolRule>(&rule))
      return thaw_max_pool2d_source{.pool = pool->pool, .winners = address(pool->winners)};
    if (const auto* pool = std::get_if<AveragePoolRule>(&rule)) return pool->pool;
    if (const auto* binary = std::get_if<BinaryRule>(&rule))
      return thaw_binary_source{.binary = binary->binary,
                                .of_second = binary->of_second,
                                .first_values = static_cast<const int8_t*>(address(binary->first_values)),
                                .second_values = static_cast<const int8_t*>(address(binary->second_values))};
    if (const auto* table = std::get_if<TableRule>(&rule))
      return thaw_table_source{.slopes = static_cast<const int16_t*>(address(table->slopes)),
                               .input = static_cast<const int8_t*>(address(table->input))};
    if (const auto* resize = std::get_if<ResizeRule>(&rule))
      return thaw_resize_source{.resize = resize->resize,
                                .rows = static_cast<const int32_t*>(address(resize->rows)),
                                .columns = static_cast<const int32_t*>(address(resize->columns))};
    return std::get<ViewRule>(rule).view;
  }

  static thaw_gradient_row* row_of(const thaw_max_pool2d_source&) { return thaw_max_pool2d_gradient; }
  static thaw_gradient_row* row_of(const thaw_pool2d&) { return thaw_average_pool2d_gradient; }
  static thaw_gradient_row* row_of(const thaw_view&) { return thaw_view_gradient; }

  static thaw_gradient_row* row_of(const thaw_binary_source&) { return thaw_binary_gradient; }
  static thaw_gradient_row* row_of(const thaw_table_source&) { return thaw_table_gradient; }
  static thaw_gradient_row* row_of(const thaw_resize_source&) { return thaw_resize_nearest_gradient; }

  int32_t left_shift_;
  Parameters parameters_;
};

}  // namespace thaw
