#include "sysdb/version_table.h"

#include <limits>
#include <string>

#include "sqlite/row_checksum.h"
#include "sqlite/row_sets.h"
#include "sqlite/uuid_column.h"

namespace ochre {
namespace {

int64_t ChecksumOf(std::string_view collection, int64_t version, int64_t ordinal, std::string_view segment,
                   std::string_view deletions) {
  return RowChecksum("version_segments")
      .AddBytes(collection)
      .AddInt64(version)
      .AddInt64(ordinal)
      .AddBytes(segment)
      .AddBytes(deletions)
      .value();
}

// What a version says of its rows of version_segments.
struct SegmentsDigest {
  int64_t count = 0;
  int64_t digest = 0;

  void Add(int64_t checksum) {
    ++count;
    digest ^= checksum;
  }
  friend bool operator==(const SegmentsDigest&, const SegmentsDigest&) = default;
};

}  // namespace

Status VersionTable::Damaged(CollectionId collection, uint64_t version, std::string_view what) const {
  return Status::DataLoss(connection_.name(), ": the file is damaged: version ", version, " of collection ",
                          collection.ToString(), " ", what);
}

Result<SegmentRecord> VersionTable::ReadSegment(const SegmentId& id) const {
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection_.Prepare("SELECT row_count,bytes,reference_count,is_sound,row_key FROM checked_segments WHERE id=?1"));
  query.BindBlob(1, BytesOf(id));
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) {
    return Status::DataLoss(connection_.name(), ": the file is damaged: segment ", id.ToString(),
                            " is named by a version, but is not in table segments");
  }
  OCHRE_RETURN_IF_ERROR(CheckRow(connection_, query, 3, "segments"));
  const SegmentRecord segment = {.id = id, .row_count = query.Int64(0), .bytes = query.Int64(1)};
  if (segment.row_count < 1 || segment.row_count > std::numeric_limits<uint32_t>::max() || segment.bytes < 0 ||
      query.Int64(2) < 1) {
    return Status::DataLoss(connection_.name(), ": the file is damaged: segment ", id.ToString(), " has ",
                            segment.row_count, " rows and ", segment.bytes, " bytes, and is named ", query.Int64(2),
                            " times");
  }
  return segment;
}

Result<CollectionVersion> VersionTable::Read(CollectionId collection, uint64_t number) const {
  CollectionVersion version;
  if (number == 0) return version;
  SegmentsDigest expected;
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                           connection_.Prepare("SELECT log_position,next_offset_id,record_count,segment_count,"
                                               "segments_digest,is_sound,row_key FROM checked_versions "
                                               "WHERE collection_id=?1 AND version=?2"));
    query.BindBlob(1, BytesOf(collection));
    query.BindInt64(2, static_cast<int64_t>(number));
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return Damaged(collection, number, "is not in table versions");
    OCHRE_RETURN_IF_ERROR(CheckRow(connection_, query, 5, "versions"));
    if (query.Int64(0) < 0) return Damaged(collection, number, "has a negative log position");
    if (query.Int64(1) < 1) return Damaged(collection, number, "has a next offset id that is not positive");
    if (query.Int64(2) < 0) return Damaged(collection, number, "has a negative number of records");
    version = {.version = number,
               .log_position = static_cast<LogPosition>(query.Int64(0)),
               .next_offset_id = static_cast<OffsetId>(query.Int64(1)),
               .record_count = query.Int64(2),
               .segments = {}};
    expected = {query.Int64(3), query.Int64(4)};
  }
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                         connection_.Prepare("SELECT segment_id,deletions,checksum,is_sound,row_key "
                                             "FROM checked_version_segments WHERE collection_id=?1 AND version=?2 "
                                             "ORDER BY ordinal"));
  query.BindBlob(1, BytesOf(collection));
  query.BindInt64(2, static_cast<int64_t>(number));
  SegmentsDigest found;
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) break;
    OCHRE_RETURN_IF_ERROR(CheckRow(connection_, query, 3, "version_segments"));
    found.Add(query.Int64(2));
    OCHRE_ASSIGN_OR_RETURN(const SegmentId id, UuidFrom(query.Blob(0), connection_));
    OCHRE_ASSIGN_OR_RETURN(const SegmentRecord segment, ReadSegment(id));
    version.segments.push_back({.segment = segment, .deletions = std::string(query.Blob(1))});
  }
  if (found != expected) {
    return Damaged(collection, number, "has other segments in table version_segments than were written");
  }
  return version;
}

