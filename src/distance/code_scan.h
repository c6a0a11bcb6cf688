// Scans over codes that miss nothing: what they leave out is certain to be farther than the k nearest.
#ifndef OCHRE_DISTANCE_CODE_SCAN_H_
#define OCHRE_DISTANCE_CODE_SCAN_H_

#include <cstdint>
#include <span>
#include <vector>

#include "distance/codes.h"
#include "distance/neighbor.h"

namespace ochre {

// Keeps of the rows that a scan meets those that may be among the k nearest to a query, given how far codes may
// mislead.
class CodeTopK {
 public:
  // `query` must outlive this. The bounds must hold for every row that is offered.
  CodeTopK(const CodeQuery& query, const CodeBounds& bounds, int64_t k);

  // Row ordinals[i], or first + i, is at code distance distances[i]. No row twice.
  void Offer(std::span<const uint32_t> ordinals, std::span<const float> distances);
  void OfferRange(uint32_t first, std::span<const float> distances);

  // The rows that may be among the k nearest, ascending; leaves nothing behind.
  std::vector<uint32_t> Take();

 private:
  void Add(float distance, uint32_t ordinal);
  void DropUnreachable();

  const CodeQuery* query_;
  CodeBounds bounds_;
  int64_t k_;
  size_t kept_max_;  // when as many are kept, those out of reach go
  float limit_;      // rows beyond it are out of reach
  std::vector<Neighbor> kept_;
};

// For each query the rows of `candidates` (ascending, no repeats) that may be among its `k` nearest; ascending. With
// their float32 distances the caller has the exact answer. All queries share each pass over a block of codes.
std::vector<std::vector<uint32_t>> ScanCandidateCodes(std::span<const CodeQuery> queries, const CodesSpan& codes,
                                                      const CodeBounds& bounds, std::span<const uint32_t> candidates,
                                                      int64_t k);

// The same over all rows.
std::vector<std::vector<uint32_t>> ScanAllCodes(std::span<const CodeQuery> queries, const CodesSpan& codes,
                                                const CodeBounds& bounds, int64_t k);

}  // namespace ochre

#endif  // OCHRE_DISTANCE_CODE_SCAN_H_
