// BlockChecksums: hashes a blob block by block while it is written.
#ifndef OCHRE_STORAGE_BLOCK_CHECKSUMS_H_
#define OCHRE_STORAGE_BLOCK_CHECKSUMS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ochre {

// XXH3-64 of one block.
uint64_t ChecksumOfBlock(std::span<const std::byte> block);

class BlockChecksums {
 public:
  BlockChecksums();
  ~BlockChecksums();

  // The bytes that follow, in pieces of any size.
  void Append(std::span<const std::byte> bytes);
  // The checksums of all blocks, the last one perhaps short. Call once.
  std::vector<uint64_t> Finish();

 private:
  struct State;  // XXH3's streaming state, which only the .cc knows
  std::unique_ptr<State> state_;
  uint64_t block_size_ = 0;  // bytes of the current block so far
  std::vector<uint64_t> checksums_;
};

}  // namespace ochre

#endif  // OCHRE_STORAGE_BLOCK_CHECKSUMS_H_