Status VersionTable::Insert(CollectionId collection, const CollectionVersion& version) {
  const auto number = static_cast<int64_t>(version.version);
  const auto checksum_of = [&](size_t ordinal) {
    const VersionSegment& part = version.segments[ordinal];
    return ChecksumOf(BytesOf(collection), number, static_cast<int64_t>(ordinal), BytesOf(part.segment.id),
                      part.deletions);
  };
  {
    SegmentsDigest segments;
    for (size_t ordinal = 0; ordinal < version.segments.size(); ++ordinal) segments.Add(checksum_of(ordinal));
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert,
                           connection_.Prepare("INSERT INTO versions(collection_id,version,log_position,next_offset_id,"
                                               "record_count,segment_count,segments_digest,checksum) "
                                               "VALUES(?1,?2,?3,?4,?5,?6,?7,"
                                               "row_checksum('versions',?1,?2,?3,?4,?5,?6,?7))"));
    insert.BindBlob(1, BytesOf(collection));
    insert.BindInt64(2, number);
    insert.BindInt64(3, static_cast<int64_t>(version.log_position));
    insert.BindInt64(4, static_cast<int64_t>(version.next_offset_id));
    insert.BindInt64(5, version.record_count);
    insert.BindInt64(6, segments.count);
    insert.BindInt64(7, segments.digest);
    OCHRE_RETURN_IF_ERROR(insert.Run());
  }
  for (size_t ordinal = 0; ordinal < version.segments.size(); ++ordinal) {
    const VersionSegment& part = version.segments[ordinal];
    {
      // A row that is there already is changed only while it is sound: no damage gets a checksum that matches.
      OCHRE_ASSIGN_OR_RETURN(
          SqliteStatement refer,
          connection_.Prepare("INSERT INTO segments(id,row_count,bytes,reference_count,checksum) "
                              "VALUES(?1,?2,?3,1,row_checksum('segments',?1,?2,?3,1)) ON CONFLICT(id) DO UPDATE SET "
                              "reference_count=reference_count+1,"
                              "checksum=row_checksum('segments',id,row_count,bytes,reference_count+1) "
                              "WHERE checksum=row_checksum('segments',id,row_count,bytes,reference_count)"));
      refer.BindBlob(1, BytesOf(part.segment.id));
      refer.BindInt64(2, part.segment.row_count);
      refer.BindInt64(3, part.segment.bytes);
      OCHRE_RETURN_IF_ERROR(refer.Run());
    }
    if (connection_.changed_rows() == 0) OCHRE_RETURN_IF_ERROR(ReadSegment(part.segment.id).status());
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement insert,
                           connection_.Prepare("INSERT INTO version_segments(collection_id,version,ordinal,segment_id,"
                                               "deletions,checksum) VALUES(?1,?2,?3,?4,?5,?6)"));
    insert.BindBlob(1, BytesOf(collection));
    insert.BindInt64(2, number);
    insert.BindInt64(3, static_cast<int64_t>(ordinal));
    insert.BindBlob(4, BytesOf(part.segment.id));
    insert.BindBlob(5, part.deletions);
    insert.BindInt64(6, checksum_of(ordinal));
    OCHRE_RETURN_IF_ERROR(insert.Run());
  }
  return Status::Ok();
}

