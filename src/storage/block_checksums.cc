#include "storage/block_checksums.h"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/storage.h"

namespace ochre {

struct BlockChecksums::State {
  XXH3_state_t hash;
};

uint64_t ChecksumOfBlock(std::span<const std::byte> block) { return XXH3_64bits(block.data(), block.size()); }

BlockChecksums::BlockChecksums() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->hash); }
BlockChecksums::~BlockChecksums() = default;

void BlockChecksums::Append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min<size_t>(bytes.size(), kChecksumBlockBytes - block_size_));
    XXH3_64bits_update(&state_->hash, piece.data(), piece.size());
    block_size_ += piece.size();
    bytes = bytes.subspan(piece.size());
    if (block_size_ < kChecksumBlockBytes) continue;
    checksums_.push_back(XXH3_64bits_digest(&state_->hash));
    XXH3_64bits_reset(&state_->hash);
    block_size_ = 0;
  }
}

std::vector<uint64_t> BlockChecksums::Finish() {
  if (block_size_ > 0) checksums_.push_back(XXH3_64bits_digest(&state_->hash));
  return std::move(checksums_);
}

}  // namespace ochre
