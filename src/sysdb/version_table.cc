#include "sysdb/version_table.h"

#include <string>

#include "sysdb/uuid_column.h"

namespace ochre {

Result<uint64_t> VersionTable::LatestNumber(CollectionId collection) const {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection_.Prepare("SELECT max(version) FROM versions WHERE collection_id=?1"));
  query.BindBlob(1, BytesOf(collection));
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? static_cast<uint64_t>(query.Int64(0)) : 0;  // an aggregate over no rows is null, which reads as 0
}

Result<CollectionVersion> VersionTable::Latest(CollectionId collection) const {
  CollectionVersion latest;
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                           connection_.Prepare("SELECT version,log_position,next_offset_id,record_count FROM versions "
                                               "WHERE collection_id=?1 ORDER BY version DESC LIMIT 1"));
    query.BindBlob(1, BytesOf(collection));
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return latest;
    latest.version = static_cast<uint64_t>(query.Int64(0));
    latest.log_position = static_cast<LogPosition>(query.Int64(1));
    latest.next_offset_id = static_cast<OffsetId>(query.Int64(2));
    latest.record_count = query.Int64(3);
  }
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection_.Prepare("SELECT s.id,s.row_count,s.bytes,v.deletions FROM version_segments v "
                                             "LEFT JOIN segments s ON s.id=v.segment_id "
                                             "WHERE v.collection_id=?1 AND v.version=?2 ORDER BY v.ordinal"));
  query.BindBlob(1, BytesOf(collection));
  query.BindInt64(2, static_cast<int64_t>(latest.version));
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return latest;
    if (query.IsNull(0)) {
      return Status::DataLoss(connection_.name(), ": version ", latest.version, " of collection ",
                              collection.ToString(), " names a segment that is not in table segments");
    }
    latest.segments.push_back(
        {.segment = {.id = UuidFrom(query.Blob(0)), .row_count = query.Int64(1), .bytes = query.Int64(2)},
         .deletions = std::string(query.Blob(3))});
  }
}

Status VersionTable::Insert(CollectionId collection, const CollectionVersion& version) {
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert, connection_.Prepare("INSERT INTO versions VALUES(?1,?2,?3,?4,?5)"));
    insert.BindBlob(1, BytesOf(collection));
    insert.BindInt64(2, static_cast<int64_t>(version.version));
    insert.BindInt64(3, static_cast<int64_t>(version.log_position));
    insert.BindInt64(4, static_cast<int64_t>(version.next_offset_id));
    insert.BindInt64(5, version.record_count);
    OCHRE_RETURN_IF_ERROR(insert.Run());
  }
  for (size_t ordinal = 0; ordinal < version.segments.size(); ++ordinal) {
    const VersionSegment& part = version.segments[ordinal];
    {
      OCHRE_ASSIGN_OR_RETURN(SqliteStatement refer,
                             connection_.Prepare("INSERT INTO segments VALUES(?1,?2,?3,1) "
                                                 "ON CONFLICT(id) DO UPDATE SET reference_count=reference_count+1"));
      refer.BindBlob(1, BytesOf(part.segment.id));
      refer.BindInt64(2, part.segment.row_count);
      refer.BindInt64(3, part.segment.bytes);
      OCHRE_RETURN_IF_ERROR(refer.Run());
    }
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert,
                           connection_.Prepare("INSERT INTO version_segments VALUES(?1,?2,?3,?4,?5)"));
    insert.BindBlob(1, BytesOf(collection));
    insert.BindInt64(2, static_cast<int64_t>(version.version));
    insert.BindInt64(3, static_cast<int64_t>(ordinal));
    insert.BindBlob(4, BytesOf(part.segment.id));
    insert.BindBlob(5, part.deletions);
    OCHRE_RETURN_IF_ERROR(insert.Run());
  }
  return Status::Ok();
}

Status VersionTable::DeleteBelow(CollectionId collection, uint64_t version, std::vector<SegmentId>& released) {
  std::vector<SegmentId> named;  // as often as it was named
  {
    OCHRE_ASSIGN_OR_RETURN(
        SqliteStatement query,
        connection_.Prepare("SELECT segment_id FROM version_segments WHERE collection_id=?1 AND version<?2"));
    query.BindBlob(1, BytesOf(collection));
    query.BindInt64(2, static_cast<int64_t>(version));
    while (true) {
      OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) break;
      named.push_back(UuidFrom(query.Blob(0)));
    }
  }
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement drop,  // with its rows of version_segments
                           connection_.Prepare("DELETE FROM versions WHERE collection_id=?1 AND version<?2"));
    drop.BindBlob(1, BytesOf(collection));
    drop.BindInt64(2, static_cast<int64_t>(version));
    OCHRE_RETURN_IF_ERROR(drop.Run());
  }
  for (const SegmentId& segment : named) {
    {
      OCHRE_ASSIGN_OR_RETURN(SqliteStatement release,
                             connection_.Prepare("UPDATE segments SET reference_count=reference_count-1 WHERE id=?1"));
      release.BindBlob(1, BytesOf(segment));
      OCHRE_RETURN_IF_ERROR(release.Run());
    }
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement forget,
                           connection_.Prepare("DELETE FROM segments WHERE id=?1 AND reference_count=0"));
    forget.BindBlob(1, BytesOf(segment));
    OCHRE_RETURN_IF_ERROR(forget.Run());
    if (connection_.changed_rows() > 0) released.push_back(segment);
  }
  return Status::Ok();
}

Result<std::vector<SegmentId>> VersionTable::Segments() const {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection_.Prepare("SELECT id FROM segments ORDER BY id"));
  std::vector<SegmentId> segments;
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return segments;
    segments.push_back(UuidFrom(query.Blob(0)));
  }
}

Result<bool> VersionTable::IsNamed(SegmentId segment) const {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection_.Prepare("SELECT EXISTS(SELECT 1 FROM segments WHERE id=?1) OR "
                                             "EXISTS(SELECT 1 FROM version_segments WHERE segment_id=?1)"));
  query.BindBlob(1, BytesOf(segment));
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row && query.Int64(0) != 0;
}

Status VersionTable::VerifyReferenceCounts() const {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection_.Prepare("SELECT id,reference_count FROM segments s WHERE reference_count<>"
                                             "(SELECT count(*) FROM version_segments v WHERE v.segment_id=s.id)"));
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return Status::Ok();
  return Status::DataLoss(connection_.name(), ": the file is damaged: segment ", UuidFrom(query.Blob(0)).ToString(),
                          " is said to be named ", query.Int64(1), " times, and is not");
}

}  // namespace ochre
