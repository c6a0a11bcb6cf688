// VectorIndex: what a segment's vectors are searched by besides their float32 values: codes, a graph, or both.
#ifndef OCHRE_SEGMENT_VECTOR_INDEX_H_
#define OCHRE_SEGMENT_VECTOR_INDEX_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

#include "distance/codes.h"
#include "hnsw/calibration.h"
#include "hnsw/hnsw_graph.h"
#include "ochre/options.h"
#include "ochre/status.h"
#include "segment/code_file.h"
#include "storage/huge_buffer.h"
#include "storage/verified_blob.h"

namespace ochre {

// The files of an index; null where the segment has none. They must outlive it.
struct VectorIndexBlobs {
  const VerifiedBlob* codes = nullptr;
  const VerifiedBlob* graph = nullptr;
  const VerifiedBlob* calibration = nullptr;
};

// Any number of threads. Searches are served from the mapped files at first; meanwhile a thread copies what they read
// at random places, the codes and the links of layer 0, into large pages, from which later searches are served.
class VectorIndex {
 public:
  // Reads and verifies the files, codes and graph at the same time. DataLoss names the damaged one.
  static Result<std::unique_ptr<const VectorIndex>> Open(const VectorIndexBlobs& blobs, Space space, int64_t row_count,
                                                         int32_t dimension);
  // Waits for the copying thread, which gives up within milliseconds.
  ~VectorIndex();

  // What searches read; one search must take all of it from one call. Valid as long as the index.
  struct Parts {
    std::optional<HnswGraph> graph;
    CodesSpan codes;  // without rows if there are none
  };
  const Parts& parts() const { return *parts_.load(std::memory_order_acquire); }

  bool has_codes() const { return code_file_.has_value(); }
  const Quantizer& quantizer() const { return code_file_->quantizer; }  // precondition: has_codes()
  const CodeBounds& bounds() const { return code_file_->bounds; }       // likewise
  const Calibration& calibration() const { return calibration_; }       // empty if there is none

  // Waits until nothing is being copied any more: for measurements and tests.
  void WaitUntilCopied() const;
  bool is_copied() const { return &parts() == &copied_; }

 private:
  explicit VectorIndex(const VectorIndexBlobs& blobs) : blobs_(blobs) {}

  void Copy() noexcept;
  void CopyParts();
  bool IsWorthCopying() const;

  const VectorIndexBlobs blobs_;
  std::optional<CodeFile> code_file_;
  Calibration calibration_;
  Parts mapped_;
  Parts copied_;  // of memory_; written before parts_ points to it
  HugeBuffer memory_;
  std::atomic<const Parts*> parts_ = &mapped_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> done_ = false;  // the copying thread has nothing left to do
  std::thread copier_;
};

}  // namespace ochre

#endif  // OCHRE_SEGMENT_VECTOR_INDEX_H_
