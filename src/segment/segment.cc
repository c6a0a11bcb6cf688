#include "segment/segment.h"

#include <future>
#include <utility>

#include "hnsw/hnsw_graph.h"
#include "segment/calibration_file.h"
#include "segment/code_file.h"
#include "storage/load_mapped.h"

namespace ochre {
namespace {

std::string FullName(const SegmentId& id, std::string_view file) {
  return status_internal::Concatenate(SegmentFolder(id), "/", file);
}

// From this many rows on reading ids.bin takes longer than starting a thread: 32 bytes a row and the id itself, at
// about 1 GB/s from a cold disk.
constexpr int64_t kIdsAheadRowsMin = 10'000;

// Lazy wants a pointer; the parts are values.
template <typename T>
Result<std::unique_ptr<const T>> Boxed(Result<T> result) {
  if (!result.ok()) return result.status();
  return std::make_unique<const T>(std::move(result).value());
}

}  // namespace

Result<std::shared_ptr<const Segment>> Segment::Open(const Storage& storage, const SegmentId& id) {
  const std::string name = FullName(id, kManifestName);
  auto blob = storage.Map(name);
  if (!blob.ok()) {
    if (blob.status().code() == StatusCode::kNotFound) return Status::DataLoss(name, " is missing");
    return blob.status();
  }
  OCHRE_RETURN_IF_ERROR(LoadMapped(**blob, (*blob)->bytes(), name));
  OCHRE_ASSIGN_OR_RETURN(Manifest manifest, Manifest::Parse((*blob)->bytes(), name));
  if (manifest.identity.has_value() && manifest.identity->segment != id) {
    return Status::DataLoss(name, " is that of segment ", manifest.identity->segment.ToString());
  }
  const int64_t bytes = manifest.TotalBytes() + static_cast<int64_t>((*blob)->bytes().size());
  return std::shared_ptr<const Segment>(new Segment(storage, id, std::move(manifest), bytes));
}

Status Segment::CheckAgainst(const SegmentDescription& described) const {
  const auto differs = [this](std::string_view what, const auto& here, const auto& there) {
    return Status::DataLoss(FullName(id_, kManifestName), ": its ", what, " is ", here, ", but system.sqlite3 says ",
                            there);
  };
  if (manifest_.identity.has_value() && manifest_.identity->collection != described.collection) {
    return differs("collection", manifest_.identity->collection.ToString(), described.collection.ToString());
  }
  if (row_count() != described.row_count) return differs("row count", row_count(), described.row_count);
  if (described.dimension.has_value() && dimension() != *described.dimension) {
    return differs("dimension", dimension(), *described.dimension);
  }
  if (manifest_.space != described.space) {
    return differs("space", static_cast<int>(manifest_.space), static_cast<int>(described.space));
  }
  if (bytes_ != described.bytes) return differs("size in bytes", bytes_, described.bytes);
  return Status::Ok();
}

Result<BlobInfo> Segment::File(std::string_view name) const {
  const BlobInfo* info = manifest_.Find(name);
  if (info == nullptr) return Status::DataLoss(FullName(id_, kManifestName), " does not list ", name);
  BlobInfo full = *info;
  full.name = FullName(id_, name);
  return full;
}

Result<const VerifiedBlob*> Segment::OpenBlob(const Lazy<VerifiedBlob>& blob, std::string_view name) const {
  return blob.Get([&]() -> Result<std::unique_ptr<const VerifiedBlob>> {
    OCHRE_ASSIGN_OR_RETURN(BlobInfo info, File(name));
    return VerifiedBlob::Open(storage_, std::move(info));
  });
}

Result<const IdTable*> Segment::Ids() const {
  return ids_.Get([&]() -> Result<std::unique_ptr<const IdTable>> {
    OCHRE_ASSIGN_OR_RETURN(const VerifiedBlob* blob, OpenBlob(ids_blob_, kIdsName));
    return IdTable::Open(*blob, row_count());
  });
}

Result<const RecordStore*> Segment::Records() const {
  return records_.Get([&]() -> Result<std::unique_ptr<const RecordStore>> {
    OCHRE_ASSIGN_OR_RETURN(const VerifiedBlob* blob, OpenBlob(records_blob_, kRecordsName));
    return Boxed(RecordStore::Open(*blob, row_count()));
  });
}

Result<const VectorFile*> Segment::Vectors() const {
  return vectors_.Get([&]() -> Result<std::unique_ptr<const VectorFile>> {
    OCHRE_ASSIGN_OR_RETURN(const VerifiedBlob* blob, OpenBlob(vectors_blob_, kVectorsName));
    return Boxed(VectorFile::Open(*blob, row_count(), dimension()));
  });
}

Result<RowsSpan> Segment::Rows() const {
  OCHRE_ASSIGN_OR_RETURN(const RowsSpan* rows, rows_.Get([&]() -> Result<std::unique_ptr<const RowsSpan>> {
    OCHRE_ASSIGN_OR_RETURN(const VectorFile* vectors, Vectors());
    return Boxed(vectors->Rows());
  }));
  return *rows;
}

Result<const VectorIndex*> Segment::IndexOfVectors() const {
  return vector_index_.Get([&]() -> Result<std::unique_ptr<const VectorIndex>> {
    VectorIndexBlobs blobs;
    if (has_codes()) {
      OCHRE_ASSIGN_OR_RETURN(blobs.codes, OpenBlob(codes_blob_, kCodesName));
    }
    if (has_graph()) {
      OCHRE_ASSIGN_OR_RETURN(blobs.graph, OpenBlob(graph_blob_, kGraphName));
    }
    if (manifest_.Find(kCalibrationName) != nullptr) {
      OCHRE_ASSIGN_OR_RETURN(blobs.calibration, OpenBlob(calibration_blob_, kCalibrationName));
    }
    // Whoever searches needs the ids next; reading and verifying them too takes another thread's time, if there is one.
    std::future<void> ids;
    if (row_count() >= kIdsAheadRowsMin) {
      ids = std::async(std::launch::async | std::launch::deferred, [this] { (void)Ids(); });  // errors come up again
    }
    return VectorIndex::Open(blobs, manifest_.space, row_count(), dimension());
  });
}

Result<const InvertedIndex*> Segment::Index() const {
  return index_.Get([&]() -> Result<std::unique_ptr<const InvertedIndex>> {
    OCHRE_ASSIGN_OR_RETURN(BlobInfo postings, File(kPostingsName));
    OCHRE_ASSIGN_OR_RETURN(BlobInfo columns, File(kColumnsName));
    return InvertedIndex::Open(storage_, std::move(postings), std::move(columns), row_count());
  });
}

Status Segment::Scrub() const {
  const std::string manifest_name = FullName(id_, kManifestName);
  OCHRE_ASSIGN_OR_RETURN(const auto manifest_blob, storage_.Map(manifest_name));
  OCHRE_RETURN_IF_ERROR(LoadMapped(*manifest_blob, manifest_blob->bytes(), manifest_name));
  OCHRE_RETURN_IF_ERROR(Manifest::Parse(manifest_blob->bytes(), manifest_name).status());
  OCHRE_ASSIGN_OR_RETURN(const std::vector<std::string> names, storage_.List(SegmentFolder(id_)));
  for (const std::string& name : names) {
    if (name == kManifestName || manifest_.Find(name) != nullptr) continue;
    return Status::DataLoss(FullName(id_, name), " is none of the segment's files: ", kManifestName,
                            " does not list it");
  }
  for (const BlobInfo& file : manifest_.files) {
    OCHRE_ASSIGN_OR_RETURN(BlobInfo info, File(file.name));
    OCHRE_ASSIGN_OR_RETURN(const auto blob, VerifiedBlob::Open(storage_, std::move(info)));
    OCHRE_RETURN_IF_ERROR(blob->Scrub());
    OCHRE_RETURN_IF_ERROR(VerifyContents(file.name, *blob));
  }
  OCHRE_ASSIGN_OR_RETURN(const InvertedIndex* index, Index());
  return index->Verify();
}

Status Segment::VerifyContents(std::string_view name, const VerifiedBlob& blob) const {
  if (name == kIdsName) {
    OCHRE_ASSIGN_OR_RETURN(const auto ids, IdTable::Open(blob, row_count()));
    return ids->Verify(blob.name());
  }
  if (name == kRecordsName) {
    OCHRE_ASSIGN_OR_RETURN(const RecordStore records, RecordStore::Open(blob, row_count()));
    return records.Verify();
  }
  if (name == kVectorsName) return VectorFile::Open(blob, row_count(), dimension()).status();
  if (name == kCodesName) return CodeFile::Open(blob, manifest_.space, row_count(), dimension()).status();
  if (name == kCalibrationName) return ReadCalibration(blob, manifest_.space).status();
  if (name == kGraphName) {
    OCHRE_ASSIGN_OR_RETURN(const auto bytes, blob.ReadAll());
    return HnswGraph::Parse(bytes, row_count(), blob.name()).status();
  }
  return Status::Ok();
}

}  // namespace ochre
