#include "segment/segment_writer.h"

#include <cassert>
#include <string>
#include <utility>

namespace ochre {

SegmentWriter::SegmentWriter(Storage& storage, const SegmentIdentity& identity, const SegmentShape& shape)
    : storage_(storage), folder_(SegmentFolder(identity.segment)), shape_(shape), ids_(shape.row_count) {
  manifest_.identity = identity;
  manifest_.row_count = shape.row_count;
  manifest_.dimension = shape.dimension;
  manifest_.space = shape.hnsw.space;
}

SegmentWriter::~SegmentWriter() {
  if (finished_) return;
  // Open writers first: they delete their own partial files. What cannot be deleted now, the next open collects.
  records_.reset();
  vectors_.reset();
  (void)storage_.DeleteFolder(folder_);
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(Storage& storage, const SegmentIdentity& identity,
                                                             const SegmentShape& shape) {
  assert(shape.row_count >= 1 && shape.dimension >= 1);
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(storage, identity, shape));
  const std::string prefix = writer->folder_ + "/";
  OCHRE_ASSIGN_OR_RETURN(writer->records_,
                         RecordStoreWriter::Create(storage, prefix + std::string(kRecordsName), shape.row_count));
  OCHRE_ASSIGN_OR_RETURN(writer->vectors_, VectorFileWriter::Create(storage, prefix + std::string(kVectorsName),
                                                                    shape.row_count, shape.dimension));
  return writer;
}

Status SegmentWriter::Add(const SegmentRow& row) {
  assert(rows_added_ < shape_.row_count);
  const Ordinal ordinal{static_cast<uint32_t>(rows_added_++)};
  ids_.Add(row.id, row.offset_id, row.position);
  index_.Add(ordinal, row.record.metadata, row.record.document);
  OCHRE_RETURN_IF_ERROR(vectors_->Add(row.row));
  return records_->Add(row.record);
}

Result<int64_t> SegmentWriter::Finish(const std::atomic<bool>& cancelled) {
  assert(rows_added_ == shape_.row_count);
  OCHRE_ASSIGN_OR_RETURN(const BlobInfo vectors, vectors_->Finish());
  Keep(vectors);
  OCHRE_ASSIGN_OR_RETURN(BlobInfo records, records_->Finish());
  Keep(std::move(records));
  OCHRE_ASSIGN_OR_RETURN(BlobInfo ids, ids_.Finish(storage_, folder_ + "/" + std::string(kIdsName)));
  Keep(std::move(ids));
  OCHRE_ASSIGN_OR_RETURN(std::vector<BlobInfo> index, index_.Finish(storage_, folder_));
  for (BlobInfo& file : index) Keep(std::move(file));
  OCHRE_RETURN_IF_ERROR(IndexVectors(vectors, cancelled));

  // The manifest comes last: a folder without one is what a crash left.
  const std::string bytes = manifest_.Serialize();
  OCHRE_ASSIGN_OR_RETURN(auto writer, storage_.Create(folder_ + "/" + std::string(kManifestName)));
  OCHRE_RETURN_IF_ERROR(writer->Append(bytes));
  OCHRE_RETURN_IF_ERROR(writer->Finish().status());
  OCHRE_RETURN_IF_ERROR(storage_.SyncFolder(folder_));
  finished_ = true;
  return manifest_.TotalBytes() + static_cast<int64_t>(bytes.size());
}

Status SegmentWriter::IndexVectors(const BlobInfo& vectors, const std::atomic<bool>& cancelled) {
  OCHRE_ASSIGN_OR_RETURN(const auto blob, VerifiedBlob::Open(storage_, vectors));
  OCHRE_ASSIGN_OR_RETURN(const VectorFile file, VectorFile::Open(*blob, shape_.row_count, shape_.dimension));
  OCHRE_ASSIGN_OR_RETURN(const RowsSpan rows, file.Rows());
  OCHRE_ASSIGN_OR_RETURN(std::vector<BlobInfo> files,
                         WriteVectorIndex(storage_, folder_, rows, shape_.hnsw, heritage_, shape_.threads, cancelled));
  for (BlobInfo& index_file : files) Keep(std::move(index_file));
  return Status::Ok();
}

void SegmentWriter::Keep(BlobInfo file) {
  file.name.erase(0, folder_.size() + 1);  // the manifest's names are relative to the folder
  manifest_.files.push_back(std::move(file));
}

}  // namespace ochre
