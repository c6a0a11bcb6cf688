#include "storage/verified_blob.h"

#include <algorithm>
#include <utility>

#include "runtime/call_limit.h"
#include "storage/block_checksums.h"
#include "storage/load_mapped.h"

namespace ochre {
namespace {

uint64_t BlockCount(uint64_t length) { return (length + kChecksumBlockBytes - 1) / kChecksumBlockBytes; }

}  // namespace

Result<std::unique_ptr<const VerifiedBlob>> VerifiedBlob::Open(const Storage& storage, BlobInfo info) {
  auto blob = storage.Map(info.name);
  if (!blob.ok()) {
    if (blob.status().code() == StatusCode::kNotFound) return Status::DataLoss(info.name, " is missing");
    return blob.status();
  }
  const uint64_t length = (*blob)->bytes().size();
  if (length != info.length) {
    return Status::DataLoss(info.name, " has ", length, " bytes, but was written with ", info.length);
  }
  if (info.block_checksums.size() != BlockCount(length)) {
    return Status::DataLoss("the manifest has ", info.block_checksums.size(), " checksums of ", info.name,
                            ", which has ", BlockCount(length), " blocks");
  }
  return std::unique_ptr<const VerifiedBlob>(new VerifiedBlob(std::move(info), *std::move(blob)));
}

VerifiedBlob::VerifiedBlob(BlobInfo info, std::shared_ptr<const Blob> blob)
    : info_(std::move(info)), blob_(std::move(blob)), verified_((info_.block_checksums.size() + 63) / 64) {}

Status VerifiedBlob::VerifyBlock(uint64_t block) const {
  const uint64_t begin = block * kChecksumBlockBytes;
  const uint64_t size = std::min<uint64_t>(kChecksumBlockBytes, info_.length - begin);
  const std::span<const std::byte> bytes = blob_->bytes().subspan(begin, size);
  OCHRE_RETURN_IF_ERROR(LoadMapped(*blob_, bytes, info_.name));
  if (ChecksumOfBlock(bytes) != info_.block_checksums[block]) {
    return Status::DataLoss(info_.name, " is damaged: the checksum of its bytes ", begin, " to ", begin + size - 1,
                            " does not match");
  }
  // The bytes themselves never change, so nothing is published by it.
  verified_[block / 64].fetch_or(uint64_t{1} << (block % 64), std::memory_order_relaxed);
  return Status::Ok();
}

Result<std::span<const std::byte>> VerifiedBlob::Read(uint64_t offset, uint64_t length) const {
  if (offset > info_.length || length > info_.length - offset) {
    return Status::DataLoss(info_.name, " has ", info_.length, " bytes, and ", length, " at ", offset,
                            " were asked for");
  }
  if (length == 0) return blob_->bytes().subspan(offset, 0);
  const uint64_t last = (offset + length - 1) / kChecksumBlockBytes;
  for (uint64_t block = offset / kChecksumBlockBytes; block <= last; ++block) {
    if (IsVerified(block)) continue;
    OCHRE_RETURN_IF_ERROR(VerifyBlock(block));
  }
  return blob_->bytes().subspan(offset, length);
}

void VerifiedBlob::ReadAhead(uint64_t offset, uint64_t length) const {
  if (offset >= info_.length || length == 0) return;
  const uint64_t end = BlockCount(offset + std::min(length, info_.length - offset));
  uint64_t block = offset / kChecksumBlockBytes;
  while (block < end) {
    const uint64_t first = block;
    while (block < end && !IsVerified(block)) ++block;
    if (block > first) {
      const uint64_t begin = first * kChecksumBlockBytes;
      blob_->ReadAhead(begin, std::min(block * kChecksumBlockBytes, info_.length) - begin);
    }
    while (block < end && IsVerified(block)) ++block;
  }
}

Status VerifiedBlob::Scrub() const {
  for (uint64_t block = 0; block < info_.block_checksums.size(); ++block) {
    OCHRE_RETURN_IF_ERROR(CallLimit::CheckCurrent());
    OCHRE_RETURN_IF_ERROR(VerifyBlock(block));
  }
  return Status::Ok();
}

}  // namespace ochre