Status VersionTable::DeleteBelow(CollectionId collection, uint64_t version, std::vector<SegmentId>& released) {
  std::vector<SegmentId> named;  // as often as it was named
  {
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                           connection_.Prepare("SELECT version FROM versions WHERE collection_id=?1 AND version<?2"));
    query.BindBlob(1, BytesOf(collection));
    query.BindInt64(2, static_cast<int64_t>(version));
    while (true) {
      OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) break;
      // All of it is compared with its checksums: what it names may lose its files.
      OCHRE_ASSIGN_OR_RETURN(const CollectionVersion old, Read(collection, static_cast<uint64_t>(query.Int64(0))));
      for (const VersionSegment& part : old.segments) named.push_back(part.segment.id);
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
                             connection_.Prepare("UPDATE segments SET reference_count=reference_count-1,"
                                                 "checksum=row_checksum('segments',id,row_count,bytes,"
                                                 "reference_count-1) WHERE id=?1"));
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
    OCHRE_ASSIGN_OR_RETURN(segments.emplace_back(), UuidFrom(query.Blob(0), connection_));
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
  OCHRE_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection_.Prepare("SELECT id,reference_count,named FROM (SELECT id,reference_count,"
                          "(SELECT count(*) FROM version_segments v WHERE v.segment_id=s.id) AS named FROM segments s) "
                          "WHERE reference_count<>named OR named=0"));
  OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return Status::Ok();
  OCHRE_ASSIGN_OR_RETURN(const SegmentId id, UuidFrom(query.Blob(0), connection_));
  return Status::DataLoss(connection_.name(), ": the file is damaged: segment ", id.ToString(), " is said to be named ",
                          query.Int64(1), " times, and is named ", query.Int64(2), " times");
}

Status VersionTable::VerifyVersions() const {
  {
    OCHRE_ASSIGN_OR_RETURN(
        SqliteStatement query,
        connection_.Prepare("SELECT id,latest_version FROM collections WHERE latest_version<>"
                            "coalesce((SELECT max(version) FROM versions WHERE collection_id=id),0)"));
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (row) {
      OCHRE_ASSIGN_OR_RETURN(const CollectionId collection, UuidFrom(query.Blob(0), connection_));
      return Damaged(collection, static_cast<uint64_t>(query.Int64(1)), "is said to be its latest, and is not");
    }
  }
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement query, connection_.Prepare("SELECT collection_id,version FROM versions"));
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return Status::Ok();
    OCHRE_ASSIGN_OR_RETURN(const CollectionId collection, UuidFrom(query.Blob(0), connection_));
    if (query.Int64(1) < 1) return Damaged(collection, static_cast<uint64_t>(query.Int64(1)), "is below 1");
    OCHRE_RETURN_IF_ERROR(Read(collection, static_cast<uint64_t>(query.Int64(1))).status());
  }
}

Status VersionTable::DigestSegments() {
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement versions, connection_.Prepare("SELECT collection_id,version FROM versions"));
  while (true) {
    OCHRE_ASSIGN_OR_RETURN(bool row, versions.Step());
    if (!row) return Status::Ok();
    SegmentsDigest segments;
    {
      OCHRE_ASSIGN_OR_RETURN(SqliteStatement query,
                             connection_.Prepare("SELECT ordinal,segment_id,deletions FROM version_segments "
                                                 "WHERE collection_id=?1 AND version=?2"));
      query.BindBlob(1, versions.Blob(0));
      query.BindInt64(2, versions.Int64(1));
      while (true) {
        OCHRE_ASSIGN_OR_RETURN(row, query.Step());
        if (!row) break;
        segments.Add(ChecksumOf(versions.Blob(0), versions.Int64(1), query.Int64(0), query.Blob(1), query.Blob(2)));
      }
    }
    OCHRE_ASSIGN_OR_RETURN(SqliteStatement update,
                           connection_.Prepare("UPDATE versions SET segment_count=?3,segments_digest=?4 "
                                               "WHERE collection_id=?1 AND version=?2"));
    update.BindBlob(1, versions.Blob(0));
    update.BindInt64(2, versions.Int64(1));
    update.BindInt64(3, segments.count);
    update.BindInt64(4, segments.digest);
    OCHRE_RETURN_IF_ERROR(update.Run());
  }
}

}  // namespace ochre
