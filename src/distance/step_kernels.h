// The loops that turn a vector into steps of a scale, for codes.h; with the instruction set chosen at run time.
#ifndef OCHRE_DISTANCE_STEP_KERNELS_H_
#define OCHRE_DISTANCE_STEP_KERNELS_H_

#include <cstdint>
#include <span>

namespace ochre {

// Each gives the same bits on every CPU.

// centred[i] = row[i] * factor - mean[i], rounded twice.
void CentreVector(const float* row, float factor, std::span<const float> mean, float* centred);

// The largest |element|; 0 of none. No element is NaN.
float LargestMagnitude(std::span<const float> vector);

// How an element becomes a step: the nearest whole number (halves to even) to element / scale + offset, in [min, max].
struct StepScale {
  float scale = 0;
  float inverse = 0;  // 1 / scale; 0 makes every element the step nearest to `offset`
  float offset = 0;
  int32_t min = -127;
  int32_t max = 127;
};

// Writes the steps of `vector` and what they stand for, scale * (step - offset). Returns the sum of the steps.
// Precondition: |element * inverse + offset| < 2^31.
int32_t ToSteps(std::span<const float> vector, const StepScale& scale, int8_t* steps, float* decoded);

// The sum of `count` steps.
int32_t SumOfSteps(const int8_t* steps, int64_t count);

}  // namespace ochre

#endif  // OCHRE_DISTANCE_STEP_KERNELS_H_
