#include "segment/vector_index.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <future>
#include <new>
#include <system_error>
#include <utility>

#include "segment/calibration_file.h"

namespace ochre {
namespace {

// Less than this, in pages of 4 KB, the second level of the address cache holds (2,048 entries and more).
constexpr uint64_t kCopiedBytesMin = 8 << 20;

// Copied between two looks at whether to stop: a millisecond's worth.
constexpr uint64_t kBytesPerCheck = 4 << 20;

constexpr uint64_t kAlignment = 128;  // two lines, which the CPU fetches together

uint64_t RoundUp(uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

uint64_t BytesOf(const CodesSpan& codes) { return static_cast<uint64_t>(codes.row_count * codes.stride()); }

uint64_t BytesOf(const std::optional<HnswGraph>& graph) {
  return graph.has_value() ? graph->base_links().size_bytes() : 0;
}

}  // namespace

Result<std::unique_ptr<const VectorIndex>> VectorIndex::Open(const VectorIndexBlobs& blobs, Space space,
                                                             int64_t row_count, int32_t dimension) {
  std::unique_ptr<VectorIndex> index(new VectorIndex(blobs));
  const auto open_codes = [&]() -> Status {
    if (blobs.codes == nullptr) return Status::Ok();
    OCHRE_ASSIGN_OR_RETURN(index->code_file_, CodeFile::Open(*blobs.codes, space, row_count, dimension));
    index->mapped_.codes = index->code_file_->codes;
    return Status::Ok();
  };
  const auto open_graph = [&]() -> Status {
    if (blobs.graph == nullptr) return Status::Ok();
    OCHRE_ASSIGN_OR_RETURN(const auto bytes, blobs.graph->ReadAll());
    OCHRE_ASSIGN_OR_RETURN(index->mapped_.graph, HnswGraph::Parse(bytes, row_count, blobs.graph->name()));
    return Status::Ok();
  };
  for (const VerifiedBlob* blob : {blobs.codes, blobs.graph}) {
    if (blob != nullptr) blob->ReadAhead(0, blob->size());
  }
  // Reading cold files waits for the disk, and verifying them for a core: two threads do either in half the time.
  const bool is_large = blobs.codes != nullptr && blobs.graph != nullptr && blobs.codes->size() >= kCopiedBytesMin;
  // Where no thread is to be had, it is deferred.
  const auto policy = is_large ? std::launch::async | std::launch::deferred : std::launch::deferred;
  std::future<Status> codes = std::async(policy, open_codes);
  const Status graph = open_graph();
  OCHRE_RETURN_IF_ERROR(codes.get());
  OCHRE_RETURN_IF_ERROR(graph);
  if (blobs.calibration != nullptr) {
    OCHRE_ASSIGN_OR_RETURN(index->calibration_, ReadCalibration(*blobs.calibration, space));
  }
  if (index->IsWorthCopying()) {
    try {
      index->copier_ = std::thread([target = index.get()] { target->Copy(); });
    } catch (const std::exception&) {
      index->done_ = true;  // the mapped files serve as well, only slower
    }
  } else {
    index->done_ = true;
  }
  return std::unique_ptr<const VectorIndex>(std::move(index));
}

VectorIndex::~VectorIndex() {
  stop_ = true;
  if (copier_.joinable()) copier_.join();
}

void VectorIndex::WaitUntilCopied() const { done_.wait(false); }

bool VectorIndex::IsWorthCopying() const {
  // What is in memory anyway would be there twice.
  const bool are_files =
      (blobs_.codes == nullptr || blobs_.codes->is_file()) && blobs_.graph != nullptr && blobs_.graph->is_file();
  return are_files && BytesOf(mapped_.codes) + BytesOf(mapped_.graph) >= kCopiedBytesMin;
}

void VectorIndex::Copy() noexcept {
  try {
    CopyParts();
  } catch (const std::bad_alloc&) {  // the mapped files serve as well, only slower
  }
  done_ = true;
  done_.notify_all();
}

void VectorIndex::CopyParts() {
  const uint64_t code_bytes = BytesOf(mapped_.codes);
  HugeBuffer memory(RoundUp(code_bytes) + BytesOf(mapped_.graph));
  // False: it is time to stop.
  const auto copy = [&](const void* from, uint64_t offset, uint64_t size) {
    for (uint64_t at = 0; at < size; at += kBytesPerCheck) {
      if (stop_) return false;
      std::memcpy(memory.bytes().data() + offset + at, static_cast<const std::byte*>(from) + at,
                  std::min(kBytesPerCheck, size - at));
    }
    return true;
  };
  if (!memory.empty() && copy(mapped_.codes.data, 0, code_bytes) &&
      copy(mapped_.graph->base_links().data(), RoundUp(code_bytes), BytesOf(mapped_.graph))) {
    memory_ = std::move(memory);
    const std::byte* bytes = std::as_const(memory_).bytes().data();
    copied_ = mapped_;
    copied_.codes.data = bytes;
    copied_.graph = mapped_.graph->WithBaseLinks(reinterpret_cast<const uint32_t*>(bytes + RoundUp(code_bytes)));
    parts_.store(&copied_, std::memory_order_release);
    if (blobs_.codes != nullptr) blobs_.codes->Release();
    blobs_.graph->Release();  // its upper layers, which are still read there, are a sixteenth of it
  }
}

}  // namespace ochre
